//! `/api`: who am I, and the drive.

mod drive;
mod files;
mod link;
mod me;

use crate::problem::{Problem, problems};
use actix_web::{
    Error, HttpResponse, Resource,
    guard::Post,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
    middleware::from_fn,
    web,
};

/// The routes of the API; every refusal below `/api` is a problem document.
pub(crate) fn api(config: &mut web::ServiceConfig) {
    let file = only("GET, HEAD, PUT, DELETE", web::resource("/files/{key:.+}"))
        .get(files::get)
        .head(files::get)
        .put(files::put)
        .delete(files::delete);
    config.service(
        web::scope("/api")
            .wrap(from_fn(problems))
            .service(only("GET", web::resource("/me")).get(me::me))
            .service(
                only("GET, POST", web::resource("/files"))
                    .get(files::list)
                    .post(files::upload),
            )
            // A file may be called `…/link` too: only POST means the link.
            .service(
                web::resource("/files/{key:.+}/link")
                    .guard(Post())
                    // The bearer token says that the sender means it; what curl calls its body does not matter.
                    .app_data(
                        web::JsonConfig::default()
                            .content_type_required(false)
                            .content_type(|_| true),
                    )
                    .post(link::link),
            )
            .service(file)
            .default_service(web::to(nowhere)),
    );
}

/// A resource that answers other methods with 405 and the ones it has (RFC 9110 §15.5.6).
pub(crate) fn only(methods: &'static str, resource: Resource) -> Resource {
    resource.default_service(web::to(move || async move {
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
