//! The conformance suite against the S3 server of the environment; the bucket must be empty.

use integration::s3::storage_of_environment;

#[tokio::main]
async fn main() -> Result<(), rf::storage::Error> {
    let storage = storage_of_environment()?;
    rf::storage::conformance::run(&storage).await;
    println!("ok: the conformance suite");
    Ok(())
}
