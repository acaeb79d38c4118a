//! The whole way, with the `oauth2` crate as the client.

use crate::site::{Request, Site, VERIFIER, answer, hidden, location};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl, Scope, StandardRevocableToken,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{
        BasicClient, BasicErrorResponse, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenResponse,
    },
};
use rf::oauth2::{GrantType, TokenParams};

type Configured = Client<
    BasicErrorResponse,
    BasicTokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
    EndpointSet,
>;

fn client(site: &Site, id: &str, redirect_uri: &str) -> Configured {
    let at = |path: &str| format!("{}/oauth/{path}", site.base);
    BasicClient::new(ClientId::new(id.into()))
        .set_auth_uri(AuthUrl::new(at("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("revoke")).unwrap())
        .set_redirect_uri(RedirectUrl::new(redirect_uri.into()).unwrap())
}

/// Signs in and consents where `client` sends people, and returns the code.
async fn code(site: &Site, client: &Configured) -> (AuthorizationCode, PkceCodeVerifier) {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("read".into()))
        .set_pkce_challenge(challenge)
        .url();
    let browser = site.browser();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let login = location(&browser.get(&path).await);
    let page = browser.get(&login).await.text().await.unwrap();
    let back = location(&browser.send_login(&page, "demo", "demo").await);
    let page = browser.get(&back).await.text().await.unwrap();
    let ticket = hidden(&page, "ticket");
    let form = [
        ("ticket", ticket.as_str()),
        ("scope", "read"),
        ("decision", "allow"),
    ];
    let response = browser.post("/oauth/authorize", &form).await;
    assert_eq!(answer(&response, "state").as_ref(), Some(state.secret()));
    assert_eq!(answer(&response, "iss").as_ref(), Some(&site.base));
    (
        AuthorizationCode::new(answer(&response, "code").unwrap()),
        verifier,
    )
}

#[actix_web::test]
async fn a_confidential_client_gets_refreshes_inspects_and_revokes_its_tokens() {
    let site = Site::start().await;
    let http = site.browser().http;
    let client = client(&site, "web", "https://app.example.com/cb")
        .set_client_secret(ClientSecret::new("web-secret".into()));
    let (code, verifier) = code(&site, &client).await;
    let tokens = client
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    let claims = site
        .server
        .validate_token(tokens.access_token().secret())
        .await
        .unwrap();
    assert_eq!(claims.sub, "demo");

    let refresh = tokens.refresh_token().unwrap();
    let renewed = client
        .exchange_refresh_token(refresh)
        .request_async(&http)
        .await
        .unwrap();
    assert_ne!(
        renewed.access_token().secret(),
        tokens.access_token().secret()
    );

    let token = renewed.access_token();
    let known = client.introspect(token).request_async(&http).await.unwrap();
    assert!(known.active());
    // The crate revokes over https only, which the test within the process does.
    let refresh = renewed.refresh_token().unwrap().clone();
    client.revoke_token(refresh.into()).unwrap_err();
    site.stop().await;
}

#[actix_web::test]
async fn a_client_gets_tokens_for_itself_and_where_it_may_for_a_name_and_a_password() {
    let site = Site::with(|mut settings| {
        settings.password_grant = true;
        let service = settings
            .clients
            .iter_mut()
            .find(|client| client.id.as_str() == "service");
        service.unwrap().grants.push(GrantType::Password);
        settings
    })
    .await;
    let http = site.browser().http;
    let client = client(&site, "service", "https://app.example.com/cb")
        .set_client_secret(ClientSecret::new("service-secret".into()));
    let own = client
        .exchange_client_credentials()
        .add_scope(Scope::new("read".into()))
        .request_async(&http)
        .await
        .unwrap();
    let name = ResourceOwnerUsername::new("demo".into());
    let password = ResourceOwnerPassword::new("demo".into());
    let theirs = client
        .exchange_password(&name, &password)
        .add_scope(Scope::new("read".into()))
        .request_async(&http)
        .await
        .unwrap();
    for (tokens, subject) in [(&own, "service"), (&theirs, "demo")] {
        let token = tokens.access_token();
        let known = client.introspect(token).request_async(&http).await.unwrap();
        assert_eq!((known.active(), known.sub()), (true, Some(subject)));
        // It may not refresh.
        assert!(tokens.refresh_token().is_none());
    }
    let wrong = ResourceOwnerPassword::new("wrong".into());
    let refused = client.exchange_password(&name, &wrong);
    assert!(refused.request_async(&http).await.is_err());
    site.stop().await;
}

#[actix_web::test]
async fn a_public_client_gets_tokens_with_pkce_alone() {
    let site = Site::start().await;
    let http = site.browser().http;
    let client = client(&site, "spa", "https://spa.example.com/cb");
    let (code, verifier) = code(&site, &client).await;
    let wrong = PkceCodeVerifier::new("a".repeat(43));
    let refused = client
        .exchange_code(code.clone())
        .set_pkce_verifier(wrong)
        .request_async(&http)
        .await;
    assert!(refused.is_err(), "a wrong verifier");
    let tokens = client
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    assert!(
        site.server
            .validate_token(tokens.access_token().secret())
            .await
            .is_ok()
    );
    site.stop().await;
}

#[actix_web::test]
async fn a_code_is_bound_to_its_client_redirect_uri_and_verifier() {
    let site = Site::start().await;
    let response = site
        .signed_in()
        .await
        .allow(&Request::good(), &["read"])
        .await;
    let right = TokenParams {
        grant_type: Some("authorization_code".into()),
        code: answer(&response, "code").map(Into::into),
        redirect_uri: Some("https://app.example.com/cb".into()),
        code_verifier: Some(VERIFIER.into()),
        client_id: Some("web".into()),
        client_secret: Some("web-secret".into()),
        ..TokenParams::default()
    };
    let mut wrong = [right.clone(), right.clone(), right.clone(), right.clone()];
    wrong[0].redirect_uri = None;
    wrong[1].redirect_uri = Some("https://app.example.com/tenant?id=1".into());
    wrong[2].code_verifier = None;
    wrong[3].client_id = Some("spa".into());
    wrong[3].client_secret = None;
    for (index, params) in wrong.into_iter().enumerate() {
        assert!(site.server.issue_token(params).await.is_err(), "{index}");
    }
    assert!(site.server.issue_token(right.clone()).await.is_ok());
    assert!(site.server.issue_token(right).await.is_err(), "once only");
    site.stop().await;
}
