//! `multipart/form-data` (RFC 7578): several files and text fields, kept together or not at all.

use super::{
    intake::{Intake, take_in, take_part},
    policy::UploadPolicy,
};
use crate::storage::{
    disk::Disk,
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Written},
    naming,
    options::{Condition, WriteOptions},
    storage::Storage,
};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::TryStreamExt;
use std::{
    fmt,
    future::{Ready, ready},
};

/// The most bytes of a text field.
const TEXT: usize = 16 * 1024;

/// A form with files, not yet read.
///
/// ```
/// use actix_web::{HttpResponse, Responder, post};
/// use rf::storage::{DiskHandle, Error, UploadForm};
///
/// #[post("/photos")]
/// async fn upload(disk: DiskHandle, form: UploadForm) -> Result<impl Responder, Error> {
///     let staged = disk.stage(form).await?; // streamed, checked, and seen by nobody
///     let kept = staged.keep().await?;      // all of it visible; dropped instead, all of it gone
///     Ok(HttpResponse::Created().body(format!("{} files", kept.len())))
/// }
/// ```
pub struct UploadForm {
    parts: Multipart,
}

/// The files and fields of a form: all here, and seen by nobody. Dropped, they leave nothing behind.
#[derive(Debug)]
pub struct StagedUpload {
    disk: Disk,
    files: Vec<FormFile>,
    fields: Vec<(String, String)>,
}

#[derive(Debug)]
struct FormFile {
    name: String,
    intake: Intake,
}

impl UploadForm {
    /// Takes the one file of a form, in its field `file`, under a key that is known: what a browser sends to a signed
    /// link. Other fields say nothing.
    pub(in crate::storage) async fn receive(
        mut self,
        disk: &Disk,
        key: &Key,
        policy: &UploadPolicy,
        options: WriteOptions,
    ) -> Result<Written, Error> {
        let (mut taken, mut fields) = (None, 0);
        while let Some(field) = self.parts.try_next().await.map_err(broken)? {
            if field.name() != Some("file") {
                read_text(field).await?;
                fields += 1;
                within("the number of fields", fields, policy.max_fields)?;
                continue;
            }
            within("the number of files", 1 + usize::from(taken.is_some()), 1)?;
            let (content, options) = (field.map_err(broken), options.clone());
            taken = Some(take_in(disk, key, key.name(), content, options, policy).await?);
        }
        // Only a form that is here to its end has sent its file.
        match taken {
            Some(intake) => intake.writer.commit().await,
            None => Err(Error::Interrupted {
                reason: "the form has no field \"file\"",
            }),
        }
    }

    /// Reads the whole form: files to the disk, fields to memory.
    ///
    /// A part with a file name is a file, whatever its field is called; one with an empty name and no content is
    /// what browsers send for an input left empty, and is skipped.
    ///
    /// # Errors
    /// What the policy refuses, what the disk cannot do, and [`Error::Interrupted`] for a form that breaks off. Then
    /// nothing of it is left.
    pub async fn stage(
        mut self,
        disk: &Disk,
        policy: &UploadPolicy,
    ) -> Result<StagedUpload, Error> {
        let mut staged = StagedUpload {
            disk: disk.clone(),
            files: Vec::new(),
            fields: Vec::new(),
        };
        while let Some(field) = self.parts.try_next().await.map_err(broken)? {
            match sent_name(&field) {
                Some(sent) => {
                    if let Some(file) = stage_file(disk, policy, &sent, field).await? {
                        staged.files.push(file);
                    }
                    within("the number of files", staged.files.len(), policy.max_files)?;
                }
                None => {
                    staged.fields.push(read_text(field).await?);
                    within(
                        "the number of fields",
                        staged.fields.len(),
                        policy.max_fields,
                    )?;
                }
            }
        }
        Ok(staged)
    }
}

/// The file name of a part, in the charset-aware way if it is sent (RFC 8187); `None` for what is no file.
pub(in crate::storage) fn sent_name(field: &Field) -> Option<String> {
    let disposition = field.content_disposition()?;
    let extended = disposition
        .get_filename_ext()
        .map(|name| String::from_utf8_lossy(&name.value).into_owned());
    extended.or_else(|| disposition.get_filename().map(str::to_owned))
}

async fn stage_file(
    disk: &Disk,
    policy: &UploadPolicy,
    sent: &str,
    field: Field,
) -> Result<Option<FormFile>, Error> {
    // The name may depend on the content, and the folder on a later field.
    let key = Key::provisional();
    let options = WriteOptions::new().ask_created(true);
    let content = field.map_err(broken);
    let taken = take_part(disk, &key, sent, content, options, policy).await;
    let taken = taken.map_err(|error| error.in_file(&naming::harmless(sent)))?;
    let Some(mut intake) = taken else {
        return Ok(None);
    };
    let name = intake.name(policy.naming, sent);
    intake.writer.retarget(Key::parse(name.as_str())?)?;
    Ok(Some(FormFile { name, intake }))
}

async fn read_text(mut field: Field) -> Result<(String, String), Error> {
    let name = field.name().unwrap_or_default().to_owned();
    let bytes = field.bytes(TEXT).await.map_err(|_| Error::TooLarge {
        what: "a text field",
        limit: TEXT as u64,
    })?;
    let value =
        String::from_utf8(bytes.map_err(broken)?.into()).map_err(|_| Error::Interrupted {
            reason: "a text field is not UTF-8",
        })?;
    Ok((name, value))
}

fn within(what: &'static str, count: usize, limit: usize) -> Result<(), Error> {
    if count > limit {
        return Err(Error::TooLarge {
            what,
            limit: limit as u64,
        });
    }
    Ok(())
}

pub(in crate::storage) fn broken(error: MultipartError) -> Error {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible => {
            Error::media_type("not a form", "multipart/form-data")
        }
        _ => Error::Interrupted {
            reason: "the form ended early or cannot be read",
        },
    }
}

impl StagedUpload {
    /// The value of a text field; the first one, if it is repeated.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names the files will have, in the order of the form.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// Publishes all files on the disk, in the order of the form.
    ///
    /// # Errors
    /// As [`keep_in`](Self::keep_in).
    pub async fn keep(self) -> Result<Vec<Metadata>, Error> {
        self.keep_in(&Prefix::default()).await
    }

    /// Publishes all files beneath a prefix, in the order of the form.
    ///
    /// The whole form is here before the first file becomes visible. Should publishing one fail nevertheless,
    /// those published before are removed again, save those that replaced an older file: that one is gone.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when two files have the same name, and what the disk says.
    pub async fn keep_in(mut self, prefix: &Prefix) -> Result<Vec<Metadata>, Error> {
        let mut keys = Vec::with_capacity(self.files.len());
        for file in &mut self.files {
            let key = prefix.join(&Key::parse(file.name.as_str())?)?;
            if keys.contains(&key) {
                return Err(Error::AlreadyExists { key });
            }
            file.intake.writer.retarget(key.clone())?;
            keys.push(key);
        }
        // On its own, so that a client going away now does not end it between two files.
        let published = actix_web::rt::spawn(publish(self.disk, self.files));
        published.await.map_err(|gone| Error::Io {
            op: "publishing the files of a form",
            source: std::io::Error::other(gone),
        })?
    }
}

async fn publish(disk: Disk, files: Vec<FormFile>) -> Result<Vec<Metadata>, Error> {
    let (mut kept, mut created) = (Vec::with_capacity(files.len()), Vec::new());
    for file in files {
        match file.intake.writer.commit().await {
            Ok(written) => {
                if written.created == Some(true) {
                    created.push(written.metadata.key.clone());
                }
                kept.push(written.metadata);
            }
            Err(error) => {
                for key in created {
                    // The first error is the one to tell.
                    let _ = disk.remove(&key, &Condition::Always).await;
                }
                return Err(error);
            }
        }
    }
    Ok(kept)
}

impl FromRequest for UploadForm {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Nothing is read before the handler asks: guards come first.
        let parts = Multipart::new(request.headers(), payload.take());
        ready(Ok(Self { parts }))
    }
}

impl fmt::Debug for UploadForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadForm")
    }
}
