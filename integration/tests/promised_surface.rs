//! The surface that the first users were shown: every line of it is used for real, so that none drifts.
#![allow(clippy::unwrap_used, reason = "tests")]

use actix_web::{App, HttpResponse, Responder, get, http::StatusCode, test, web};
use rf::{logging::*, metrics::*, oauth2::*, require_scope, storage::*};
use std::{error::Error as StdError, time::Duration};

type Anything = Result<(), Box<dyn StdError>>;

#[actix_web::test]
async fn files() -> Anything {
    let folder = tempfile::tempdir()?;
    let local = LocalStorage::new(folder.path())?;
    let storage = Disks::builder()
        .settings(serde_json::from_value(
            serde_json::json!({ "disks": { "files": { "driver": "memory", "serve": "/files" } } }),
        )?)
        .disk("files", local)
        .url_key(b"sixteen bytes or more")
        .build()?
        .default_disk();
    let contents = "a document";
    storage.put("uploads/document.pdf", contents).await?;
    let read = storage.get("uploads/document.pdf").await?;
    assert_eq!(read, contents);
    let url = storage
        .signed_url("uploads/document.pdf", Duration::from_secs(3600))
        .await?;
    assert!(url.url.starts_with("/files/uploads/document.pdf?"));
    let files = storage.list("uploads/").await?;
    assert_eq!(files.len(), 1);
    storage.delete("uploads/document.pdf").await?;
    assert!(!storage.exists("uploads/document.pdf").await?);
    Ok(())
}

async fn authorize(
    params: web::Query<AuthorizeParams>,
    oauth: web::Data<OAuth2Server>,
) -> HttpResponse {
    oauth.authorize(params.into_inner()).await
}

async fn token(
    params: web::Form<TokenParams>,
    oauth: web::Data<OAuth2Server>,
) -> Result<web::Json<TokenResponse>, OAuthError> {
    Ok(web::Json(oauth.issue_token(params.into_inner()).await?))
}

async fn protected(
    token: BearerToken,
    oauth: web::Data<OAuth2Server>,
) -> Result<web::Json<Claims>, AuthError> {
    Ok(web::Json(oauth.validate_token(token.token()).await?))
}

#[get("/orders")]
#[require_scope("orders:read")]
async fn orders() -> impl Responder {
    "[]"
}

#[derive(rf::ScopeGuard)]
#[scope("orders:read")]
struct ReadOrders;

#[get("/guarded")]
async fn guarded(_guard: ReadOrders) -> impl Responder {
    "[]"
}

#[actix_web::test]
async fn tokens() -> Anything {
    let folder = tempfile::tempdir()?;
    let settings = OAuth2Settings {
        database_url: Some(format!(
            "sqlite://{}",
            folder.path().join("app.db").display()
        )),
        ..OAuth2Settings::default()
    };
    let oauth = OAuth2Server::new(settings).await?;
    oauth
        .register_client(Client {
            id: "client-123".into(),
            secret: Some("secret".into()),
            redirect_uris: vec!["https://app.example.com/callback".parse()?],
            grants: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
            scopes: "orders:read orders:write".parse()?,
            ..Default::default()
        })
        .await?;
    let app = App::new()
        .configure(oauth.state())
        .route("/my/authorize", web::get().to(authorize))
        .route("/my/token", web::post().to(token))
        .route("/my/claims", web::get().to(protected))
        .service(orders)
        .service(guarded)
        .configure(rf::oauth2);
    let app = test::init_service(app).await;

    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "client-123"),
        ("client_secret", "secret"),
        ("scope", "orders:read"),
    ];
    let request = test::TestRequest::post()
        .uri("/my/token")
        .set_form(form)
        .to_request();
    let answer: serde_json::Value = test::call_and_read_body_json(&app, request).await;
    let bearer = (
        "authorization",
        format!("Bearer {}", answer["access_token"].as_str().unwrap()),
    );
    for path in ["/my/claims", "/orders", "/guarded"] {
        let request = test::TestRequest::get()
            .uri(path)
            .insert_header(bearer.clone())
            .to_request();
        assert_eq!(
            test::call_service(&app, request).await.status(),
            StatusCode::OK,
            "{path}"
        );
        let request = test::TestRequest::get().uri(path).to_request();
        assert_eq!(
            test::call_service(&app, request).await.status(),
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
    let request = test::TestRequest::get()
        .uri("/my/authorize?client_id=nobody")
        .to_request();
    assert_eq!(
        test::call_service(&app, request).await.status(),
        StatusCode::BAD_REQUEST
    );
    Ok(())
}

#[actix_web::test]
async fn logs() -> Anything {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("app.log");
    let logger = Logger::builder()
        .level(Level::Info)
        .format(Format::Json)
        .output(Output::File(file.clone()))
        .with_request_id()
        .build()?;
    logger.install()?;
    let ip = "127.0.0.1";
    rf::info!("user logged in"; "user_id" => 7, "action" => "login", "ip" => %ip);
    drop(rf::timed!("database_query"));
    logger.shutdown()?;
    let text = std::fs::read_to_string(file)?;
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    assert_eq!(lines[0]["action"], "login");
    assert!(text.contains("database_query"));
    Ok(())
}

#[actix_web::test]
async fn metrics() -> Anything {
    let metrics = Metrics::new();
    metrics
        .counter("requests_total")
        .with_label("method", "GET")
        .inc();
    metrics.gauge("active_connections").set(42);
    metrics.histogram("request_duration_seconds").observe(0.123);
    let app = App::new()
        .wrap(MetricsMiddleware::new(metrics.clone()))
        .configure(metrics.state())
        .configure(rf::metrics);
    let app = test::init_service(app).await;
    let request = test::TestRequest::get().uri("/metrics").to_request();
    let text = String::from_utf8(test::call_and_read_body(&app, request).await.to_vec())?;
    assert!(
        text.contains("requests_total{method=\"GET\"} 1") && text.contains("active_connections 42")
    );
    Ok(())
}
