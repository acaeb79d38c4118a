//! `DELETE`: the file goes, if it is the one the client means.

use super::condition::weighed;
use crate::storage::{disk::Disk, error::Error, ext::IntoKey, storage::Storage};
use actix_web::HttpRequest;

impl Disk {
    /// Removes a file under the conditions of a request (`If-Match`, `If-None-Match`, `If-Unmodified-Since`,
    /// RFC 9110 §13), which hold at the moment it goes.
    ///
    /// One that is not there is removed already, unless a condition asks for it.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`], 412, and what the disk says.
    pub async fn delete_for<K: IntoKey>(&self, request: &HttpRequest, key: K) -> Result<(), Error> {
        let key = key.into_key()?;
        let condition = weighed(self, request, &key).await?;
        self.remove(&key, &condition).await
    }
}
