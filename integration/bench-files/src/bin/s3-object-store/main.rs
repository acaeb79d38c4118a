//! object_store as a client of the S3 comparison: `s3-object-store up|down KEY FILE`.

#[allow(dead_code, reason = "the other comparisons use all of it")]
#[path = "../../process.rs"]
mod process;
#[allow(dead_code, reason = "each client uses its part of it")]
#[path = "../../transfer.rs"]
mod transfer;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, buffered::BufWriter,
    path::Path as ObjectPath,
};
use std::{path::Path, process::ExitCode, sync::Arc, time::Instant};
use tokio::{fs::File, io::AsyncWriteExt};
use transfer::{Fault, chunks, print, save, variable};

const PART: usize = 8 << 20;
const CONCURRENCY: usize = 4;

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
            eprintln!("s3-object-store: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<(), Fault> {
    let begin = Instant::now();
    match arguments {
        ["up", key, file] => theirs_up(key, file.as_ref()).await?,
        ["down", key, file] => save(theirs_down(key).await?, file.as_ref()).await?,
        _ => return Err("s3-object-store up|down KEY FILE".into()),
    }
    print(begin.elapsed())
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
    let mut writer = BufWriter::with_capacity(Arc::new(theirs()?), ObjectPath::from(key), PART)
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
