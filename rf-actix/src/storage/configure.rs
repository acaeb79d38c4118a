//! The routes of `rf::storage`: signed downloads and uploads of served disks.

use super::{
    detect::patterns,
    disk::Disk,
    disks::Disks,
    extract::registered,
    key::Key,
    metadata::Written,
    options::{Grant, Upload, WriteOptions},
    serve::ServeOptions,
    signed_url::LinkMethod,
    upload::{UploadForm, UploadPolicy},
};
use actix_web::{
    Error, HttpRequest, HttpResponse, Resource,
    guard::{self, GuardContext},
    http::header,
    web::{self, ServiceConfig},
};

/// In the data of an application whose signed links are on.
struct LinksOn;

/// Switches the routes of signed links on: `GET` and `HEAD` to download, `PUT` to upload, `POST` to upload by a form
/// of a browser, whose file is in the field `file`.
///
/// A `ServiceConfig` sees no configuration of disks, so it is [`Disks::state`] that lays a route for each served path,
/// and this one opens them: hand both to the `App` itself, not to a scope. A route for every path would do without,
/// but then any request that matches no other route would be counted and logged as one for a link.
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
    cfg.app_data(LinksOn);
}

impl Disks {
    /// Hands the disks to an application: `App::new().configure(disks.state())`.
    ///
    /// Paths of signed links are left to the other routes until [`rf::storage`](fn@crate::storage) switches them on.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + 'static + use<> {
        let data = web::Data::new(self.clone());
        move |cfg| {
            for path in data.iter().filter_map(Disk::served_path) {
                cfg.service(links(path));
            }
            cfg.app_data(data);
        }
    }
}

fn links(path: &str) -> Resource {
    web::resource(format!("{path}/{{key:.*}}"))
        .guard(guard::fn_guard(is_served))
        .route(web::get().to(download))
        .route(web::head().to(download))
        .route(web::put().to(upload))
        .route(web::post().to(form))
}

/// The router matches after it has undone a part of the percent-encoding; we write the path of a link in one way only.
fn is_served(context: &GuardContext<'_>) -> bool {
    let disks = context.app_data::<web::Data<Disks>>();
    context.app_data::<LinksOn>().is_some()
        && disks.is_some_and(|disks| disks.served(context.head().uri.path()).is_some())
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
    let Some((disk, key, Grant::Upload(upload))) = granted(&request, LinkMethod::Put)? else {
        return Ok(refused());
    };
    let (policy, options) = demanded(upload);
    let written = disk
        .receive_as(&request, key, body, &policy, options)
        .await?;
    Ok(taken(&written))
}

async fn form(request: HttpRequest, form: UploadForm) -> Result<HttpResponse, Error> {
    let Some((disk, key, Grant::Form(upload))) = granted(&request, LinkMethod::Post)? else {
        return Ok(refused());
    };
    let (policy, options) = demanded(upload);
    let options = options.ask_created(true);
    let written = form.receive(&disk, &key, &policy, options).await?;
    Ok(taken(&written))
}

/// What a link demands of the file it takes.
fn demanded(upload: Upload) -> (UploadPolicy, WriteOptions) {
    let (mut policy, mut options) = (UploadPolicy::new(), WriteOptions::new());
    policy.max_size = upload.max_size;
    policy.length = upload.content_length;
    for pattern in upload.content_type.iter().flat_map(|list| patterns(list)) {
        policy = policy.accept(pattern);
    }
    if let Some(digest) = upload.sha256 {
        options = options.sha256(digest);
    }
    (policy, options)
}

fn taken(written: &Written) -> HttpResponse {
    let mut response = match written.created {
        Some(true) => HttpResponse::Created(),
        _ => HttpResponse::Ok(),
    };
    response
        .insert_header((header::ETAG, written.metadata.etag.to_string()))
        .finish()
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::storage::{Disks, SignedUrlOptions, StorageExt, StorageSettings};
    use actix_web::{
        App, HttpResponse,
        test::{TestRequest, call_service, init_service},
        web,
    };
    use std::time::Duration;

    fn disks() -> Disks {
        let settings = serde_json::json!({ "default": "a", "disks": {
            "a": { "driver": "memory", "serve": "/a" },
            "b": { "driver": "memory", "serve": "/deep/b" },
        } });
        let settings: StorageSettings = serde_json::from_value(settings).unwrap();
        let builder = Disks::builder().url_key(b"a key for tests, 24 bytes");
        builder.settings(settings).build().unwrap()
    }

    async fn link(disks: &Disks, disk: &str) -> String {
        let disk = disks.disk(disk).unwrap();
        disk.put("x/y", "hello").await.unwrap();
        let options = SignedUrlOptions::download(Duration::from_secs(60));
        disk.signed_url_with("x/y", options).await.unwrap().url
    }

    #[actix_web::test]
    async fn a_link_matches_the_path_of_its_disk_and_nothing_else_matches_a_link() {
        let disks = disks();
        let app = App::new()
            .configure(disks.state())
            .configure(crate::storage)
            .route("/other", web::get().to(HttpResponse::Ok));
        let app = init_service(app).await;
        let (a, b) = (link(&disks, "a").await, link(&disks, "b").await);
        for (path, status, pattern) in [
            (a.as_str(), 200, Some("/a/{key:.*}")),
            (&b, 200, Some("/deep/b/{key:.*}")),
            ("/a/x/y", 403, Some("/a/{key:.*}")),
            ("/other", 200, Some("/other")),
            ("/nowhere", 404, None),
            ("/ab", 404, None),
        ] {
            let request = TestRequest::with_uri(path).to_request();
            let response = call_service(&app, request).await;
            assert_eq!(response.status(), status, "{path}");
            let matched = response.request().match_pattern();
            assert_eq!(matched.as_deref(), pattern, "{path}");
        }
    }

    #[actix_web::test]
    async fn links_are_off_until_they_are_switched_on() {
        let disks = disks();
        let app = App::new()
            .configure(disks.state())
            .route("/deep/{name}/x/y", web::get().to(HttpResponse::Accepted));
        let app = init_service(app).await;
        for (disk, status) in [("a", 404), ("b", 202)] {
            let request = TestRequest::with_uri(&link(&disks, disk).await).to_request();
            assert_eq!(call_service(&app, request).await.status(), status);
        }
    }

    #[actix_web::test]
    async fn the_configured_base_url_counts_and_the_host_of_a_request_never() {
        let settings =
            serde_json::json!({ "disks": { "a": { "driver": "memory", "serve": "/a" } } });
        let disks = Disks::builder()
            .url_key(b"a key for tests, 24 bytes")
            .base_url("https://files.example.com/")
            .settings(serde_json::from_value(settings).unwrap());
        let disks = disks.build().unwrap();
        let app = App::new()
            .configure(disks.state())
            .configure(crate::storage);
        let app = init_service(app).await;
        let link = link(&disks, "a").await;
        let path = link.strip_prefix("https://files.example.com").unwrap();
        assert!(path.starts_with("/a/x/y?expires="), "{link}");
        for host in ["files.example.com", "10.0.0.7:8080", "evil.example"] {
            let request = TestRequest::with_uri(path)
                .insert_header(("host", host))
                .insert_header(("x-forwarded-host", "evil.example"))
                .to_request();
            assert_eq!(call_service(&app, request).await.status(), 200, "{host}");
        }
    }

    #[actix_web::test]
    async fn the_order_of_state_and_switch_does_not_matter() {
        let disks = disks();
        let app = App::new()
            .configure(crate::storage)
            .configure(disks.state());
        let app = init_service(app).await;
        let request = TestRequest::with_uri(&link(&disks, "a").await).to_request();
        assert_eq!(call_service(&app, request).await.status(), 200);
    }
}
