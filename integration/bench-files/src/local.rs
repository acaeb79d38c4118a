//! Files of 4 KiB on a local disk, written and read one after the other, none of them synced.

use crate::{
    Fault,
    process::cpu_seconds,
    report::{Round, Rounds, Target, head, line},
};
use bytes::Bytes;
use object_store::{ObjectStoreExt, local::LocalFileSystem, path::Path as ObjectPath};
use rf::storage::{LocalStorage, StorageExt};
use std::{io::Write, path::Path, time::Instant};

/// What a profile says of a target that is missed.
const PUT: &str = "\
put 4 KiB, by perf: on either side most of the time goes into making a file and renaming it, and more than half of the
making is ext4 looking for an inode that was not freed a moment ago. Writing 4 KiB and the attribute are a few hundredths.
So the ratio says more about what the file system freed before, which changes from run to run, than about either side.";

const ROUNDS: usize = 9;
const FILES: usize = 2000;

pub(crate) fn run() -> Result<(), Fault> {
    // As in a server: a worker thread, and a pool for what blocks.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(compare())
}

async fn compare() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let ours = LocalStorage::new(folder.path().join("rf"))?;
    std::fs::create_dir(folder.path().join("object_store"))?;
    let theirs = LocalFileSystem::new_with_prefix(folder.path().join("object_store"))?;
    let bare = folder.path().join("std");
    std::fs::create_dir(&bare)?;
    let content = Bytes::from(vec![b'x'; 4096]);
    let mut put: [Rounds; 3] = Default::default();
    let mut get: [Rounds; 3] = Default::default();
    // The first round warms the caches and does not count.
    for round in 0..=ROUNDS {
        let folder = format!("r{round}");
        let names: Vec<String> = (0..FILES).map(|n| format!("{folder}/f{n}")).collect();
        let written = [
            put_ours(&ours, &names, &content).await?,
            put_theirs(&theirs, &names, &content).await?,
            put_bare(&bare, &names, &content)?,
        ];
        let read = [
            get_ours(&ours, &names).await?,
            get_theirs(&theirs, &names).await?,
            get_bare(&bare, &names)?,
        ];
        if round > 0 {
            for side in 0..3 {
                put[side].push(written[side]);
                get[side].push(read[side]);
            }
        }
    }
    println!("\n4 KiB files on a local disk, not synced, one after the other; a second");
    head();
    line(
        "put 4 KiB",
        "object_store",
        &put[0],
        &put[1],
        Some(Target::AtLeast(0.95)),
    );
    line(
        "get 4 KiB",
        "object_store",
        &get[0],
        &get[1],
        Some(Target::AtLeast(1.3)),
    );
    // What the system itself can do, on this thread, without a hop: for scale.
    line("put 4 KiB", "std temp + rename", &put[0], &put[2], None);
    line("get 4 KiB", "std read", &get[0], &get[2], None);
    println!("{PUT}");
    Ok(())
}

/// The clock and the CPU time of a round.
struct Watch(Instant, f64);

impl Watch {
    fn start() -> Result<Self, Fault> {
        Ok(Self(Instant::now(), cpu_seconds(None)?))
    }

    fn stop(&self) -> Result<Round, Fault> {
        let cpu = cpu_seconds(None)? - self.1;
        Ok(Round::rate(FILES, self.0.elapsed().as_secs_f64(), cpu))
    }
}

async fn put_ours(
    storage: &LocalStorage,
    names: &[String],
    content: &Bytes,
) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        storage.put(name, content.clone()).await?;
    }
    watch.stop()
}

async fn put_theirs(
    storage: &LocalFileSystem,
    names: &[String],
    content: &Bytes,
) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        let path = ObjectPath::from(name.as_str());
        storage.put(&path, content.clone().into()).await?;
    }
    watch.stop()
}

fn put_bare(root: &Path, names: &[String], content: &Bytes) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        let to = root.join(name);
        let folder = to.parent().ok_or("a name without a folder")?;
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.persist(to)?;
    }
    watch.stop()
}

async fn get_ours(storage: &LocalStorage, names: &[String]) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        whole(storage.get(name).await?.len())?;
    }
    watch.stop()
}

async fn get_theirs(storage: &LocalFileSystem, names: &[String]) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        let path = ObjectPath::from(name.as_str());
        whole(storage.get(&path).await?.bytes().await?.len())?;
    }
    watch.stop()
}

fn get_bare(root: &Path, names: &[String]) -> Result<Round, Fault> {
    let watch = Watch::start()?;
    for name in names {
        whole(std::fs::read(root.join(name))?.len())?;
    }
    watch.stop()
}

fn whole(length: usize) -> Result<(), Fault> {
    match length {
        4096 => Ok(()),
        other => Err(format!("read {other} bytes of 4096").into()),
    }
}
