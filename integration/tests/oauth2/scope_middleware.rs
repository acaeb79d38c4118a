//! `RequireScope` round whole scopes, and `acting_as` in place of a token.

use actix_web::{App, HttpResponse, test, web};
use rf::oauth2::{
    AccessToken, BearerToken, Principal, RequireScope, ScopeGuard, Scoped,
    testing::{acting_as, acting_as_client},
};
use rf::require_scope;

use crate::site::Site;

#[derive(ScopeGuard)]
#[scope("files:write")]
struct WriteFiles;

async fn list(token: AccessToken) -> String {
    token.subject().to_owned()
}

async fn read_body(_: String) -> HttpResponse {
    panic!("the body must not be read before the token is checked")
}

async fn write(body: Scoped<WriteFiles, String>) -> String {
    body.into_inner()
}

#[require_scope("files:*")]
async fn any_file(token: AccessToken) -> String {
    format!("{:?}", token.principal())
}

async fn raw(token: BearerToken) -> String {
    token.token().len().to_string()
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/files")
            .wrap(RequireScope::all("files:read profile"))
            .route("", web::get().to(list))
            .route("", web::post().to(read_body))
            .service(
                web::scope("/admin")
                    .wrap(RequireScope::any("admin files:manage"))
                    .route("", web::get().to(list)),
            ),
    )
    .service(
        web::scope("/token")
            .wrap(RequireScope::any_token())
            .route("", web::get().to(list)),
    )
    .service(
        web::scope("/family")
            .wrap(RequireScope::all("files:*"))
            .route("", web::get().to(list)),
    )
    .route("/write", web::post().to(write))
    .route("/any", web::get().to(any_file))
    .route("/raw", web::get().to(raw));
}

fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}

#[actix_web::test]
async fn a_middleware_guards_a_whole_scope_and_answers_with_the_right_challenge() {
    let app = test::init_service(App::new().configure(routes)).await;
    let ask = async |path: &str, scopes: &str| {
        let answer = test::call_service(&app, acting_as("ada", scopes).request(get(path))).await;
        let challenge = answer.headers().get("www-authenticate");
        (
            answer.status().as_u16(),
            challenge
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
        )
    };
    for (path, scopes) in [
        ("/files", "files:read profile"),
        ("/files", "files:* profile more"),
        ("/files/admin", "files:read profile admin"),
        ("/files/admin", "files:read profile files:manage"),
        ("/token", ""),
        ("/family", "files:read"),
    ] {
        assert_eq!(
            ask(path, scopes).await,
            (200, String::new()),
            "{path} {scopes}"
        );
    }
    for (path, scopes, wanted) in [
        ("/files", "files:read", "files:read profile"),
        ("/files", "", "files:read profile"),
        ("/files/admin", "files:read profile", "admin files:manage"),
        ("/files/admin", "admin", "files:read profile"),
        ("/family", "filesystem:read", "files:*"),
    ] {
        let (status, challenge) = ask(path, scopes).await;
        assert_eq!(status, 403, "{path} {scopes}");
        assert!(
            challenge.contains("error=\"insufficient_scope\""),
            "{challenge}"
        );
        assert!(
            challenge.ends_with(&format!("scope=\"{wanted}\"")),
            "{challenge}"
        );
    }
    // A body that nobody may send is not read.
    let request = test::TestRequest::post().uri("/files").set_payload("x");
    assert_eq!(
        test::call_service(&app, acting_as("ada", "profile").request(request))
            .await
            .status(),
        403
    );
}

#[actix_web::test]
async fn a_middleware_asks_for_a_real_token_where_nobody_acts() {
    let site = Site::serve(routes).await;
    let http = reqwest::Client::new();
    let answer = http
        .get(format!("{}/files", site.base))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"api\"");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let answer = http
        .get(format!("{}/files", site.base))
        .bearer_auth("acting-in-a-test")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
    let token = crate::apart::token_of(&site, "read").await;
    let answer = http
        .get(format!("{}/token", site.base))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), "service");
    site.stop().await;
}

#[actix_web::test]
#[should_panic(expected = "service initialization failed")]
async fn a_guard_that_cannot_be_read_keeps_the_app_from_starting() {
    let files = web::scope("/files").wrap(RequireScope::all("files\"read"));
    test::init_service(App::new().service(files.route("", web::get().to(list)))).await;
}

#[actix_web::test]
async fn a_test_acts_as_a_person_or_a_client_without_a_token_round_trip() {
    let app = test::init_service(App::new().configure(routes)).await;
    let ada = acting_as("ada", "files:write")
        .through("shop")
        .claim("tenant", "acme");
    let request = ada.request(test::TestRequest::post().uri("/write").set_payload("hello"));
    assert_eq!(test::call_and_read_body(&app, request).await, "hello");
    let request = ada.request(get("/any"));
    let person = format!("{:?}", Principal::User("ada".into()));
    assert_eq!(test::call_and_read_body(&app, request).await, person);
    let client = acting_as_client("nightly-job", "files:read");
    let service = format!("{:?}", Principal::Client("nightly-job".into()));
    assert_eq!(
        test::call_and_read_body(&app, client.request(get("/any"))).await,
        service
    );
    assert_eq!(
        test::call_service(&app, client.request(get("/raw")))
            .await
            .status(),
        200
    );
    let request = client.request(test::TestRequest::post().uri("/write").set_payload("hello"));
    assert_eq!(test::call_service(&app, request).await.status(), 403);
}

#[actix_web::test]
async fn a_whole_app_acts_as_somebody_unless_a_request_acts_as_another() {
    let app = test::init_service(
        App::new()
            .wrap(acting_as("ada", "files:read"))
            .configure(routes),
    )
    .await;
    assert_eq!(
        test::call_and_read_body(&app, get("/family").to_request()).await,
        "ada"
    );
    let request = acting_as("bob", "files:read").request(get("/family"));
    assert_eq!(test::call_and_read_body(&app, request).await, "bob");
}
