//! Disks as arguments of handlers.

mod staged;

pub use self::staged::StagedFile;
use super::{
    disk::Disk,
    disks::Disks,
    error::Error,
    ext::IntoKey,
    key::Key,
    metadata::{Metadata, Written},
    options::WriteOptions,
    upload::{StagedUpload, UploadForm, UploadPolicy, take_in},
};
use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    web::{self, Bytes},
};
use futures_core::Stream;
use futures_util::stream;
use std::{
    future::{Ready, ready},
    ops::Deref,
};

/// A disk and what uploads to it may be; as an argument of a handler, the default disk.
#[derive(Debug, Clone)]
pub struct DiskHandle {
    disk: Disk,
    policy: UploadPolicy,
}

impl DiskHandle {
    /// A disk under a policy, whose limit counts for every write. Upload links of the disk hold to its limit and to the
    /// types it accepts; its other rules are for what comes through here.
    #[must_use]
    pub fn new(disk: Disk, policy: UploadPolicy) -> Self {
        let disk = match policy.max_size {
            Some(limit) => disk.limited(limit),
            None => disk,
        };
        let disk = disk.accepting(&policy.accept);
        Self { disk, policy }
    }

    /// What uploads may be.
    #[must_use]
    pub fn policy(&self) -> &UploadPolicy {
        &self.policy
    }

    /// Reads a form under the policy; see [`UploadForm::stage`].
    ///
    /// # Errors
    /// As there.
    pub async fn stage(&self, form: UploadForm) -> Result<StagedUpload, Error> {
        form.stage(&self.disk, &self.policy).await
    }

    /// Keeps bytes that came another way than as a form, such as in a message: judged by the policy, and named as
    /// it says.
    ///
    /// # Errors
    /// What the policy refuses and what the disk says.
    pub async fn store(
        &self,
        sent_name: &str,
        content: impl Into<Bytes>,
    ) -> Result<Metadata, Error> {
        let key = Key::provisional();
        let content = stream::iter([Ok(content.into())]);
        let (disk, policy) = (&self.disk, &self.policy);
        let options = WriteOptions::new();
        let mut intake = take_in(disk, &key, sent_name, content, options, policy).await?;
        let name = intake.name(policy.naming, sent_name);
        intake.writer.retarget(Key::parse(name)?)?;
        Ok(intake.writer.commit().await?.metadata)
    }

    /// Streams the body of a request into a file under the policy; see [`Disk::receive`].
    ///
    /// # Errors
    /// As there.
    pub async fn receive<K, S>(
        &self,
        request: &HttpRequest,
        key: K,
        body: S,
    ) -> Result<Written, Error>
    where
        K: IntoKey,
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        self.disk
            .receive_with(request, key, body, &self.policy)
            .await
    }
}

impl Deref for DiskHandle {
    type Target = Disk;
    fn deref(&self) -> &Disk {
        &self.disk
    }
}

impl FromRequest for DiskHandle {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(registered(request).map(|disks| Self::new(disks.default_disk(), UploadPolicy::new())))
    }
}

/// A disk that is a type: what `#[derive(Disk)]` implements.
///
/// ```
/// use rf::storage::{DiskHandle, Naming, TypedDisk, UploadPolicy};
///
/// struct Avatars(DiskHandle);
///
/// impl TypedDisk for Avatars {
///     const NAME: &'static str = "avatars";
///     fn policy() -> UploadPolicy {
///         UploadPolicy::new().max_size(5 << 20).accept("image/*").naming(Naming::Hash)
///     }
///     fn from_handle(handle: DiskHandle) -> Self {
///         Self(handle)
///     }
///     fn handle(&self) -> &DiskHandle {
///         &self.0
///     }
/// }
/// ```
pub trait TypedDisk: Sized + 'static {
    /// The name of the disk in the configuration.
    const NAME: &'static str;

    /// What uploads to it may be.
    fn policy() -> UploadPolicy;

    /// The disk of this type on a handle.
    fn from_handle(handle: DiskHandle) -> Self;

    /// The handle it is made of.
    fn handle(&self) -> &DiskHandle;
}

/// The typed disk of a request's application.
///
/// # Errors
/// A response that says nothing, when no [`Disks`] is registered or it has no such disk; the log says which.
pub fn typed_disk<D: TypedDisk>(request: &HttpRequest) -> Result<D, actix_web::Error> {
    registered(request)?.require().map_err(Into::into)
}

impl Disks {
    /// A typed disk; call it at start, so that a disk missing from the configuration is noticed there.
    ///
    /// # Errors
    /// [`Error::Config`] names the disks there are.
    pub fn require<D: TypedDisk>(&self) -> Result<D, Error> {
        Ok(D::from_handle(DiskHandle::new(
            self.disk(D::NAME)?,
            D::policy(),
        )))
    }
}

/// The disks of the application, or an answer that says nothing and a log line that says what to do.
pub(super) fn registered(request: &HttpRequest) -> Result<&Disks, actix_web::Error> {
    request
        .app_data::<web::Data<Disks>>()
        .map(|data| data.get_ref())
        .ok_or_else(|| {
            log::error!(
                target: "rf::storage",
                "no `Disks` is registered: add `.configure(disks.state())` to the `App`"
            );
            actix_web::error::ErrorInternalServerError("")
        })
}

/// The key in a route parameter that holds whole segments, such as `{key:.*}` in `/api/files/{key:.*}`.
///
/// actix-web undoes a part of the percent-encoding before it matches, and what it leaves cannot be told from what
/// the client encoded twice. So the key is read from the path as it was sent, decoded exactly once; `%2F` never
/// becomes a separator.
///
/// # Errors
/// [`Error::InvalidKey`], also when the route has no such parameter or it does not stand between slashes.
pub fn request_key(request: &HttpRequest, parameter: &str) -> Result<Key, Error> {
    let matched = request.match_info();
    let (path, value) = (matched.as_str(), matched.get(parameter).unwrap_or_default());
    // Values are slices of the matched path; where one starts tells how many slashes stand before it, and their
    // number is the same in the path as it was sent, because `%2F` is left alone.
    let (before, after) = (value.as_ptr() as usize)
        .checked_sub(path.as_ptr() as usize)
        .and_then(|start| Some((path.get(..start)?, path.get(start + value.len()..)?)))
        .filter(|(before, after)| {
            before.ends_with('/') && (after.is_empty() || after.starts_with('/'))
        })
        .ok_or(Error::InvalidKey {
            reason: "is missing in the path",
        })?;
    let slashes = |text: &str| text.matches('/').count();
    let mut tail = request.path();
    for _ in 0..slashes(before) {
        tail = tail.split_once('/').map_or("", |(_, rest)| rest);
    }
    for _ in 0..slashes(after) {
        tail = tail.rsplit_once('/').map_or("", |(rest, _)| rest);
    }
    Ok(Key::from_encoded(tail)?)
}

#[cfg(test)]
mod tests;
