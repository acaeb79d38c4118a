//! What a local disk holds after its process was killed, 200 times at random moments, and when it is full.
//!
//! `crash-files kill ROUNDS`: starts itself as a writer, kills it, and looks. `crash-files full ROOT`: ROOT is an
//! empty file system of some MiB. A finding is a message and exit code 1.

use rf::storage::{Error, LocalStorage, StorageExt, WriteOptions};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

type Finding = Box<dyn std::error::Error + Send + Sync>;

/// Replaced over and over; a file at the top, and ones whose folders come and go with them.
const KEYS: [&str; 3] = ["top.bin", "a/one.bin", "a/b/two.bin"];
/// Below one write to the staged file, exactly one, and several.
const SIZES: [usize; 4] = [64, 5_000, 262_144, 1_000_000];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["kill", rounds] => match rounds.parse() {
            Ok(rounds) => kill(rounds).await,
            Err(_) => Err("how many rounds?".into()),
        },
        ["write", root, version] => match version.parse() {
            Ok(version) => write(root.as_ref(), version).await,
            Err(_) => Err("which version?".into()),
        },
        ["full", root] => full(root.as_ref()).await,
        _ => Err("crash-files kill ROUNDS | full ROOT".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(finding) => {
            eprintln!("crash-files: {finding}");
            ExitCode::FAILURE
        }
    }
}

/// Writes one version after the other until it is killed, and says which are written.
async fn write(root: &Path, mut version: u64) -> Result<(), Finding> {
    let storage = LocalStorage::new(root)?;
    let mut out = std::io::stdout();
    loop {
        let key = key(version);
        if removed_first(version) {
            storage.delete(key).await?;
        }
        let options = WriteOptions::new().note("version", version.to_string());
        storage.put_with(key, content(version), options).await?;
        writeln!(out, "{version}")?;
        out.flush()?;
        version += 1;
    }
}

fn key(version: u64) -> &'static str {
    KEYS[version as usize % KEYS.len()]
}

/// Whether the file is taken away before the next version: its folder goes with it, and comes again.
fn removed_first(version: u64) -> bool {
    version.is_multiple_of(7)
}

/// Tells its version in every eight bytes.
fn content(version: u64) -> Vec<u8> {
    let size = SIZES[version as usize % SIZES.len()];
    let mut content = version.to_le_bytes().repeat(size.div_ceil(8));
    content.truncate(size);
    content
}

async fn kill(rounds: usize) -> Result<(), Finding> {
    let folder = tempfile::tempdir()?;
    let staging = folder.path().join(".rf-staging");
    let (mut told, mut swept) = (0, 0);
    for round in 0..rounds {
        told = killed_writer(folder.path(), told + 1)?;
        swept += std::fs::read_dir(&staging)?.count();
        let storage = LocalStorage::new(folder.path())?;
        let left = std::fs::read_dir(&staging)?.count();
        if left > 0 {
            return Err(
                format!("round {round}: {left} staged files outlive the next start").into(),
            );
        }
        // The last three versions told of are those of the three keys, and one more was under way.
        for version in told.saturating_sub(2).max(1)..=told {
            let (key, next) = (key(version), told + 1);
            let seen = whole(&storage, key)
                .await
                .map_err(|finding| format!("round {round}, {key}: {finding}"))?;
            let under_way = next == version + 3;
            let expected = match seen {
                Some(seen) => seen == version || (under_way && seen == next),
                None => under_way && removed_first(next),
            };
            if !expected {
                return Err(format!("round {round}: {key} is {seen:?}, not {version}").into());
            }
        }
    }
    if swept == 0 {
        return Err("no round killed a write in its middle: this shows nothing".into());
    }
    println!("{rounds} rounds, {told} versions, {swept} staged files swept; every file whole");
    Ok(())
}

/// Lets a writer run for a moment, kills it, and gives the last version it told of.
fn killed_writer(root: &Path, version: u64) -> Result<u64, Finding> {
    let mut writer = Command::new(std::env::current_exe()?)
        .arg("write")
        .arg(root)
        .arg(version.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let out = writer.stdout.take().ok_or("a pipe was asked for")?;
    let mut lines = BufReader::new(out).lines();
    // Its first word, so that it is known to write; then any moment of the next few files.
    let mut told = lines.next().transpose()?;
    let chance = RandomState::new().build_hasher().finish();
    std::thread::sleep(Duration::from_micros(chance % 8_000));
    writer.kill()?;
    writer.wait()?;
    for line in lines.map_while(Result::ok) {
        told = Some(line);
    }
    Ok(told.ok_or("the writer wrote nothing")?.parse()?)
}

/// The version of a file, which must be whole.
async fn whole(storage: &LocalStorage, key: &str) -> Result<Option<u64>, Finding> {
    let found = match storage.get(key).await {
        Ok(found) => found,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let version = found
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes));
    if found != content(version) {
        return Err(format!("{} bytes that are no version", found.len()).into());
    }
    let noted = storage.metadata(key).await?.user.get("version").cloned();
    match noted.is_some_and(|noted| noted == version.to_string()) {
        true => Ok(Some(version)),
        false => Err(format!("version {version} with the notes of another").into()),
    }
}

async fn full(root: &Path) -> Result<(), Finding> {
    let storage = LocalStorage::new(root.join("files"))?;
    let options = || WriteOptions::new().content_type("application/octet-stream");
    storage.put_with("old.bin", content(3), options()).await?;
    for again in 0..3 {
        let large = vec![again; 16 << 20];
        match storage.put_with("old.bin", large, options()).await {
            Err(Error::NoSpace) => {}
            other => return Err(format!("a full disk is no NoSpace: {other:?}").into()),
        }
        if storage.get("old.bin").await? != content(3) {
            return Err("the old file is not what it was".into());
        }
        if std::fs::read_dir(root.join("files/.rf-staging"))?.count() > 0 {
            return Err("a failed write keeps its space".into());
        }
        storage.put_with("next.bin", content(1), options()).await?;
    }
    println!("a full disk is NoSpace, the old file stays, and writing goes on");
    Ok(())
}
