//! The servers under load, one kind a process, one worker on one core.

use crate::{Fault, process::keep_on_core};
use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    test,
    web::{self, Data, ServiceConfig},
};
use actix_web_prom::PrometheusMetricsBuilder;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rf::{
    logging::{Format, Logger, Output},
    metrics::Metrics,
    oauth2::{AccessToken, Client, GrantType, OAuth2Server, TokenParams},
};
use serde::Deserialize;
use std::path::Path;

/// Serves until it is killed, and prints its address and a token.
pub(crate) fn run(kind: &str, folder: &Path) -> Result<(), Fault> {
    keep_on_core(0)?;
    actix_web::rt::System::new().block_on(serve(kind, folder))
}

async fn serve(kind: &str, folder: &Path) -> Result<(), Fault> {
    let (oauth2, token) = authorization_server().await?;
    match kind {
        "bare" => listen(move || App::new().configure(bare), &token).await,
        "prom" => {
            let prom = PrometheusMetricsBuilder::new("api")
                .endpoint("/metrics")
                .build()
                .map_err(|error| error.to_string())?;
            listen(
                move || App::new().wrap(prom.clone()).configure(bare),
                &token,
            )
            .await
        }
        "ours" => {
            let metrics = Metrics::new();
            let app = move || {
                App::new()
                    .wrap(metrics.middleware())
                    .configure(metrics.state())
                    .configure(bare)
            };
            listen(app, &token).await
        }
        "guard" => {
            let app = move || App::new().configure(oauth2.state()).configure(guarded);
            listen(app, &token).await
        }
        "everything" => {
            let metrics = Metrics::new();
            let logger = Logger::builder()
                .format(Format::Json)
                .output(Output::File(folder.join("everything.log")))
                .with_request_id()
                .build()?;
            let app = move || {
                App::new()
                    .wrap(metrics.middleware())
                    .wrap(logger.middleware())
                    .configure(metrics.state())
                    .configure(oauth2.state())
                    .configure(guarded)
            };
            listen(app, &token).await
        }
        "assembled" => {
            let prom = PrometheusMetricsBuilder::new("api")
                .endpoint("/metrics")
                .build()
                .map_err(|error| error.to_string())?;
            let file = std::fs::File::create(folder.join("assembled.log"))?;
            let (writer, _flusher) = tracing_appender::non_blocking(file);
            tracing_subscriber::fmt().json().with_writer(writer).init();
            let checker = Data::new(Checker::new(&oauth2).await?);
            let app = move || {
                App::new()
                    .wrap(prom.clone())
                    .wrap(tracing_actix_web::TracingLogger::default())
                    .app_data(checker.clone())
                    .route("/orders/{id}", web::get().to(checked))
            };
            listen(app, &token).await
        }
        _ => Err(format!("there is no server {kind}").into()),
    }
}

async fn listen<T, B>(
    app: impl Fn() -> App<T> + Send + Clone + 'static,
    token: &str,
) -> Result<(), Fault>
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let server = HttpServer::new(app)
        .workers(1)
        .tcp_nodelay(true)
        .bind("127.0.0.1:0")?;
    println!("{}\n{token}", server.addrs()[0]);
    Ok(server.run().await?)
}

fn bare(cfg: &mut ServiceConfig) {
    cfg.route("/orders/{id}", web::get().to(|| async { "ok" }));
}

#[rf::require_scope("orders:read")]
async fn order(_token: AccessToken) -> &'static str {
    "ok"
}

fn guarded(cfg: &mut ServiceConfig) {
    cfg.route("/orders/{id}", web::get().to(order));
}

async fn authorization_server() -> Result<(OAuth2Server, String), Fault> {
    let db = rf::oauth2::connect("sqlite::memory:", 1).await?;
    let server = OAuth2Server::builder(db).build().await?;
    let client = Client {
        id: "bench".into(),
        secret: Some("a secret of the bench".into()),
        grants: vec![GrantType::ClientCredentials],
        scopes: "orders:read".parse()?,
        ..Default::default()
    };
    server.register_client(client).await?;
    let params = TokenParams {
        grant_type: Some("client_credentials".into()),
        client_id: Some("bench".into()),
        client_secret: Some("a secret of the bench".into()),
        ..Default::default()
    };
    let tokens = server.issue_token(params).await?;
    Ok((server, tokens.access_token))
}

/// What one writes with jsonwebtoken alone: a key, and a check at every request.
struct Checker {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    x: String,
    y: String,
}

#[derive(Deserialize)]
struct Claims {
    scope: String,
}

impl Checker {
    async fn new(server: &OAuth2Server) -> Result<Self, Fault> {
        let app = App::new().configure(server.state()).configure(rf::oauth2);
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/oauth/jwks").to_request();
        let keys: Jwks = test::call_and_read_body_json(&app, request).await;
        let key = keys.keys.first().ok_or("there is no key")?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&["http://127.0.0.1:8080"]);
        validation.set_audience(&["http://127.0.0.1:8080"]);
        Ok(Self {
            key: DecodingKey::from_ec_components(&key.x, &key.y)?,
            validation,
        })
    }
}

async fn checked(request: HttpRequest, checker: Data<Checker>) -> HttpResponse {
    let shown = request.headers().get(AUTHORIZATION);
    let token = shown
        .and_then(|shown| shown.to_str().ok())
        .and_then(|shown| shown.strip_prefix("Bearer "));
    let claims = token.and_then(|token| {
        jsonwebtoken::decode::<Claims>(token, &checker.key, &checker.validation).ok()
    });
    match claims {
        Some(token)
            if token
                .claims
                .scope
                .split(' ')
                .any(|scope| scope == "orders:read") =>
        {
            HttpResponse::Ok().body("ok")
        }
        Some(_) => HttpResponse::Forbidden().finish(),
        None => HttpResponse::Unauthorized().finish(),
    }
}
