//! An app in which more than one handle checks tokens: each guard asks the nearest.

use actix_web::{App, http::StatusCode, test, web};
use rf::oauth2::{AccessToken, RequireScope, ResourceServer, ScopeGuard, Scoped};
use rf::require_scope;

use crate::apart::token_of;
use crate::site::Site;

#[derive(ScopeGuard)]
#[scope("read")]
struct Read;

async fn extracted(token: AccessToken) -> String {
    token.claims().aud.clone()
}

async fn scoped(token: Scoped<Read>) -> String {
    token.claims().aud.clone()
}

#[require_scope("read")]
async fn attribute(token: AccessToken) -> String {
    token.claims().aud.clone()
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/extracted", web::get().to(extracted))
        .route("/scoped", web::get().to(scoped))
        .route("/attribute", web::get().to(attribute))
        .service(
            web::scope("/wrapped")
                .wrap(RequireScope::all("read"))
                .route("", web::get().to(|| async { "" })),
        );
}

const ROUTES: [&str; 4] = ["extracted", "scoped", "attribute", "wrapped"];

fn api(issuer: &Site, audience: &str) -> ResourceServer {
    let clock = issuer.server.clock().clone();
    ResourceServer::builder(&issuer.base)
        .audience(audience)
        .clock(move || {
            std::time::UNIX_EPOCH
                + std::time::Duration::from_millis(clock.now().as_millis().unsigned_abs())
        })
        .build()
        .unwrap()
}

async fn answers(
    ask: impl AsyncFn(test::TestRequest) -> StatusCode,
    below: &str,
    token: &str,
    expected: StatusCode,
) {
    // Twice: what was found out about a token before is believed by another way.
    for path in ROUTES.into_iter().chain(ROUTES) {
        let path = format!("{below}/{path}");
        let request = test::TestRequest::get()
            .uri(&path)
            .insert_header(("authorization", format!("Bearer {token}")));
        assert_eq!(ask(request).await, expected, "{path}");
    }
}

#[actix_web::test]
async fn a_token_that_an_outer_guard_let_through_is_checked_again_by_the_nearer_resource_server() {
    let issuer = Site::start().await;
    let token = token_of(&issuer, "read").await;
    let (public, admin) = (api(&issuer, "test"), api(&issuer, "admin"));
    let app = App::new()
        .wrap(RequireScope::any_token())
        .configure(public.state())
        .configure(routes)
        .service(
            web::scope("/admin")
                .configure(admin.state())
                .configure(routes),
        );
    let app = test::init_service(app).await;
    let ask = async |request: test::TestRequest| {
        let answer = test::try_call_service(&app, request.to_request()).await;
        answer.map_or_else(
            |error| error.error_response().status(),
            |answer| answer.status(),
        )
    };
    answers(&ask, "", &token, StatusCode::OK).await;
    answers(&ask, "/admin", &token, StatusCode::UNAUTHORIZED).await;
}

#[actix_web::test]
async fn a_token_of_the_server_in_the_app_is_none_where_another_issuer_is_nearer() {
    let issuer = Site::start().await;
    let token = token_of(&issuer, "read").await;
    let admin = api(&issuer, "admin");
    let app = App::new()
        .wrap(RequireScope::any_token())
        .configure(issuer.server.state())
        .service(
            web::scope("/stated")
                .configure(admin.state())
                .configure(routes),
        )
        .service(
            web::scope("/plain")
                .app_data(web::Data::new(admin.clone()))
                .configure(routes),
        );
    let app = test::init_service(app).await;
    let ask = async |request: test::TestRequest| {
        let answer = test::try_call_service(&app, request.to_request()).await;
        answer.map_or_else(
            |error| error.error_response().status(),
            |answer| answer.status(),
        )
    };
    answers(&ask, "/stated", &token, StatusCode::UNAUTHORIZED).await;
    answers(&ask, "/plain", &token, StatusCode::UNAUTHORIZED).await;
}

#[actix_web::test]
async fn the_server_is_asked_where_it_is_nearer_than_a_resource_server() {
    let issuer = Site::start().await;
    let token = token_of(&issuer, "read").await;
    let (known, foreign) = (api(&issuer, "test"), api(&issuer, "admin"));
    let nearer = || {
        web::scope("/near")
            .configure(issuer.server.state())
            .configure(routes)
    };
    let app = App::new()
        .configure(foreign.state())
        .configure(routes)
        .service(nearer());
    let app = test::init_service(app).await;
    let ask = async |request: test::TestRequest| {
        let answer = test::try_call_service(&app, request.to_request()).await;
        answer.map_or_else(
            |error| error.error_response().status(),
            |answer| answer.status(),
        )
    };
    answers(&ask, "", &token, StatusCode::UNAUTHORIZED).await;
    answers(&ask, "/near", &token, StatusCode::OK).await;
    // Good by both, and seen to be so by each: a revocation is known to the server at once.
    let app = App::new()
        .wrap(RequireScope::any_token())
        .configure(known.state())
        .configure(routes)
        .service(nearer());
    let app = test::init_service(app).await;
    let ask = async |request: test::TestRequest| {
        let answer = test::try_call_service(&app, request.to_request()).await;
        answer.map_or_else(
            |error| error.error_response().status(),
            |answer| answer.status(),
        )
    };
    answers(&ask, "/near", &token, StatusCode::OK).await;
    issuer
        .server
        .disable_client(&"service".into())
        .await
        .unwrap();
    answers(&ask, "", &token, StatusCode::OK).await;
    answers(&ask, "/near", &token, StatusCode::UNAUTHORIZED).await;
}
