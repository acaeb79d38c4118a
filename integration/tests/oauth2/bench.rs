//! A server on a free port, and a client to ask it.

use crate::socket::Socket;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client as Http, RequestBuilder, Response};
use rf::oauth2::{
    AuthorizationCode, Client, CodeChallenge, Digest, Grant, GrantId, GrantType, OAuth2Server,
    OAuth2Settings, TestDatabase, TokenKind, generate,
};
use serde_json::Value;

pub(crate) const ORIGIN: &str = "https://spa.example.com";
pub(crate) const OTHER_ORIGIN: &str = "https://other.example.com";
pub(crate) const REDIRECT: &str = "https://spa.example.com/cb";
// RFC 7636 Appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Bench {
    pub(crate) server: OAuth2Server,
    pub(crate) http: Http,
    base: String,
    _database: TestDatabase,
}

const SETTINGS: &str = r#"
    issuer = "https://id.example.com/tenant"
    scopes = { "read" = "Read", "write" = "Write" }

    [[clients]]
    id = "service"
    secret = "s:e c+ret%"
    grants = ["client_credentials"]
    scopes = ["read", "write"]

    [[clients]]
    id = "spa"
    grants = ["authorization_code", "refresh_token"]
    redirect_uris = ["https://spa.example.com/cb"]
    allowed_origins = ["https://spa.example.com"]
    scopes = ["read"]

    [[clients]]
    id = "other"
    grants = ["authorization_code"]
    redirect_uris = ["https://other.example.com/cb"]
    allowed_origins = ["https://other.example.com"]
    scopes = ["read"]

    [[users]]
    name = "ada"
    password = "lovelace"
"#;

impl Bench {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await.unwrap();
        let settings: OAuth2Settings = toml::from_str(SETTINGS).unwrap();
        let server = OAuth2Server::builder(database.connect(4).await.unwrap())
            .settings(settings)
            .build()
            .await
            .unwrap();
        let socket = Socket::bind();
        let base = socket.base.clone();
        socket.serve(&server, |_| {});
        Self {
            server,
            http: Http::new(),
            base,
            _database: database,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A form, ready to be sent.
    pub(crate) fn form(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    }

    pub(crate) async fn token(&self, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(self.form("/oauth/token", body)).await
    }

    /// The same with an `Authorization` header.
    pub(crate) async fn token_as(&self, header: &str, body: &'static str) -> Answer {
        Answer::of(
            self.form("/oauth/token", body)
                .header(AUTHORIZATION, header),
        )
        .await
    }

    /// A code for `spa`, as the authorization endpoint would make it.
    pub(crate) async fn code(&self) -> String {
        let now = self.server.clock().now();
        let later = now.plus(std::time::Duration::from_secs(60));
        let grant = Grant {
            id: GrantId::generate(),
            client_id: "spa".into(),
            subject: "ada".into(),
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
            client_id: "spa".into(),
            redirect_uri: REDIRECT.to_owned(),
            redirect_uri_sent: true,
            code_challenge: Some(CodeChallenge::new(CHALLENGE).unwrap()),
            issued_at: now,
            expires_at: later,
            consumed_at: None,
        };
        self.server
            .store()
            .insert_code(&grant, &code)
            .await
            .unwrap();
        secret.expose().to_owned()
    }

    /// The body that redeems a code of `spa`.
    pub(crate) async fn redemption(&self) -> String {
        let code = self.code().await;
        format!(
            "grant_type=authorization_code&client_id=spa&code={code}&redirect_uri={REDIRECT}&code_verifier={VERIFIER}"
        )
    }

    /// A client with a plain secret, to be put into a body.
    pub(crate) async fn register_plain(&self, id: &str) {
        let client = Client {
            id: id.into(),
            secret: Some("secret".into()),
            grants: vec![GrantType::ClientCredentials],
            scopes: "read".parse().unwrap(),
            ..Client::default()
        };
        self.server.register_client(client).await.unwrap();
    }
}

/// A response, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await
    }

    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.text().await.unwrap();
        let json = serde_json::from_str(&body).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            json,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A refusal of the token endpoint has this shape, whatever it is about.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str) {
        assert_eq!(
            (self.status, self.json["error"].as_str()),
            (status, Some(error)),
            "{self:?}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("content-type"), Some("application/json"));
        let description = self.json["error_description"].as_str().unwrap();
        let allowed = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
        assert!(description.chars().all(allowed), "{description}");
    }
}
