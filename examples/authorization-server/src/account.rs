//! Signing up, in and out, and the page of one's own account.

use actix_identity::Identity;
use actix_web::{
    HttpRequest, HttpResponse, Responder, Result,
    error::ErrorInternalServerError,
    http::header::{LOCATION, RETRY_AFTER},
    web,
};
use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rf::oauth2::{ActixIdentity, OAuth2Server, PasswordError, Secret};
use serde::Deserialize;

use crate::page::html;
use crate::people::{People, Refusal};

/// The routes.
pub(crate) fn account(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(home))
        .service(web::resource("/sign-in").get(show_sign_in).post(sign_in))
        .service(web::resource("/sign-up").get(show_sign_up).post(sign_up))
        .route("/sign-out", web::post().to(sign_out))
        .route("/style.css", web::get().to(style));
}

#[derive(Template)]
#[template(path = "form.html")]
struct Form<'a> {
    joining: bool,
    return_to: &'a str,
    /// The same, as a value in a query.
    encoded: String,
    name: &'a str,
    error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    name: String,
}

#[derive(Deserialize)]
struct Asked {
    return_to: Option<String>,
}

#[derive(Deserialize)]
struct Sent {
    name: String,
    password: Secret,
    return_to: Option<String>,
}

async fn home(who: Option<Identity>, people: web::Data<People>) -> Result<HttpResponse> {
    let Some(who) = who else {
        return Ok(go("/sign-in"));
    };
    let id = who.id().map_err(ErrorInternalServerError)?;
    match people.name(&id).await.map_err(ErrorInternalServerError)? {
        Some(name) => html(200, &Account { name }),
        None => {
            who.logout();
            Ok(go("/sign-in"))
        }
    }
}

async fn show_sign_in(asked: web::Query<Asked>) -> Result<HttpResponse> {
    show(200, false, asked.return_to.as_deref(), "", None)
}

async fn show_sign_up(asked: web::Query<Asked>) -> Result<HttpResponse> {
    show(200, true, asked.return_to.as_deref(), "", None)
}

async fn sign_in(
    req: HttpRequest,
    server: web::Data<OAuth2Server>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse> {
    let (name, return_to) = (&sent.name, sent.return_to.as_deref());
    // By the server, which counts guesses.
    match server.verify_password(&req, name, &sent.password).await {
        Ok(subject) => {
            ActixIdentity::sign_in(&req, &subject)?;
            Ok(go(ActixIdentity::return_to(return_to)))
        }
        Err(PasswordError::Wrong) => {
            let error = "That name and password do not match. Try again.";
            show(403, false, return_to, name, Some(error))
        }
        Err(PasswordError::TooManyAttempts { retry_after }) => {
            let error = "That was tried too often. Wait for a few minutes, and try again.";
            let mut page = show(429, false, return_to, name, Some(error))?;
            page.headers_mut().insert(RETRY_AFTER, retry_after.into());
            Ok(page)
        }
        Err(error) => Err(ErrorInternalServerError(error)),
    }
}

async fn sign_up(
    req: HttpRequest,
    people: web::Data<People>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse> {
    let name = sent.name.trim();
    let again = |error| show(400, true, sent.return_to.as_deref(), name, Some(error));
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        return again("Write a name of 1 to 64 characters.");
    }
    if sent.password.expose().chars().count() < 10 {
        return again("Write a password of at least 10 characters.");
    }
    match people.join(name, &sent.password).await {
        Ok(subject) => {
            ActixIdentity::sign_in(&req, &subject)?;
            Ok(go(ActixIdentity::return_to(sent.return_to.as_deref())))
        }
        Err(Refusal::Taken) => again("That name is taken."),
        Err(Refusal::Failed(error)) => Err(ErrorInternalServerError(error)),
    }
}

async fn sign_out(who: Option<Identity>) -> impl Responder {
    if let Some(who) = who {
        who.logout();
    }
    go("/sign-in")
}

async fn style() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("../web/style.css"))
}

fn show(
    status: u16,
    joining: bool,
    return_to: Option<&str>,
    name: &str,
    error: Option<&'static str>,
) -> Result<HttpResponse> {
    // A way to another site is not even shown.
    let return_to = ActixIdentity::return_to(return_to);
    let encoded = utf8_percent_encode(return_to, NON_ALPHANUMERIC).to_string();
    html(
        status,
        &Form {
            joining,
            return_to,
            encoded,
            name,
            error,
        },
    )
}

fn go(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .finish()
}
