//! `/api/files`: the drive of whoever the token speaks for.

use super::drive::drive_of;
use actix_web::{
    Error, HttpRequest, HttpResponse,
    error::ErrorBadRequest,
    http::{StatusCode, header},
    web,
};
use humantime::format_rfc3339_seconds;
use rf::{
    prelude::*,
    storage::{Disk, Key, Metadata, Prefix, UploadPolicy, request_key},
};
use serde::Deserialize;
use serde_json::{Value, json};

const PAGE: usize = 200;

/// Which files to list.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    prefix: String,
    cursor: Option<String>,
}

/// One page of the drive, in key order.
#[require_scope("files:read")]
pub(crate) async fn list(
    token: AccessToken,
    disks: web::Data<Disks>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Error> {
    let drive = drive_of(&token, &disks)?;
    let page = drive
        .list_page(&asked.prefix, asked.cursor.as_deref(), PAGE)
        .await?;
    let itself = if asked.cursor.is_none() {
        file_named(&drive, &asked.prefix).await?
    } else {
        None
    };
    let files: Vec<_> = itself.iter().chain(&page.entries).map(described).collect();
    Ok(HttpResponse::Ok().json(json!({ "files": files, "next": page.next })))
}

/// Streams the body to the disk; nobody sees the file before its last byte is there.
#[require_scope("files:write")]
pub(crate) async fn put(
    token: AccessToken,
    disks: web::Data<Disks>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, Error> {
    let key = request_key(&request, "key")?;
    let written = drive_of(&token, &disks)?
        .receive(&request, key, body)
        .await?;
    let status = if written.created == Some(true) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(HttpResponse::build(status)
        .insert_header((header::ETAG, written.metadata.etag.to_string()))
        .json(described(&written.metadata)))
}

/// One file, whole or in part.
#[require_scope("files:read")]
pub(crate) async fn get(
    token: AccessToken,
    disks: web::Data<Disks>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let drive = drive_of(&token, &disks)?;
    Ok(drive
        .response(&request, request_key(&request, "key")?)
        .await?)
}

/// Gone afterwards, whether it was there or not, unless the request has conditions that fail.
#[require_scope("files:write")]
pub(crate) async fn delete(
    token: AccessToken,
    disks: web::Data<Disks>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    drive_of(&token, &disks)?
        .delete_for(&request, request_key(&request, "key")?)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Several files of a form at once; either all appear or none.
#[require_scope("files:write")]
pub(crate) async fn upload(
    token: AccessToken,
    disks: web::Data<Disks>,
    form: UploadForm,
) -> Result<HttpResponse, Error> {
    let drive = drive_of(&token, &disks)?;
    let staged = form.stage(&drive, &UploadPolicy::new()).await?;
    let prefix = Prefix::parse(staged.field("prefix").unwrap_or_default())?;
    if staged.names().next().is_none() {
        return Err(ErrorBadRequest(
            "send at least one file in the field `file`",
        ));
    }
    let kept = staged.keep_in(&prefix).await?;
    let files: Vec<_> = kept.iter().map(described).collect();
    Ok(HttpResponse::Created().json(json!({ "files": files })))
}

/// The file whose whole key is the prefix; a disk lists only what lies beneath.
async fn file_named(drive: &Disk, prefix: &str) -> Result<Option<Metadata>, Error> {
    match Key::parse(prefix) {
        Ok(key) if drive.exists(&key).await? => Ok(Some(drive.metadata(&key).await?)),
        _ => Ok(None),
    }
}

fn described(file: &Metadata) -> Value {
    json!({
        "key": file.key.as_str(),
        "size": file.size,
        "content_type": file.content_type,
        "last_modified": format_rfc3339_seconds(file.last_modified).to_string(),
        "etag": file.etag.to_string(),
    })
}
