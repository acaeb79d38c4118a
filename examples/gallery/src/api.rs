//! `/api/photos` and `/api/documents`: the same few routes, one set for each album.

use crate::{
    album::{Documents, Photos},
    problem::{Problem, from_elsewhere, problems},
};
use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, Resource, Scope,
    http::{
        StatusCode,
        header::{ALLOW, CACHE_CONTROL, HeaderValue},
    },
    middleware::from_fn,
    web,
};
use humantime::format_rfc3339_seconds;
use rf::storage::{
    DiskHandle, Metadata, SignedUrlOptions, StorageExt, TypedDisk, UploadForm, request_key,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How long the links live that a listing hands to the page.
const SHOWN: Duration = Duration::from_secs(600);
const MOST: usize = 200;

/// The routes; every refusal below `/api` is a problem document.
pub(crate) fn api(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api")
            .wrap(from_fn(from_elsewhere))
            .wrap(from_fn(problems))
            .service(album::<Photos>())
            .service(album::<Documents>())
            .default_service(web::to(nowhere)),
    );
}

fn album<D: TypedDisk + FromRequest>() -> Scope {
    web::scope(&format!("/{}", D::NAME))
        .service(only("GET, POST", "").get(list::<D>).post(upload::<D>))
        .service(only("POST", "/{key}/link").post(link::<D>))
        .service(
            only("GET, DELETE", "/{key}")
                .get(one::<D>)
                .delete(delete::<D>),
        )
}

/// Which stretch of an album.
#[derive(Debug, Deserialize)]
struct Asked {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// One page of an album, in the order of the names, each file with a link to see it by.
async fn list<D: TypedDisk>(disk: D, asked: web::Query<Asked>) -> Result<HttpResponse, Error> {
    let disk = disk.handle();
    let limit = asked.limit.unwrap_or(60).clamp(1, MOST);
    let page = disk.list_page("", asked.cursor.as_deref(), limit).await?;
    let answer = json!({
        "files": described(disk, &page.entries).await?,
        "next": page.next,
        "max_size": disk.max_size(),
    });
    Ok(secret(answer))
}

/// Several files of a form at once; either all appear or none.
async fn upload<D: TypedDisk>(disk: D, form: UploadForm) -> Result<HttpResponse, Error> {
    let disk = disk.handle();
    let staged = disk.stage(form).await?;
    if staged.names().next().is_none() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "send at least one file in the field `file`",
        )
        .into());
    }
    let kept = staged.keep().await?;
    let files = described(disk, &kept).await?;
    Ok(HttpResponse::Created().json(json!({ "files": files })))
}

/// One file, with a fresh link.
async fn one<D: TypedDisk>(disk: D, request: HttpRequest) -> Result<HttpResponse, Error> {
    let disk = disk.handle();
    let file = disk.metadata(request_key(&request, "key")?).await?;
    Ok(secret(describe(disk, &file).await?))
}

/// Gone afterwards, whether it was there or not.
async fn delete<D: TypedDisk>(disk: D, request: HttpRequest) -> Result<HttpResponse, Error> {
    disk.handle().delete(request_key(&request, "key")?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How many seconds a link lives, and whether the browser saves the file instead of showing it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    expires_in: u64,
    #[serde(default)]
    download: bool,
}

/// A link for whoever it is given to.
async fn link<D: TypedDisk>(
    disk: D,
    request: HttpRequest,
    wanted: web::Form<Wanted>,
) -> Result<HttpResponse, Error> {
    let (disk, key) = (disk.handle(), request_key(&request, "key")?);
    disk.metadata(&key).await?;
    let options = SignedUrlOptions::download(Duration::from_secs(wanted.expires_in))
        .attachment(wanted.download);
    let signed = disk.signed_url_with(&key, options).await?;
    Ok(secret(json!({
        "url": signed.url,
        "expires_at": format_rfc3339_seconds(signed.expires_at).to_string(),
    })))
}

async fn described(disk: &DiskHandle, files: &[Metadata]) -> Result<Vec<Value>, Error> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        all.push(describe(disk, file).await?);
    }
    Ok(all)
}

async fn describe(disk: &DiskHandle, file: &Metadata) -> Result<Value, Error> {
    let link = disk.signed_url(&file.key, SHOWN).await?;
    Ok(json!({
        "key": file.key.as_str(),
        "size": file.size,
        "content_type": file.content_type,
        "last_modified": format_rfc3339_seconds(file.last_modified).to_string(),
        "url": link.url,
    }))
}

/// An answer with links in it, which nobody keeps.
fn secret(answer: Value) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(answer)
}

/// A resource that answers other methods with 405 and the ones it has (RFC 9110 §15.5.6).
fn only(methods: &'static str, path: &str) -> Resource {
    web::resource(path.to_owned()).default_service(web::to(move || async move {
        let problem: Error =
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("use {methods}")).into();
        let mut answer = HttpResponse::from_error(problem);
        answer
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(methods));
        answer
    }))
}

async fn nowhere() -> Result<&'static str, Error> {
    Err(Problem::new(StatusCode::NOT_FOUND, "there is no such route").into())
}
