//! A resource server in another process than the authorization server: the same guards, other checks.

use crate::api::routes;
use crate::site::Site;
use crate::socket::Socket;
use actix_web::web;
use reqwest::{Client, Response};
use rf::oauth2::{ResourceServer, ResourceServerBuilder, TokenParams};

/// A token of the service for itself.
pub(crate) async fn token_of(issuer: &Site, scope: &str) -> String {
    let params = TokenParams {
        grant_type: Some("client_credentials".into()),
        client_id: Some("service".into()),
        client_secret: Some("service-secret".into()),
        scope: Some(scope.into()),
        ..TokenParams::default()
    };
    issuer
        .server
        .issue_token(params)
        .await
        .unwrap()
        .access_token
}

struct Apart {
    issuer: Site,
    base: String,
    http: Client,
}

impl Apart {
    async fn start(change: impl FnOnce(ResourceServerBuilder) -> ResourceServerBuilder) -> Self {
        let issuer = Site::start().await;
        let clock = issuer.server.clock().clone();
        let builder = ResourceServer::builder(&issuer.base)
            .audience("test")
            .clock(move || {
                std::time::UNIX_EPOCH
                    + std::time::Duration::from_millis(clock.now().as_millis().unsigned_abs())
            });
        let api = change(builder).build().unwrap();
        let socket = Socket::bind();
        let base = socket.base.clone();
        socket.run(move |app| {
            app.configure(api.state()).configure(routes);
        });
        Self {
            issuer,
            base,
            http: Client::new(),
        }
    }

    async fn token(&self, scope: &str) -> String {
        token_of(&self.issuer, scope).await
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn guards_hold(&self) {
        let (read, write) = (self.token("read").await, self.token("write").await);
        for path in ["/below", "/above", "/me"] {
            assert_eq!(self.get(path, Some(&read)).await.status(), 200, "{path}");
            let nobody = self.get(path, None).await;
            assert_eq!(nobody.status(), 401, "{path}");
            assert_eq!(nobody.headers()["www-authenticate"], "Bearer realm=\"api\"");
        }
        let lacking = self.get("/below", Some(&write)).await;
        assert_eq!(lacking.status(), 403);
        let challenge = lacking.headers()["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("insufficient_scope") && challenge.contains("scope=\"read\""),
            "{challenge}"
        );
        let bad = self.get("/below", Some("not.a.token")).await;
        assert_eq!(bad.status(), 401);
        assert!(
            bad.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("invalid_token")
        );
        let claims: serde_json::Value = self.get("/me", Some(&read)).await.json().await.unwrap();
        assert_eq!(
            (&claims["client_id"], &claims["gty"]),
            (&"service".into(), &"client_credentials".into()),
            "{claims}"
        );
    }
}

#[actix_web::test]
async fn a_resource_server_apart_checks_tokens_by_the_published_keys() {
    let apart = Apart::start(|builder| builder).await;
    apart.guards_hold().await;
    // Once the keys are there, the issuer may be away.
    let token = apart.token("read").await;
    let Apart { issuer, base, http } = apart;
    issuer.stop().await;
    let answer = http
        .get(format!("{base}/below"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[actix_web::test]
async fn a_resource_server_apart_asks_by_introspection_and_sees_a_revocation() {
    let apart = Apart::start(|builder| builder.introspection("web", "web-secret")).await;
    apart.guards_hold().await;
    let token = apart.token("read").await;
    assert_eq!(apart.get("/below", Some(&token)).await.status(), 200);
    let form = [
        ("token", token.as_str()),
        ("client_id", "service"),
        ("client_secret", "service-secret"),
    ];
    let revoked = apart
        .http
        .post(format!("{}/oauth/revoke", apart.issuer.base))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    apart.issuer.pass(10);
    assert_eq!(apart.get("/below", Some(&token)).await.status(), 401);
}

#[actix_web::test]
async fn an_issuer_that_does_not_answer_or_know_the_client_is_503() {
    let apart = Apart::start(|builder| builder.introspection("web", "wrong")).await;
    let token = apart.token("read").await;
    assert_eq!(apart.get("/below", Some(&token)).await.status(), 503);
    let Apart { issuer, base, http } = Apart::start(|builder| builder).await;
    issuer.stop().await;
    let answer = http
        .get(format!("{base}/below"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().get("www-authenticate").is_none());
}

#[actix_web::test]
async fn a_refresh_token_is_no_access_token_for_a_resource_server_that_asks() {
    // Asked by the very client it belongs to, it is active.
    let apart = Apart::start(|builder| builder.introspection("web", "web-secret")).await;
    let request = crate::site::Request::good();
    let answer = apart
        .issuer
        .signed_in()
        .await
        .allow(&request, &["read"])
        .await;
    let params = TokenParams {
        grant_type: Some("authorization_code".into()),
        code: crate::site::answer(&answer, "code").map(Into::into),
        redirect_uri: Some("https://app.example.com/cb".into()),
        code_verifier: Some(crate::site::VERIFIER.into()),
        client_id: Some("web".into()),
        client_secret: Some("web-secret".into()),
        ..TokenParams::default()
    };
    let tokens = apart.issuer.server.issue_token(params).await.unwrap();
    assert_eq!(
        apart.get("/me", Some(&tokens.access_token)).await.status(),
        200
    );
    assert_eq!(
        apart
            .get("/me", tokens.refresh_token.as_deref())
            .await
            .status(),
        401
    );
}

#[actix_web::test]
async fn an_app_without_any_handle_tells_the_caller_nothing() {
    let socket = Socket::bind();
    let base = socket.base.clone();
    socket.run(|app: &mut web::ServiceConfig| {
        app.configure(routes);
    });
    let answer = Client::new()
        .get(format!("{base}/below"))
        .bearer_auth("x")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.text().await.unwrap(), "");
}
