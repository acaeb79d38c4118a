//! The S3 server that a part of `integration/run` started.

use rf::storage::{Error, S3Config, S3Storage};

/// A storage on the server that `RF_TEST_S3_*` name.
///
/// # Errors
/// [`Error::Config`] for a variable that is missing: what runs without a server shows nothing.
pub fn storage_of_environment() -> Result<S3Storage, Error> {
    S3Storage::new(S3Config {
        bucket: variable("RF_TEST_S3_BUCKET")?,
        region: "us-east-1".to_owned(),
        endpoint: Some(variable("RF_TEST_S3_ENDPOINT")?),
        access_key: Some(variable("RF_TEST_S3_ACCESS_KEY")?.into()),
        secret_key: Some(variable("RF_TEST_S3_SECRET_KEY")?.into()),
        path_style: Some(true),
        conditions: variable("RF_TEST_S3_CONDITIONS")? == "yes",
        ..S3Config::default()
    })
}

fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| Error::Config(format!("{name} is not set")))
}
