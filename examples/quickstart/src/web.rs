//! The page at `/`, the demo clients' redirect targets, and their assets, all inside the binary.

use crate::api::only;
use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::header::{self, ETag, EntityTag, Header, IfNoneMatch},
    web,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Scripts and styles come from this origin only, and nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $kind:expr),* $(,)?) => {
        const ASSETS: &[(&str, &str, &[u8])] = &[$(($name, $kind, include_bytes!(concat!("../web/", $name)))),*];
    };
}

assets! {
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "auth.js": SCRIPT,
    "callback.js": SCRIPT,
    "dialog.js": SCRIPT,
    "dom.js": SCRIPT,
    "drive.js": SCRIPT,
    "format.js": SCRIPT,
    "front.js": SCRIPT,
    "panel.js": SCRIPT,
    "problem.js": SCRIPT,
    "toast.js": SCRIPT,
    "upload.js": SCRIPT,
    "app.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}

/// The routes of the page.
pub(crate) fn web(config: &mut web::ServiceConfig) {
    let page = |path: &str| only("GET, HEAD", web::resource(path.to_owned()));
    config
        .service(page("/").get(home).head(home))
        // Where `demo-spa` comes back to: the same page, whose script redeems the code.
        .service(page("/app/callback").get(home).head(home))
        .service(page("/callback").get(callback).head(callback))
        // Browsers ask for it on pages that do not name an icon, the login page for one.
        .service(page("/favicon.ico").get(favicon).head(favicon))
        .service(page("/assets/{name}").get(asset).head(asset));
}

async fn home(request: HttpRequest) -> impl Responder {
    answer(&request, HTML, include_bytes!("../web/index.html"))
}

/// Where `demo-web` comes back to: shows the code, and how to redeem it by hand.
async fn callback(request: HttpRequest) -> impl Responder {
    answer(&request, HTML, include_bytes!("../web/callback.html"))
}

async fn favicon(request: HttpRequest) -> impl Responder {
    answer(&request, "image/svg+xml", include_bytes!("../web/icon.svg"))
}

async fn asset(request: HttpRequest, name: web::Path<String>) -> impl Responder {
    match ASSETS.iter().find(|(known, ..)| *known == name.as_str()) {
        Some((_, kind, bytes)) => answer(&request, kind, bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

/// The bytes with a tag of their content, so that a browser asks again and gets nothing while they are the same.
fn answer(request: &HttpRequest, kind: &str, bytes: &'static [u8]) -> HttpResponse {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let tag = EntityTag::new_strong(format!("{:016x}", hasher.finish()));
    let fresh = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(&tag)),
        _ => false,
    };
    let mut answer = if fresh {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    if fresh {
        answer.finish()
    } else {
        answer.content_type(kind.to_owned()).body(bytes)
    }
}
