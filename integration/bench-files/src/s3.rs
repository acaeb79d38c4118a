//! 256 MiB to an S3 server and back: each client in a process of its own, all in parts of 8 MiB, four at a time.

use crate::{
    Fault,
    process::{cpu_seconds, peak_mib},
    report::{Round, Rounds, Target, bound, head, line},
};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, buffered::BufWriter,
    path::Path as ObjectPath,
};
use rf::storage::{Error, S3Config, S3Storage, StorageExt, WriteOptions};
use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
};

const MIB: u64 = 1 << 20;
const SIZE: u64 = 256 * MIB;
const PART: u64 = 8 * MIB;
const CONCURRENCY: usize = 4;
const ROUNDS: usize = 5;
/// Read from a file and written to one at a time.
const CHUNK: usize = 256 * 1024;

/// What a client says of its run.
struct Outcome {
    seconds: f64,
    cpu_seconds: f64,
    peak_mib: f64,
}

/// Compares ours with object_store and, by a script, boto3.
pub(crate) fn run(python: &Path, script: &Path) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    std::fs::write(&file, vec![b'x'; usize::try_from(SIZE)?])?;
    println!("\n256 MiB over S3, parts of 8 MiB, four at a time; seconds, and MiB resident");
    head();
    for way in ["up", "down"] {
        let mut seconds: [Rounds; 3] = Default::default();
        let mut peaks = [0.0_f64; 3];
        for round in 0..=ROUNDS {
            for (side, client) in ["ours", "object_store", "boto3"].into_iter().enumerate() {
                let target = match way {
                    "up" => file.clone(),
                    _ => folder.path().join(client),
                };
                let outcome = client_run(client, way, &target, (python, script))?;
                if round > 0 {
                    seconds[side].push(Round {
                        figure: outcome.seconds,
                        by_cpu: outcome.cpu_seconds,
                    });
                    peaks[side] = peaks[side].max(outcome.peak_mib);
                }
            }
        }
        let scenario = format!("S3 256 MiB {way}");
        for (side, peer) in [(1, "object_store"), (2, "boto3")] {
            let target = Some(Target::AtMost(1.05));
            line(&scenario, peer, &seconds[0], &seconds[side], target);
        }
        bound(&scenario, "MiB resident", peaks[0], Some(45.0));
        bound(&scenario, "… object_store", peaks[1], None);
        bound(&scenario, "… boto3", peaks[2], None);
    }
    Ok(())
}

fn client_run(
    client: &str,
    way: &str,
    file: &Path,
    (python, script): (&Path, &Path),
) -> Result<Outcome, Fault> {
    let mut command = match client {
        "boto3" => Command::new(python),
        _ => Command::new(std::env::current_exe()?),
    };
    match client {
        "boto3" => command.arg(script),
        _ => command.args(["s3-client", client]),
    };
    outcome(command.args([way, "bench/file"]).arg(file))
}

/// Runs a client, which prints its seconds, those of CPU time, and its peak.
fn outcome(command: &mut Command) -> Result<Outcome, Fault> {
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status).into());
    }
    let said = String::from_utf8(output.stdout)?;
    let mut figures = said.split_whitespace().map(str::parse);
    match (figures.next(), figures.next(), figures.next()) {
        (Some(Ok(seconds)), Some(Ok(cpu_seconds)), Some(Ok(peak_mib))) => Ok(Outcome {
            seconds,
            cpu_seconds,
            peak_mib,
        }),
        _ => Err(format!("{command:?} says {said:?}").into()),
    }
}

/// One client, one way, once.
pub(crate) fn client(client: &str, way: &str, key: &str, file: &Path) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let taken = runtime.block_on(async {
        let begin = Instant::now();
        match (client, way) {
            ("ours", "up") => ours_up(key, chunks(File::open(file).await?)).await?,
            ("ours", "down") => save(ours_down(key).await?, file).await?,
            ("object_store", "up") => theirs_up(key, file).await?,
            ("object_store", "down") => save(theirs_down(key).await?, file).await?,
            _ => return Err("ours | object_store, up | down".into()),
        }
        Ok::<Duration, Fault>(begin.elapsed())
    })?;
    print(taken)
}

/// A stream that is nowhere as a whole, up and down, in two processes.
pub(crate) fn large(mib: u64) -> Result<(), Fault> {
    let most = (CONCURRENCY as u64 * PART / MIB + 16) as f64;
    println!("\na stream of {mib} MiB over S3, parts of 8 MiB, four at a time");
    head();
    for way in ["up", "down"] {
        let mut command = Command::new(std::env::current_exe()?);
        let outcome = outcome(command.args(["s3-large-client", way, &mib.to_string()]))?;
        let scenario = format!("S3 {mib} MiB {way}");
        bound(&scenario, "MiB resident", outcome.peak_mib, Some(most));
        let speed = mib as f64 / outcome.seconds;
        bound(&scenario, "MiB a second", speed, None);
        if outcome.peak_mib > 2.0 * most {
            return Err("a stream must not be held in memory".into());
        }
    }
    Ok(())
}

pub(crate) fn large_client(way: &str, mib: u64) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let key = "bench/large";
    let taken = runtime.block_on(async {
        let begin = Instant::now();
        if way == "up" {
            let chunk = Bytes::from(vec![b'x'; CHUNK]);
            let count = usize::try_from(mib * MIB)? / CHUNK;
            let content = stream::iter((0..count).map(move |_| Ok::<_, Error>(chunk.clone())));
            // The length is not told: parts must be large enough for whatever comes.
            ours_up(key, content).await?;
        } else {
            let mut content = ours_down(key).await?;
            let mut rest = mib * MIB;
            while let Some(bytes) = content.try_next().await? {
                rest = rest
                    .checked_sub(bytes.len() as u64)
                    .ok_or("more than was sent")?;
            }
            if rest > 0 {
                return Err("less than was sent".into());
            }
        }
        Ok::<Duration, Fault>(begin.elapsed())
    })?;
    print(taken)
}

fn print(taken: Duration) -> Result<(), Fault> {
    let (cpu, peak) = (cpu_seconds(None)?, peak_mib(None)?);
    println!("{} {cpu} {peak}", taken.as_secs_f64());
    Ok(())
}

fn variable(name: &str) -> Result<String, Fault> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}

fn ours() -> Result<S3Storage, Fault> {
    Ok(S3Storage::new(S3Config {
        bucket: variable("RF_TEST_S3_BUCKET")?,
        region: "us-east-1".to_owned(),
        endpoint: Some(variable("RF_TEST_S3_ENDPOINT")?),
        access_key: Some(variable("RF_TEST_S3_ACCESS_KEY")?.into()),
        secret_key: Some(variable("RF_TEST_S3_SECRET_KEY")?.into()),
        path_style: Some(true),
        part_size: PART,
        concurrency: CONCURRENCY,
        ..S3Config::default()
    })?)
}

async fn ours_up<S, E>(key: &str, content: S) -> Result<(), Fault>
where
    S: Stream<Item = Result<Bytes, E>>,
    Error: From<E>,
{
    let content = std::pin::pin!(content);
    ours()?
        .put_stream(key, content, WriteOptions::new())
        .await?;
    Ok(())
}

async fn ours_down(key: &str) -> Result<impl Stream<Item = Result<Bytes, Fault>>, Fault> {
    let object = ours()?.read(key).await?;
    Ok(object.into_stream().map_err(Into::into))
}

fn theirs() -> Result<impl ObjectStore, Fault> {
    Ok(AmazonS3Builder::new()
        .with_bucket_name(variable("RF_TEST_S3_BUCKET")?)
        .with_region("us-east-1")
        .with_endpoint(variable("RF_TEST_S3_ENDPOINT")?)
        .with_access_key_id(variable("RF_TEST_S3_ACCESS_KEY")?)
        .with_secret_access_key(variable("RF_TEST_S3_SECRET_KEY")?)
        .with_allow_http(true)
        .build()?)
}

async fn theirs_up(key: &str, file: &Path) -> Result<(), Fault> {
    let part = usize::try_from(PART)?;
    let mut writer = BufWriter::with_capacity(Arc::new(theirs()?), ObjectPath::from(key), part)
        .with_max_concurrency(CONCURRENCY);
    let mut content = std::pin::pin!(chunks(File::open(file).await?));
    while let Some(bytes) = content.try_next().await? {
        writer.put(bytes).await?;
    }
    writer.shutdown().await?;
    Ok(())
}

/// Its own stream, on one connection: rclone's server does not answer its ranges as it wants.
async fn theirs_down(key: &str) -> Result<impl Stream<Item = Result<Bytes, Fault>>, Fault> {
    let found = theirs()?.get(&ObjectPath::from(key)).await?;
    Ok(found.into_stream().map_err(Into::into))
}

fn chunks(file: File) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::try_unfold(file, |mut file| async move {
        let mut buffer = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut buffer)
            .await;
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some((Bytes::from(buffer), file))),
            Err(source) => Err(Error::Io {
                op: "reading a file",
                source,
            }),
        }
    })
}

async fn save(content: impl Stream<Item = Result<Bytes, Fault>>, file: &Path) -> Result<(), Fault> {
    let mut content = std::pin::pin!(content);
    let mut file = File::create(file).await?;
    let mut written = 0;
    while let Some(bytes) = content.try_next().await? {
        file.write_all(&bytes).await?;
        written += bytes.len() as u64;
    }
    file.flush().await?;
    match written {
        SIZE => Ok(()),
        other => Err(format!("{other} bytes came back").into()),
    }
}
