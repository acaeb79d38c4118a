//! A file as a field of a `#[derive(MultipartForm)]` struct.

use super::{TypedDisk, typed_disk};
use crate::storage::{
    error::Error,
    ext::IntoKey,
    key::{Key, Prefix},
    metadata::Metadata,
    naming,
    options::WriteOptions,
    upload::{Intake, broken, sent_name, take_part},
};
use actix_multipart::{
    Field, MultipartError,
    form::{FieldReader, Limits},
};
use actix_web::{HttpRequest, error::PayloadError};
use futures_util::{StreamExt, TryStreamExt, future::LocalBoxFuture};
use std::fmt;

/// A file of a form, on a typed disk: all here, judged by its policy, and seen by nobody. Dropped, it leaves nothing
/// behind; so a later field that is refused takes it away again.
///
/// ```
/// use actix_multipart::form::{MultipartForm, text::Text};
/// use actix_web::{HttpResponse, post};
/// use rf::storage::{Error, StagedFile};
/// # use rf::storage::{DiskHandle, TypedDisk, UploadPolicy};
/// # struct Avatars(DiskHandle);
/// # impl TypedDisk for Avatars {
/// #     const NAME: &'static str = "avatars";
/// #     fn policy() -> UploadPolicy { UploadPolicy::new() }
/// #     fn from_handle(handle: DiskHandle) -> Self { Self(handle) }
/// #     fn handle(&self) -> &DiskHandle { &self.0 }
/// # }
///
/// #[derive(MultipartForm)]
/// struct Profile {
///     name: Text<String>,
///     #[multipart(limit = "2 MiB")]
///     picture: StagedFile<Avatars>,
/// }
///
/// #[post("/profile")]
/// async fn save(MultipartForm(profile): MultipartForm<Profile>) -> Result<HttpResponse, Error> {
///     let file = profile.picture.keep().await?;
///     Ok(HttpResponse::Created().body(format!("{}: {}", profile.name.0, file.key)))
/// }
/// ```
///
/// The limits of the form count (its total is 50 MiB until `MultipartFormConfig` says otherwise), those of the disk
/// and of its policy as well.
pub struct StagedFile<D> {
    disk: D,
    sent: String,
    name: String,
    /// `None` for an input left empty.
    intake: Option<Intake>,
}

impl<D: TypedDisk> StagedFile<D> {
    /// The disk it waits on.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// The name the sender gave: to be shown, never to be trusted.
    #[must_use]
    pub fn sent_name(&self) -> &str {
        &self.sent
    }

    /// The name the policy gives it; empty for an input left empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type its bytes tell; `application/octet-stream` for an input left empty.
    #[must_use]
    pub fn content_type(&self) -> &str {
        let intake = self.intake.as_ref();
        intake.map_or("application/octet-stream", |intake| {
            intake.content.content_type
        })
    }

    /// Its length, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.intake.as_ref().map_or(0, |intake| intake.size)
    }

    /// Whether it is what browsers send for an input left empty: no name and no content. That is no file: no policy
    /// judged it, and it cannot be kept.
    #[must_use]
    pub fn is_left_empty(&self) -> bool {
        self.intake.is_none()
    }

    /// Publishes it under the name the policy gives it.
    ///
    /// # Errors
    /// What the disk says, and [`Error::Interrupted`] when the input was left empty.
    pub async fn keep(self) -> Result<Metadata, Error> {
        self.keep_in(&Prefix::default()).await
    }

    /// The same beneath a prefix.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub async fn keep_in(self, prefix: &Prefix) -> Result<Metadata, Error> {
        let Self { name, intake, .. } = self;
        publish(intake, || Ok(prefix.join(&Key::parse(name)?)?)).await
    }

    /// Publishes it under a key of yours.
    ///
    /// # Errors
    /// As [`keep`](Self::keep), and [`Error::InvalidKey`].
    pub async fn keep_as<K: IntoKey>(self, key: K) -> Result<Metadata, Error> {
        publish(self.intake, || key.into_key()).await
    }
}

async fn publish(
    intake: Option<Intake>,
    key: impl FnOnce() -> Result<Key, Error>,
) -> Result<Metadata, Error> {
    let Some(Intake { mut writer, .. }) = intake else {
        return Err(Error::Interrupted {
            reason: "a file is missing, its input was left empty",
        });
    };
    writer.retarget(key()?)?;
    Ok(writer.commit().await?.metadata)
}

impl<'t, D: TypedDisk> FieldReader<'t> for StagedFile<D> {
    type Future = LocalBoxFuture<'t, Result<Self, MultipartError>>;

    fn read_field(request: &'t HttpRequest, field: Field, limits: &'t mut Limits) -> Self::Future {
        Box::pin(async move {
            let name = field.name().unwrap_or_default().to_owned();
            let staged = stage(request, field, limits).await;
            staged.map_err(|source| MultipartError::Field { name, source })
        })
    }
}

async fn stage<D: TypedDisk>(
    request: &HttpRequest,
    field: Field,
    limits: &mut Limits,
) -> Result<StagedFile<D>, actix_web::Error> {
    let disk: D = typed_disk(request)?;
    let policy = disk.handle().policy();
    let sent = sent_name(&field).unwrap_or_default();
    let allowed = limits
        .field_limit_remaining
        .unwrap_or(usize::MAX)
        .min(limits.total_limit_remaining) as u64;
    let content = field.map(|chunk| {
        let chunk = chunk?;
        limits.try_consume_limits(chunk.len(), false)?;
        Ok(chunk)
    });
    let content = content.map_err(|error| match error {
        MultipartError::Payload(PayloadError::Overflow) => Error::TooLarge {
            what: "the file",
            limit: allowed,
        },
        error => broken(error),
    });
    // The name may depend on the content.
    let key = Key::provisional();
    let options = WriteOptions::new();
    let taken = take_part(disk.handle(), &key, &sent, content, options, policy).await;
    let intake = taken.map_err(|error| error.in_file(&naming::harmless(&sent)))?;
    let named = intake
        .as_ref()
        .map(|intake| intake.name(policy.naming, &sent));
    let name = named.unwrap_or_default();
    Ok(StagedFile {
        disk,
        sent,
        name,
        intake,
    })
}

impl<D> fmt::Debug for StagedFile<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagedFile")
            .field("name", &self.name)
            .field("size", &self.intake.as_ref().map(|intake| intake.size))
            .finish_non_exhaustive()
    }
}
