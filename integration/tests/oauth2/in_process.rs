//! The `oauth2` crate against an actix test service: no socket, and therefore an issuer by https.

use actix_web::{App, test};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IntrospectionUrl, PkceCodeVerifier, RedirectUrl, RefreshToken, RevocationUrl,
    Scope, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::BasicClient,
};
use rf::oauth2::{OAuth2Server, OAuth2Settings, TestDatabase, connect};
use serde_json::json;
use std::convert::Infallible;

use crate::site::VERIFIER;

const ISSUER: &str = "https://id.example.com";
const CALLBACK: &str = "https://app.example.com/cb";

type Configured = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

async fn server() -> (OAuth2Server, TestDatabase) {
    let settings: OAuth2Settings = serde_json::from_value(json!({
        "issuer": ISSUER,
        "scopes": { "read": "Read", "write": "Write" },
        "users": [{ "name": "demo", "password": "demo" }],
        "clients": [
            { "id": "web:1", "secret": "s e+c%ret", "grants": ["authorization_code", "refresh_token", "client_credentials"],
              "scopes": ["read", "write"], "redirect_uris": [CALLBACK], "first_party": true },
            { "id": "spa", "grants": ["authorization_code", "refresh_token"], "scopes": ["read"],
              "redirect_uris": [CALLBACK], "first_party": true },
        ],
    }))
    .unwrap();
    let database = TestDatabase::new().await.unwrap();
    let db = connect(database.url(), 4).await.unwrap();
    let server = OAuth2Server::builder(db)
        .settings(settings)
        .build()
        .await
        .unwrap();
    (server, database)
}

fn client(id: &str) -> Configured {
    let at = |path: &str| format!("{ISSUER}/oauth/{path}");
    BasicClient::new(ClientId::new(id.into()))
        .set_auth_uri(AuthUrl::new(at("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revoke")).unwrap())
        .set_redirect_uri(RedirectUrl::new(CALLBACK.into()).unwrap())
}

/// Gives what the crate wants to send to the app, and what the app answers to the crate.
macro_rules! wire {
    ($app:ident) => {
        |request: HttpRequest| async {
            let (head, body) = request.into_parts();
            let mut sent = test::TestRequest::with_uri(head.uri.path())
                .method(head.method.as_str().parse().unwrap())
                .set_payload(body);
            for (name, value) in &head.headers {
                sent = sent.append_header((name.as_str(), value.as_bytes()));
            }
            let answer = test::call_service(&$app, sent.to_request()).await;
            let mut told = oauth2::http::Response::builder().status(answer.status().as_u16());
            for (name, value) in answer.headers() {
                told = told.header(name.as_str(), value.as_bytes());
            }
            let body = test::read_body(answer).await.to_vec();
            let told: HttpResponse = told.body(body).unwrap();
            Ok::<_, Infallible>(told)
        }
    };
}

#[actix_web::test]
async fn the_oauth2_crate_completes_every_flow_within_the_process() {
    let (server, _database) = server().await;
    let app = test::init_service(App::new().configure(server.state()).configure(rf::oauth2)).await;
    let http = wire!(app);

    // For itself, with credentials that must be encoded.
    let web = client("web:1").set_client_secret(ClientSecret::new("s e+c%ret".into()));
    let own = web
        .exchange_client_credentials()
        .add_scope(Scope::new("read".into()))
        .request_async(&http)
        .await
        .unwrap();
    assert!(own.refresh_token().is_none());
    let known = web
        .introspect(own.access_token())
        .request_async(&http)
        .await
        .unwrap();
    assert!(known.active() && known.client_id().map(|id| id.as_str()) == Some("web:1"));
    web.revoke_token(own.access_token().clone().into())
        .unwrap()
        .request_async(&http)
        .await
        .unwrap();
    let known = web
        .introspect(own.access_token())
        .request_async(&http)
        .await
        .unwrap();
    assert!(!known.active());

    // For a person, by a client with a secret and by one without.
    for (id, client) in [("web:1", web.clone()), ("spa", client("spa"))] {
        let code = code(&server, id).await;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(VERIFIER.into()))
            .request_async(&http)
            .await
            .unwrap();
        let renewed = client
            .exchange_refresh_token(tokens.refresh_token().unwrap())
            .request_async(&http)
            .await
            .unwrap();
        assert_ne!(
            renewed.access_token().secret(),
            tokens.access_token().secret()
        );
        let known = client
            .introspect(renewed.access_token())
            .request_async(&http)
            .await
            .unwrap();
        assert_eq!((known.active(), known.sub()), (true, Some("demo")), "{id}");
        let refresh: RefreshToken = renewed.refresh_token().unwrap().clone();
        client
            .revoke_token(StandardRevocableToken::from(refresh.clone()))
            .unwrap()
            .request_async(&http)
            .await
            .unwrap();
        assert!(
            !client
                .introspect(renewed.access_token())
                .request_async(&http)
                .await
                .unwrap()
                .active()
        );
        let refused = client
            .exchange_refresh_token(&refresh)
            .request_async(&http)
            .await
            .unwrap_err();
        assert!(
            format!("{refused:?}").contains("invalid_grant"),
            "{refused:?}"
        );
    }
}

/// A code as the authorization endpoint makes it.
async fn code(server: &OAuth2Server, client_id: &str) -> String {
    use rf::oauth2::{
        AuthorizationCode, CodeChallenge, Digest, Grant, GrantId, TokenKind, generate,
    };
    let now = server.clock().now();
    let later = now.plus(std::time::Duration::from_secs(60));
    let grant = Grant {
        id: GrantId::generate(),
        client_id: client_id.into(),
        subject: "demo".into(),
        scope: "read".parse().unwrap(),
        auth_time: now,
        created_at: now,
        expires_at: later,
        revoked_at: None,
    };
    let secret = generate(TokenKind::Code);
    let code = AuthorizationCode {
        hash: Digest::of(secret.expose()),
        grant_id: grant.id.clone(),
        client_id: client_id.into(),
        redirect_uri: CALLBACK.to_owned(),
        redirect_uri_sent: true,
        code_challenge: Some(CodeChallenge::new(crate::site::CHALLENGE).unwrap()),
        issued_at: now,
        expires_at: later,
        consumed_at: None,
    };
    server.store().insert_code(&grant, &code).await.unwrap();
    secret.expose().to_owned()
}
