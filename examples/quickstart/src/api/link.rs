//! `POST /api/files/{key}/link`: a link for somebody without a token.

use super::drive::drive_of;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use humantime::format_rfc3339_seconds;
use rf::{
    prelude::*,
    storage::{SignedUrlOptions, request_key},
};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long the link lives, and whether the browser saves the file instead of showing it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    expires_in: u64,
    #[serde(default)]
    download: bool,
}

/// Signs a link to a file that is there.
#[require_scope("files:read")]
pub(crate) async fn link(
    token: AccessToken,
    disks: web::Data<Disks>,
    server: web::Data<OAuth2Server>,
    request: HttpRequest,
    wanted: web::Json<Wanted>,
) -> Result<HttpResponse, Error> {
    let key = request_key(&request, "key")?;
    let drive = drive_of(&token, &disks)?;
    drive.metadata(&key).await?;
    let options = SignedUrlOptions::download(Duration::from_secs(wanted.expires_in))
        .attachment(wanted.download);
    let signed = drive.signed_url_with(&key, options).await?;
    // A disk that is not served has its links from the storage service, which are whole.
    let base = match signed.url.starts_with('/') {
        true => public_base(&request, &server.settings().issuer),
        false => String::new(),
    };
    Ok(HttpResponse::Ok().json(json!({
        "url": format!("{base}{}", signed.url),
        "expires_at": format_rfc3339_seconds(signed.expires_at).to_string(),
    })))
}

/// Where others reach this server. What a request says of its host never counts: a client writes it.
///
/// The issuer tells it, unless that is a loopback address: then this is somebody's own machine, and the address the
/// server listens on is right even when only `server.bind` was changed.
fn public_base(request: &HttpRequest, issuer: &str) -> String {
    let listening = request.app_config().local_addr();
    if listening.ip().is_loopback() && issuer.starts_with("http://127.0.0.1") {
        return format!("http://{listening}");
    }
    let host = issuer.find("://").map_or(0, |scheme| scheme + 3);
    let end = issuer[host..]
        .find('/')
        .map_or(issuer.len(), |path| host + path);
    issuer[..end].to_owned()
}
