//! The whole server without HTTP, on SQLite or on the server that `RF_TEST_DATABASE` names.
#![allow(clippy::unwrap_used, reason = "tests")]

mod apps;
mod checking;
mod clients;
mod code;
mod elsewhere;
mod format;
mod grants;
mod inserting;
mod keys;
mod lifecycle;
mod password;
mod policy;
mod refresh;
mod scopes;
mod secrets;
mod set_back;
mod showing;
mod starting;
mod together;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use sea_orm::DatabaseConnection;

use super::{OAuth2Server, OAuth2ServerBuilder};
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::event::Event;
use crate::oauth2::lifetime::Lifetimes;
use crate::oauth2::model::{
    AuthorizationCode, Client, ClientId, CodeChallenge, Digest, Grant, GrantId, GrantType,
    RegisteredClient, Secret, Timestamp, TokenParams, TokenResponse,
};
use crate::oauth2::settings::{OAuth2Settings, UserSettings};
use crate::oauth2::store::sea_orm::TestDatabase;
use crate::oauth2::token::{TokenKind, generate};

// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://app.example.com/cb";

async fn database() -> (DatabaseConnection, TestDatabase) {
    let database = TestDatabase::new().await.unwrap();
    (database.connect(8).await.unwrap(), database)
}

/// A server with a clock to turn, a client of each kind, and ears.
struct Bench {
    server: OAuth2Server,
    millis: Arc<AtomicU64>,
    events: Arc<Mutex<Vec<Event>>>,
    web: ClientId,
    spa: ClientId,
    service: ClientId,
    database: TestDatabase,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    async fn with(change: impl FnOnce(OAuth2Settings) -> OAuth2Settings) -> Self {
        Self::built(change, |builder| builder).await
    }

    async fn built(
        change: impl FnOnce(OAuth2Settings) -> OAuth2Settings,
        build: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder,
    ) -> Self {
        let (db, database) = database().await;
        let millis = Arc::new(AtomicU64::new(1_800_000_000_000));
        let events = Arc::new(Mutex::new(Vec::new()));
        let builder = listen(OAuth2Server::builder(db), &millis, &events);
        let server = build(builder)
            .settings(change(settings()))
            .build()
            .await
            .unwrap();
        let [web, spa, service] = ["web", "spa", "service"].map(ClientId::from);
        for (id, secret) in [(&web, true), (&spa, false), (&service, true)] {
            let mut grants = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
            if secret {
                grants.push(GrantType::ClientCredentials);
            }
            let client = Client {
                id: id.clone(),
                secret: secret.then(|| "secret".into()),
                grants,
                redirect_uris: vec![REDIRECT.parse().unwrap()],
                scopes: "read write".parse().unwrap(),
                ..Client::default()
            };
            server.register_client(client).await.unwrap();
        }
        events.lock().unwrap().clear();
        Self {
            server,
            millis,
            events,
            web,
            spa,
            service,
            database,
        }
    }

    fn wait(&self, length: Duration) {
        let millis = u64::try_from(length.as_millis()).unwrap();
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn now(&self) -> Timestamp {
        self.server.clock().now()
    }

    /// What the authorization endpoint does once somebody has consented.
    async fn code(&self, client: &ClientId) -> Secret {
        self.code_with(client, |code| code).await
    }

    async fn code_with(
        &self,
        client: &ClientId,
        change: impl FnOnce(AuthorizationCode) -> AuthorizationCode,
    ) -> Secret {
        self.code_for(client, "read write", change).await
    }

    async fn code_for(
        &self,
        client: &ClientId,
        scope: &str,
        change: impl FnOnce(AuthorizationCode) -> AuthorizationCode,
    ) -> Secret {
        let now = self.now();
        let settings = self.server.settings();
        let registered = self.registered(client).await.client;
        let lifetimes = Lifetimes::of(&registered, settings, self.server.policy());
        let grant = Grant {
            id: GrantId::generate(),
            client_id: client.clone(),
            subject: "ada".into(),
            scope: scope.parse().unwrap(),
            auth_time: now,
            created_at: now,
            expires_at: now.plus(lifetimes.grant()),
            revoked_at: None,
        };
        let secret = generate(TokenKind::Code);
        let code = AuthorizationCode {
            hash: Digest::of(secret.expose()),
            grant_id: grant.id.clone(),
            client_id: client.clone(),
            redirect_uri: REDIRECT.to_owned(),
            redirect_uri_sent: true,
            code_challenge: Some(CodeChallenge::new(CHALLENGE).unwrap()),
            issued_at: now,
            expires_at: now.plus(settings.code_ttl),
            consumed_at: None,
        };
        self.server
            .store()
            .insert_code(&grant, &change(code))
            .await
            .unwrap();
        secret
    }

    async fn redeem(&self, client: &ClientId, code: &Secret) -> Result<TokenResponse, OAuthError> {
        self.server.issue_token(redemption(client, code)).await
    }

    /// A fresh pair of tokens for a person.
    async fn tokens(&self, client: &ClientId) -> TokenResponse {
        let code = self.code(client).await;
        self.redeem(client, &code).await.unwrap()
    }

    async fn refresh(&self, client: &ClientId, token: &str) -> Result<TokenResponse, OAuthError> {
        self.server.issue_token(refreshing(client, token)).await
    }

    /// The confidential client for itself.
    async fn credentials(
        &self,
        secret: &str,
        scope: Option<&str>,
    ) -> Result<TokenResponse, OAuthError> {
        let params = TokenParams {
            grant_type: Some("client_credentials".to_owned()),
            client_secret: Some(secret.into()),
            scope: scope.map(str::to_owned),
            ..identified(&self.service)
        };
        self.server.issue_token(params).await
    }

    async fn registered(&self, client: &ClientId) -> RegisteredClient {
        self.server.client(client).await.unwrap().unwrap()
    }

    /// Changes a client that is registered.
    async fn change(&self, client: &ClientId, change: impl FnOnce(Client) -> Client) {
        let found = self.registered(client).await.client;
        self.server.update_client(change(found)).await.unwrap();
    }

    fn saw(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| wanted(event)).count()
    }

    async fn is_active(&self, token: &str) -> bool {
        self.server.validate_token(token).await.is_ok()
    }

    fn replays(&self) -> usize {
        self.saw(|event| matches!(event, Event::ReplayDetected { .. }))
    }
}

/// With one person in them.
fn settings() -> OAuth2Settings {
    OAuth2Settings {
        users: vec![UserSettings {
            name: "ada".to_owned(),
            password: Some("lovelace".into()),
            password_hash: None,
        }],
        ..OAuth2Settings::default()
    }
}

fn listen(
    builder: OAuth2ServerBuilder,
    millis: &Arc<AtomicU64>,
    events: &Arc<Mutex<Vec<Event>>>,
) -> OAuth2ServerBuilder {
    let (millis, events) = (Arc::clone(millis), Arc::clone(events));
    builder
        .clock(move || UNIX_EPOCH + Duration::from_millis(millis.load(Ordering::SeqCst)))
        .observer(move |event| events.lock().unwrap().push(event.clone()))
}

fn redemption(client: &ClientId, code: &Secret) -> TokenParams {
    TokenParams {
        grant_type: Some("authorization_code".to_owned()),
        code: Some(code.clone()),
        redirect_uri: Some(REDIRECT.to_owned()),
        code_verifier: Some(VERIFIER.into()),
        ..identified(client)
    }
}

fn refreshing(client: &ClientId, token: &str) -> TokenParams {
    TokenParams {
        grant_type: Some("refresh_token".to_owned()),
        refresh_token: Some(token.into()),
        ..identified(client)
    }
}

fn identified(client: &ClientId) -> TokenParams {
    let public = client.as_str().starts_with("spa");
    TokenParams {
        client_id: Some(client.as_str().to_owned()),
        client_secret: (!public).then(|| "secret".into()),
        ..TokenParams::default()
    }
}

#[track_caller]
fn refused_as(answer: Result<TokenResponse, OAuthError>, code: ErrorCode) {
    assert_eq!(answer.unwrap_err().code, code);
}

#[track_caller]
fn invalid_grant(answer: Result<TokenResponse, OAuthError>) {
    refused_as(answer, ErrorCode::InvalidGrant);
}
