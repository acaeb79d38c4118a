//! What the clients of the S3 comparison have in common.

use crate::process::{cpu_seconds, peak_mib};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt, stream};
use std::{io::Result, path::Path, time::Duration};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
};

pub(crate) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Read from a file and written to one at a time.
pub(crate) const CHUNK: usize = 256 * 1024;
const SIZE: u64 = 256 << 20;

/// Seconds, those of CPU time, and the peak.
pub(crate) fn print(taken: Duration) -> std::result::Result<(), Fault> {
    let (cpu, peak) = (cpu_seconds(None)?, peak_mib(None)?);
    println!("{} {cpu} {peak}", taken.as_secs_f64());
    Ok(())
}

pub(crate) fn variable(name: &str) -> std::result::Result<String, Fault> {
    std::env::var(name).map_err(|_| format!("{name} is not set").into())
}

pub(crate) fn chunks(file: File) -> impl Stream<Item = Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut buffer = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut buffer)
            .await;
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some((Bytes::from(buffer), file))),
            Err(error) => Err(error),
        }
    })
}

pub(crate) async fn save(
    content: impl Stream<Item = std::result::Result<Bytes, Fault>>,
    file: &Path,
) -> std::result::Result<(), Fault> {
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
