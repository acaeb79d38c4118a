//! `S3Storage` itself.

use super::{
    acl, config::S3Config, copy, credentials::process_environment, error::Failure, list, presign,
    read, remove, transport::Transport, writer::S3Writer,
};
use crate::storage::{
    checked::Checked,
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use rusoto_s3::{HeadBucketRequest, S3};
use std::ops::Range;

/// Files in a bucket of S3, or of what speaks like it.
///
/// ```no_run
/// use rf::storage::{S3Config, S3Storage, StorageExt};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// let storage = S3Storage::new(S3Config {
///     bucket: "photos".to_owned(),
///     region: "eu-central-1".to_owned(),
///     ..Default::default()
/// })?;
/// storage.put("notes/today.txt", "milk, bread").await?;
/// # Ok(())
/// # }
/// ```
///
/// A small file is written and read with one request. A large one travels in parts, several at once, and what is left
/// unfinished is aborted. Renaming is a copy and a removal, so for a moment there are both; what is written meanwhile is
/// renamed as well. A reader gets the version
/// it opened or an error, never a mixture. Cloning is cheap; clones share connections and credentials.
#[derive(Debug, Clone)]
pub struct S3Storage {
    transport: Transport,
}

impl S3Storage {
    /// Checks the configuration. Nothing is sent before the first operation.
    ///
    /// # Errors
    /// [`Error::Config`] names the key and what to write.
    pub fn new(config: S3Config) -> Result<Self, Error> {
        let transport = Transport::new(&config, process_environment())?;
        Ok(Self { transport })
    }
}

#[async_trait]
impl Storage for S3Storage {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::ALL;
        let settings = self.transport.resolved();
        capabilities.conditions = settings.conditions;
        capabilities.visibility = settings.visibility.is_some();
        // It is read on as long as it is the same, and after that an error.
        capabilities.pinned = false;
        capabilities
    }

    fn place(&self, key: &Key) -> Option<String> {
        let settings = self.transport.resolved();
        let (endpoint, bucket) = (&settings.endpoint, &settings.bucket);
        let (service, prefix) = (&endpoint.authority, &endpoint.prefix);
        Some(format!("s3 {service}{prefix} {bucket} {key}"))
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        read::open(&self.transport, key, soon).await
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        read::stat(&self.transport, key).await
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let writer = S3Writer::new(&self.transport, key, &options)?;
        Ok(Checked::over(Box::new(writer), key, &options))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        remove::remove(&self.transport, key, condition).await
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        remove::remove_many(&self.transport, keys).await
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        list::page(&self.transport, prefix, depth, cursor, limit).await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        copy::duplicate(&self.transport, from, to).await
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        copy::rename(&self.transport, from, to).await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        acl::visibility(&self.transport, key).await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        acl::set_visibility(&self.transport, key, visibility).await
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        let unsigned = |failure| Failure::from(failure).about(key);
        presign::presign(&self.transport, key, options, unsigned).await
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        Ok(self.transport.resolved().public_url(key.as_str()))
    }

    async fn sync(&self, _: &Prefix) -> Result<(), Error> {
        Ok(())
    }

    async fn probe(&self) -> Result<(), Error> {
        let request = HeadBucketRequest {
            bucket: self.transport.resolved().bucket.clone(),
            ..Default::default()
        };
        let probed = self.transport.client().head_bucket(request).await;
        probed.map_err(|error| Failure::from(error).about_bucket())
    }
}
