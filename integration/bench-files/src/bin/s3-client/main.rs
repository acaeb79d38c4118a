//! Our client of the S3 comparison: `s3-client up|down KEY FILE | stream up|down MIB`.
//!
//! A program of its own, so that what is resident is what a transfer takes, and not those it is compared with as well.
//! Each run prints its seconds, those of CPU time, and its peak in MiB.

#[allow(dead_code, reason = "the other comparisons use all of it")]
#[path = "../../process.rs"]
mod process;
#[allow(dead_code, reason = "each client uses its part of it")]
#[path = "../../transfer.rs"]
mod transfer;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use rf::storage::{Error, S3Config, S3Storage, StorageExt, WriteOptions};
use std::{process::ExitCode, time::Instant};
use tokio::fs::File;
use transfer::{CHUNK, Fault, chunks, print, save, variable};

const MIB: u64 = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("s3-client: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<(), Fault> {
    let begin = Instant::now();
    match arguments {
        ["up", key, file] => {
            let content = chunks(File::open(file).await?);
            let content = content.map_err(|source| Error::Io {
                op: "reading a file",
                source,
            });
            ours_up(key, content).await?;
        }
        ["down", key, file] => save(ours_down(key).await?, file.as_ref()).await?,
        ["stream", way, mib] => long(way, mib.parse()?).await?,
        _ => return Err("s3-client up|down KEY FILE | stream up|down MIB".into()),
    }
    print(begin.elapsed())
}

/// A stream that is nowhere as a whole.
async fn long(way: &str, mib: u64) -> Result<(), Fault> {
    let key = "bench/large";
    if way == "up" {
        let chunk = Bytes::from(vec![b'x'; CHUNK]);
        let count = usize::try_from(mib * MIB)? / CHUNK;
        let content = stream::iter((0..count).map(move |_| Ok::<_, Error>(chunk.clone())));
        // The length is not told: parts must be large enough for whatever comes.
        return ours_up(key, content).await;
    }
    let mut content = ours_down(key).await?;
    let mut rest = mib * MIB;
    while let Some(bytes) = content.try_next().await? {
        rest = rest
            .checked_sub(bytes.len() as u64)
            .ok_or("more than was sent")?;
    }
    match rest {
        0 => Ok(()),
        _ => Err("less than was sent".into()),
    }
}

/// Parts of 8 MiB, four at a time: what it does unless it is told otherwise.
fn ours() -> Result<S3Storage, Fault> {
    Ok(S3Storage::new(S3Config {
        bucket: variable("RF_TEST_S3_BUCKET")?,
        region: "us-east-1".to_owned(),
        endpoint: Some(variable("RF_TEST_S3_ENDPOINT")?),
        access_key: Some(variable("RF_TEST_S3_ACCESS_KEY")?.into()),
        secret_key: Some(variable("RF_TEST_S3_SECRET_KEY")?.into()),
        path_style: Some(true),
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
