//! The shop's pages.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    error::{ErrorForbidden, ErrorInternalServerError},
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
        },
    },
    web,
};
use askama::Template;
use rf::oauth2::{
    Secret,
    client::{SignInError, SignedIn},
};

use crate::api::{Api, Order, Refusal};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes.
pub(crate) fn shop(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(home))
        .route("/orders", web::get().to(orders))
        .route("/orders", web::post().to(place))
        .route("/style.css", web::get().to(style));
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    name: String,
    orders: Vec<Order>,
    may_order: bool,
    problem: Option<&'static str>,
}

async fn home(who: Option<SignedIn>) -> actix_web::Result<HttpResponse> {
    html(
        StatusCode::OK,
        &Home {
            name: who.as_ref().map(name),
        },
    )
}

/// A browser that is not signed in is sent to the sign-in, and comes back here.
async fn orders(who: SignedIn, api: web::Data<Api>) -> actix_web::Result<HttpResponse> {
    let listed = match token(&who).await {
        Ok(token) => api.list(&token).await,
        Err(refusal) => Err(refusal),
    };
    match listed {
        Ok(orders) => show(&who, orders, None),
        Err(refusal) => show(&who, Vec::new(), Some(&refusal)),
    }
}

async fn place(
    req: HttpRequest,
    who: SignedIn,
    api: web::Data<Api>,
    order: web::Form<Order>,
) -> actix_web::Result<HttpResponse> {
    // Nobody orders by a form of another site.
    let site = req.headers().get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return Err(ErrorForbidden("this form was sent by another site"));
    }
    let token = match token(&who).await {
        Ok(token) => token,
        Err(refusal) => return show(&who, Vec::new(), Some(&refusal)),
    };
    match api.place(&token, &order).await {
        Ok(()) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, "/orders"))
            .finish()),
        Err(refusal) => {
            let orders = api.list(&token).await.unwrap_or_default();
            show(&who, orders, Some(&refusal))
        }
    }
}

/// A server that is away is no reason to sign in again.
async fn token(who: &SignedIn) -> Result<Secret, Refusal> {
    let token = who.access_token().await;
    token.map_err(|error| match *error {
        SignInError::Ended => Refusal::Unauthorized,
        _ => Refusal::Failed(error.to_string()),
    })
}

fn show(
    who: &SignedIn,
    orders: Vec<Order>,
    refusal: Option<&Refusal>,
) -> actix_web::Result<HttpResponse> {
    let may_order = who
        .scope()
        .is_none_or(|scope| scope.split(' ').any(|scope| scope == "orders:write"));
    let status = if refusal.is_some() {
        StatusCode::BAD_GATEWAY
    } else {
        StatusCode::OK
    };
    html(
        status,
        &OrdersPage {
            name: name(who),
            orders,
            may_order,
            problem: refusal.map(told),
        },
    )
}

fn told(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthorized => "Your permission has ended. Sign in again.",
        Refusal::Forbidden => {
            "You have not allowed the shop to do this. Sign in again and allow it."
        }
        Refusal::Failed(cause) => {
            eprintln!("orders: {cause}");
            "The orders cannot be reached now. Try again."
        }
    }
}

/// What the server calls the person where it does, else its name for good.
fn name(who: &SignedIn) -> String {
    let told = who.profile().get("username").and_then(|name| name.as_str());
    told.unwrap_or(who.subject().as_str()).to_owned()
}

async fn style() -> impl Responder {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("../web/style.css"))
}

fn html(status: StatusCode, page: &impl Template) -> actix_web::Result<HttpResponse> {
    let page = page.render().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .content_type("text/html; charset=utf-8")
        .body(page))
}
