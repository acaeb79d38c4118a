//! Our server under load, in a process of its own, on one worker and SQLite.

use crate::{Fault, process::keep_on_core};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, web};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use rf::oauth2::{
    AccessToken, AuthorizationCode, Client, CodeChallenge, Digest, Grant, GrantId, GrantType,
    OAuth2Server, OAuth2Settings, TestDatabase, TokenKind, TokenParams, generate,
};
use std::time::Duration;

pub(crate) const CLIENT: &str = "bench";
pub(crate) const SECRET: &str = "bench-secret";
/// As many as there are connections: each has a family of its own.
const FAMILIES: usize = crate::load::CONNECTIONS;
// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://bench.example.com/cb";

/// Serves until it is killed, and prints its address and its refresh tokens.
pub(crate) fn run(format: &str, algorithm: &str, check: &str) -> Result<(), Fault> {
    keep_on_core(0)?;
    let settings = serde_json::json!({
        "issuer": "http://127.0.0.1:8080",
        "access_token": { "format": format, "algorithm": algorithm, "check": check },
        "users": [{ "name": "ada", "password": "lovelace" }],
    });
    let settings: OAuth2Settings = serde_json::from_value(settings)?;
    actix_web::rt::System::new().block_on(serve(settings))
}

async fn serve(settings: OAuth2Settings) -> Result<(), Fault> {
    let database = TestDatabase::new().await?;
    let oauth = OAuth2Server::builder(database.connect(10).await?)
        .settings(settings)
        .build()
        .await?;
    oauth
        .register_client(Client {
            id: CLIENT.into(),
            secret: Some(SECRET.into()),
            grants: vec![
                GrantType::ClientCredentials,
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
            ],
            redirect_uris: vec![REDIRECT.parse()?],
            scopes: "read".parse()?,
            ..Client::default()
        })
        .await?;
    let mut tokens = Vec::new();
    for _ in 0..FAMILIES {
        tokens.push(refresh_token(&oauth).await?);
    }
    let key = public_key(&oauth).await?;
    let server = HttpServer::new(move || {
        App::new()
            .configure(oauth.state())
            .configure(rf::oauth2)
            .app_data(web::Data::new(key.clone()))
            .route("/bare", web::get().to(bare))
            .route("/guarded", web::get().to(guarded))
            .route("/jsonwebtoken", web::get().to(by_jsonwebtoken))
    })
    .workers(1)
    .tcp_nodelay(true)
    .bind("127.0.0.1:0")?;
    println!("{}", server.addrs()[0]);
    for token in tokens {
        println!("{token}");
    }
    println!();
    Ok(server.run().await?)
}

/// Does nothing; the request has a token all the same.
async fn bare() -> impl Responder {
    "ok"
}

async fn guarded(_: AccessToken) -> impl Responder {
    "ok"
}

/// What an app does by hand: the signature and the claims, each time, and nothing about revocation.
async fn by_jsonwebtoken(
    request: HttpRequest,
    key: web::Data<Option<DecodingKey>>,
) -> HttpResponse {
    let token = request.headers().get("authorization");
    let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&["http://127.0.0.1:8080"]);
    validation.set_audience(&["http://127.0.0.1:8080"]);
    let good = token
        .zip(key.as_ref().as_ref())
        .is_some_and(|(token, key)| decode::<serde_json::Value>(token, key, &validation).is_ok());
    if good {
        HttpResponse::Ok().body("ok")
    } else {
        HttpResponse::Unauthorized().finish()
    }
}

/// The key as another process sees it.
async fn public_key(oauth: &OAuth2Server) -> Result<Option<DecodingKey>, Fault> {
    let app =
        actix_web::test::init_service(App::new().configure(oauth.state()).configure(rf::oauth2))
            .await;
    let request = actix_web::test::TestRequest::get()
        .uri("/oauth/jwks")
        .to_request();
    let set: jsonwebtoken::jwk::JwkSet =
        actix_web::test::call_and_read_body_json(&app, request).await;
    Ok(set.keys.first().map(DecodingKey::from_jwk).transpose()?)
}

async fn refresh_token(oauth: &OAuth2Server) -> Result<String, Fault> {
    let now = oauth.clock().now();
    let grant = Grant {
        id: GrantId::generate(),
        client_id: CLIENT.into(),
        subject: "ada".into(),
        scope: "read".parse()?,
        auth_time: now,
        created_at: now,
        expires_at: now.plus(Duration::from_secs(86_400)),
        revoked_at: None,
    };
    let secret = generate(TokenKind::Code);
    let code = AuthorizationCode {
        hash: Digest::of(secret.expose()),
        grant_id: grant.id.clone(),
        client_id: CLIENT.into(),
        redirect_uri: REDIRECT.to_owned(),
        redirect_uri_sent: true,
        code_challenge: Some(CodeChallenge::new(CHALLENGE)?),
        issued_at: now,
        expires_at: now.plus(Duration::from_secs(60)),
        consumed_at: None,
    };
    oauth.store().insert_code(&grant, &code).await?;
    let tokens = oauth
        .issue_token(TokenParams {
            grant_type: Some("authorization_code".into()),
            client_id: Some(CLIENT.into()),
            client_secret: Some(SECRET.into()),
            code: Some(secret),
            redirect_uri: Some(REDIRECT.into()),
            code_verifier: Some(VERIFIER.into()),
            ..TokenParams::default()
        })
        .await?;
    tokens
        .refresh_token
        .ok_or_else(|| "no refresh token".into())
}
