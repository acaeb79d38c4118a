//! What is signed, with what and until when.

use super::{form, link};
use crate::storage::{
    error::Error,
    key::Key,
    options::{Grant, SignedUrlOptions, Upload, Visibility},
    s3::{
        credentials::Credentials,
        resolved::Resolved,
        sigv4::Moment,
        transport::{Failure, Transport},
    },
    storage::SignedUrl,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What Signature Version 4 allows.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Signs with the credentials of now.
///
/// # Errors
/// [`Error::InvalidExpiry`] outside of 1 second to 7 days, [`Error::Unsupported`] for what S3 cannot hold a link to,
/// and what `unsigned` makes of missing credentials.
pub(in crate::storage::s3) async fn presign(
    transport: &Transport,
    key: &Key,
    options: &SignedUrlOptions,
    unsigned: impl FnOnce(Failure) -> Error,
) -> Result<SignedUrl, Error> {
    // Before keys are fetched, which may take a while.
    seconds(options.expires)?;
    let credentials = transport.credentials().await.map_err(unsigned)?;
    Signing::new(
        transport.resolved(),
        &credentials,
        transport.now(),
        options.expires,
    )?
    .sign(key, options)
}

/// What every signature needs.
pub(super) struct Signing<'a> {
    pub(super) resolved: &'a Resolved,
    pub(super) credentials: &'a Credentials,
    pub(super) moment: Moment,
    /// From the moment on.
    pub(super) seconds: u64,
    pub(super) end: SystemTime,
}

impl<'a> Signing<'a> {
    pub(super) fn new(
        resolved: &'a Resolved,
        credentials: &'a Credentials,
        now: SystemTime,
        expires: Duration,
    ) -> Result<Self, Error> {
        let seconds = seconds(expires)?;
        // Whole seconds are all that is signed.
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let end = UNIX_EPOCH + Duration::from_secs(since.as_secs() + seconds);
        Ok(Self {
            resolved,
            credentials,
            moment: Moment::at(now),
            seconds,
            end,
        })
    }

    pub(super) fn sign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        match &options.grant {
            Grant::Download { attachment } => Ok(link::download(self, key, *attachment)),
            Grant::Upload(upload) => link::upload(self, key, upload),
            Grant::Form(upload) => form::form(self, key, upload),
        }
    }

    /// A link dies with what it was signed with.
    pub(super) fn expires_at(&self) -> SystemTime {
        let end = self.credentials.expires_at;
        end.map_or(self.end, |end| end.min(self.end))
    }

    /// What `X-Amz-Credential` says.
    pub(super) fn credential(&self) -> String {
        // Exposed: the id of a key stands in each of its signatures.
        let id = self.credentials.access_key.expose();
        format!("{id}/{}", self.moment.scope(&self.resolved.region))
    }

    /// The name of the ACL that uploads get, if the disk says one.
    pub(super) fn acl(&self) -> Option<&'static str> {
        self.resolved.visibility.map(|visibility| match visibility {
            Visibility::Public => "public-read",
            Visibility::Private => "private",
        })
    }
}

fn seconds(expires: Duration) -> Result<u64, Error> {
    if expires < Duration::from_secs(1) || expires > LONGEST {
        return Err(Error::InvalidExpiry { given: expires });
    }
    Ok(expires.as_secs())
}

/// The value of `x-amz-checksum-sha256`.
pub(super) fn checksum(upload: &Upload) -> Option<String> {
    upload.sha256.map(|digest| BASE64_STANDARD.encode(digest))
}
