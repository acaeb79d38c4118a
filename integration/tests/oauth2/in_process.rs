//! The `oauth2` crate against an actix test service: no socket, and therefore an issuer by https.

use actix_web::{App, test};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername,
    RevocationUrl, Scope, StandardDeviceAuthorizationResponse, StandardRevocableToken,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType},
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
        "password_grant": true,
        "clients": [
            { "id": "web:1", "secret": "s e+c%ret", "grants": ["authorization_code", "refresh_token", "client_credentials"],
              "scopes": ["read", "write"], "redirect_uris": [CALLBACK], "first_party": true },
            { "id": "spa", "grants": ["authorization_code", "refresh_token"], "scopes": ["read"],
              "redirect_uris": [CALLBACK], "first_party": true },
            { "id": "old", "secret": "old secret", "grants": ["password", "refresh_token"], "scopes": ["read"] },
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

#[actix_web::test]
async fn the_oauth2_crate_signs_people_in_by_their_password_where_that_is_switched_on() {
    let (server, _database) = server().await;
    let app = test::init_service(App::new().configure(server.state()).configure(rf::oauth2)).await;
    let http = wire!(app);
    let old = client("old").set_client_secret(ClientSecret::new("old secret".into()));
    let name = ResourceOwnerUsername::new("demo".into());
    let password = ResourceOwnerPassword::new("demo".into());
    let tokens = old
        .exchange_password(&name, &password)
        .add_scope(Scope::new("read".into()))
        .request_async(&http)
        .await
        .unwrap();
    let known = (old.introspect(tokens.access_token()))
        .request_async(&http)
        .await
        .unwrap();
    assert_eq!((known.active(), known.sub()), (true, Some("demo")));
    let renewed = old
        .exchange_refresh_token(tokens.refresh_token().unwrap())
        .request_async(&http)
        .await
        .unwrap();
    let refresh = renewed.refresh_token().unwrap().clone();
    old.revoke_token(refresh.into())
        .unwrap()
        .request_async(&http)
        .await
        .unwrap();
    for token in [&tokens, &renewed] {
        let asking = old.introspect(token.access_token());
        let known = asking.request_async(&http).await.unwrap();
        assert!(!known.active(), "the family is revoked");
    }

    let wrong = ResourceOwnerPassword::new("wrong".into());
    let refused = (old.exchange_password(&name, &wrong))
        .request_async(&http)
        .await;
    assert_eq!(refused_as(refused), BasicErrorResponseType::InvalidGrant);
    // What one client may, another may not: it is for old apps of one's own.
    let web = client("web:1").set_client_secret(ClientSecret::new("s e+c%ret".into()));
    let refused = (web.exchange_password(&name, &password))
        .request_async(&http)
        .await;
    let expected = BasicErrorResponseType::UnauthorizedClient;
    assert_eq!(refused_as(refused), expected);
}

/// The implicit grant is gone (RFC 9700 §2.1.2), and there is no device grant (RFC 8628): who asks is told so.
#[actix_web::test]
async fn the_flows_of_the_oauth2_crate_that_there_are_not_are_refused_in_the_words_of_the_rfc() {
    let (server, _database) = server().await;
    let app = test::init_service(App::new().configure(server.state()).configure(rf::oauth2)).await;
    let http = wire!(app);
    let web = client("web:1").set_client_secret(ClientSecret::new("s e+c%ret".into()));

    let (url, state) = web
        .authorize_url(CsrfToken::new_random)
        .use_implicit_flow()
        .url();
    let asked = format!("{}?{}", url.path(), url.query().unwrap());
    let sent = test::TestRequest::with_uri(&asked).to_request();
    let answer = test::call_service(&app, sent).await;
    let back = answer.headers().get("location").unwrap().to_str().unwrap();
    assert!(back.starts_with(CALLBACK), "{back}");
    assert!(back.contains("error=unsupported_response_type"), "{back}");
    assert!(
        back.contains(&format!("state={}", state.secret())),
        "{back}"
    );
    assert!(!back.contains("access_token"), "{back}");

    // No metadata names a place to ask for a device code; whoever has one from elsewhere cannot redeem it.
    let sent = test::TestRequest::with_uri("/.well-known/oauth-authorization-server");
    let metadata: serde_json::Value = test::call_and_read_body_json(&app, sent.to_request()).await;
    assert_eq!(metadata["issuer"], ISSUER);
    assert!(metadata.get("device_authorization_endpoint").is_none());
    let code: StandardDeviceAuthorizationResponse = serde_json::from_value(json!({
        "device_code": "abc", "user_code": "ABC-DEF", "verification_uri": "https://id.example.com/device",
        "expires_in": 60, "interval": 1,
    }))
    .unwrap();
    let url = DeviceAuthorizationUrl::new(format!("{ISSUER}/oauth/device")).unwrap();
    let device = web.set_device_authorization_url(url);
    let refused = device
        .exchange_device_access_token(&code)
        .request_async(&http, |_| std::future::ready(()), None)
        .await;
    let RequestTokenError::ServerResponse(refusal) = refused.unwrap_err() else {
        panic!("no answer of the server");
    };
    let refusal = serde_json::to_value(&refusal).unwrap();
    assert_eq!(refusal["error"], "unsupported_grant_type");
}

fn refused_as<T: std::fmt::Debug>(
    answer: Result<
        T,
        RequestTokenError<Infallible, oauth2::StandardErrorResponse<BasicErrorResponseType>>,
    >,
) -> BasicErrorResponseType {
    match answer.unwrap_err() {
        RequestTokenError::ServerResponse(refusal) => refusal.error().clone(),
        other => panic!("{other:?}"),
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
