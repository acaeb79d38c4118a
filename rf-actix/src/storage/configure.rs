//! The routes of `rf::storage`: signed downloads and uploads of served disks.

use super::{
    disk::Disk, disks::Disks, extract::registered, key::Key, options::Grant, serve::ServeOptions,
    signed_url::LinkMethod, upload::UploadPolicy,
};
use actix_web::{
    Error, HttpRequest, HttpResponse,
    guard::{self, GuardContext},
    http::header,
    web::{self, ServiceConfig},
};

/// Registers the routes of signed links: `GET` and `HEAD` to download, `PUT` to upload.
///
/// The paths stand in the configuration of the disks, which a `ServiceConfig` cannot see: the routes are found at
/// request time, and paths of no disk are left to the other routes of the application.
///
/// ```
/// use actix_web::App;
/// use rf::storage::{Disks, MemoryStorage};
///
/// # fn main() -> Result<(), rf::storage::Error> {
/// let disks = Disks::builder().disk("notes", MemoryStorage::new()).build()?;
/// let app = App::new().configure(disks.state()).configure(rf::storage);
/// # Ok(())
/// # }
/// ```
pub fn storage(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/{signed_link:.*}")
            .guard(guard::fn_guard(is_served))
            .route(web::get().to(download))
            .route(web::head().to(download))
            .route(web::put().to(upload)),
    );
}

fn is_served(context: &GuardContext<'_>) -> bool {
    let disks = context.app_data::<web::Data<Disks>>();
    disks.is_some_and(|disks| disks.served(context.head().uri.path()).is_some())
}

async fn download(request: HttpRequest) -> Result<HttpResponse, Error> {
    let Some((disk, key, Grant::Download { attachment })) = granted(&request, LinkMethod::Get)?
    else {
        return Ok(refused());
    };
    let options = ServeOptions::new().attachment(attachment).secret_url();
    Ok(disk.response_with(&request, key, &options).await?)
}

async fn upload(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let Some((
        disk,
        key,
        Grant::Upload {
            max_size,
            content_type,
        },
    )) = granted(&request, LinkMethod::Put)?
    else {
        return Ok(refused());
    };
    let mut policy = UploadPolicy::new();
    if let Some(max_size) = max_size {
        policy = policy.max_size(max_size);
    }
    if let Some(content_type) = content_type {
        policy = policy.accept(content_type);
    }
    let written = disk.receive_with(&request, key, body, &policy).await?;
    let mut response = if written.created {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(response
        .insert_header((header::ETAG, written.metadata.etag.to_string()))
        .finish())
}

/// The disk, the key and what the link grants; `None` for a link that is not taken.
fn granted(request: &HttpRequest, method: LinkMethod) -> Result<Option<(Disk, Key, Grant)>, Error> {
    let disks = registered(request)?;
    let Some((disk, tail)) = disks.served(request.path()) else {
        return Ok(None);
    };
    let Some(signer) = disk.signer() else {
        return Ok(None);
    };
    // Nothing was ever signed for what is no key.
    let Ok(key) = Key::from_encoded(tail) else {
        return Ok(None);
    };
    match signer.verify(method, &key, request.query_string()) {
        Ok((folder, grant)) => Ok(Some((disk.scoped(folder)?, key, grant))),
        Err(reason) => {
            log::debug!(target: "rf::storage", "refused a link to disk {:?}: {reason:?}", disk.name());
            Ok(None)
        }
    }
}

/// One answer for every reason: who tries links learns nothing, not even whether there is a file.
fn refused() -> HttpResponse {
    HttpResponse::Forbidden()
        .insert_header((header::CONTENT_TYPE, "application/problem+json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"the link is not valid or has expired"}"#)
}
