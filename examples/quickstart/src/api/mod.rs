//! `/api`: who am I, and the drive.

mod drive;
mod files;
mod link;
mod me;

use crate::problem::{Problem, problems};
use actix_web::{Error, http::StatusCode, middleware::from_fn, web};

/// The routes of the API; every refusal below `/api` is a problem document.
pub(crate) fn api(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api")
            .wrap(from_fn(problems))
            .service(me::me)
            .service(link::link)
            .service(files::list)
            .service(files::upload)
            .service(files::put)
            .service(files::get)
            .service(files::delete)
            .default_service(web::to(nowhere)),
    );
}

async fn nowhere() -> Result<&'static str, Error> {
    Err(Problem::new(StatusCode::NOT_FOUND, "there is no such route").into())
}
