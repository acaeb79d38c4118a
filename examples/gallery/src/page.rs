//! The page at `/` and its assets, all inside the binary.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::header::{self, ETag, EntityTag, Header, IfNoneMatch},
    web,
};
use std::hash::{DefaultHasher, Hash, Hasher};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($name:literal: $kind:expr),* $(,)?) => {
        const ASSETS: &[(&str, &str, &[u8])] = &[$(($name, $kind, include_bytes!(concat!("../web/", $name)))),*];
    };
}

assets! {
    "album.js": SCRIPT,
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "dialog.js": SCRIPT,
    "dom.js": SCRIPT,
    "format.js": SCRIPT,
    "notice.js": SCRIPT,
    "upload.js": SCRIPT,
    "viewer.js": SCRIPT,
    "app.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}

/// What the page may load, as the value of a header.
#[derive(Debug)]
struct Policy(String);

impl Policy {
    /// Scripts and styles come from this origin only, pictures from `pictures` too, and nobody may frame the page.
    fn new(pictures: Option<&str>) -> Self {
        let pictures = pictures.map(|origin| format!(" {origin}"));
        Self(format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{}; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            pictures.unwrap_or_default()
        ))
    }
}

/// The routes of the page, which shows pictures of this server and of the origin named.
pub(crate) fn page(pictures: Option<&str>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let policy = web::Data::new(Policy::new(pictures));
    move |config| {
        config
            .app_data(policy)
            .service(web::resource("/").get(home).head(home))
            .service(web::resource("/favicon.ico").get(icon).head(icon))
            .service(web::resource("/assets/{name}").get(asset).head(asset));
    }
}

async fn home(request: HttpRequest, policy: web::Data<Policy>) -> impl Responder {
    answer(&request, &policy, HTML, include_bytes!("../web/index.html"))
}

async fn icon(request: HttpRequest, policy: web::Data<Policy>) -> impl Responder {
    answer(
        &request,
        &policy,
        "image/svg+xml",
        include_bytes!("../web/icon.svg"),
    )
}

async fn asset(
    request: HttpRequest,
    policy: web::Data<Policy>,
    name: web::Path<String>,
) -> impl Responder {
    match ASSETS.iter().find(|(known, ..)| *known == name.as_str()) {
        Some((_, kind, bytes)) => answer(&request, &policy, kind, bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

/// The bytes with a tag of their content, so that a browser asks again and gets nothing while they are the same.
fn answer(
    request: &HttpRequest,
    policy: &Policy,
    kind: &'static str,
    bytes: &'static [u8],
) -> HttpResponse {
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
        .insert_header((header::CONTENT_SECURITY_POLICY, policy.0.as_str()))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    if fresh {
        answer.finish()
    } else {
        answer.content_type(kind).body(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn pictures_may_come_from_the_place_of_the_disk() {
        assert!(Policy::new(None).0.contains("img-src 'self';"));
        let elsewhere = Policy::new(Some("https://b.example.com")).0;
        assert!(
            elsewhere.contains("img-src 'self' https://b.example.com;"),
            "{elsewhere}"
        );
    }
}
