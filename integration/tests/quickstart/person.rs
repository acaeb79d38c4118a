//! A person with a browser: follows redirects, fills in forms, keeps cookies.

use super::app::{App, client};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RevocationUrl, Scope,
    TokenUrl,
    basic::{BasicClient, BasicTokenResponse},
};
use reqwest::{Client, Response, StatusCode, Url, header::LOCATION, redirect::Policy};
use std::collections::HashMap;

pub(crate) type OAuth =
    BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

/// `demo-web` as the `oauth2` crate sees it.
pub(crate) fn demo_web(app: &App) -> OAuth {
    BasicClient::new(ClientId::new("demo-web".into()))
        .set_client_secret(ClientSecret::new("demo-secret".into()))
        .set_auth_uri(AuthUrl::new(app.url("/oauth/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(app.url("/oauth/token")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(app.url("/oauth/introspect")).unwrap())
        // The crate insists on https for this address; revocation is tried by hand.
        .set_revocation_url(RevocationUrl::new("https://unused.example/".into()).unwrap())
        .set_redirect_uri(RedirectUrl::new("http://127.0.0.1:8080/callback".into()).unwrap())
}

pub(crate) struct Person {
    pub(crate) browser: Client,
    name: &'static str,
    password: &'static str,
}

impl Person {
    pub(crate) fn demo() -> Self {
        Self::new("demo", "demo")
    }

    pub(crate) fn new(name: &'static str, password: &'static str) -> Self {
        Self {
            browser: client(),
            name,
            password,
        }
    }

    /// Signs in, consents, and comes back with a code and its verifier.
    pub(crate) async fn code(
        &self,
        oauth: &OAuth,
        scopes: &[&str],
    ) -> (AuthorizationCode, PkceCodeVerifier) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = oauth
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let back = self.authorize(url).await;
        let answer: HashMap<_, _> = back.query_pairs().into_owned().collect();
        assert_eq!(answer.get("state"), Some(state.secret()), "{back}");
        (AuthorizationCode::new(answer["code"].clone()), verifier)
    }

    pub(crate) async fn tokens(&self, oauth: &OAuth, scopes: &[&str]) -> BasicTokenResponse {
        let (code, verifier) = self.code(oauth, scopes).await;
        oauth
            .exchange_code(code)
            .set_pkce_verifier(verifier)
            .request_async(&client_of_oauth2())
            .await
            .unwrap()
    }

    /// Walks from the authorization endpoint to the client's redirect URI.
    async fn authorize(&self, mut url: Url) -> Url {
        for _ in 0..8 {
            let answer = self.browser.get(url.clone()).send().await.unwrap();
            let answer = match answer.status() {
                StatusCode::OK => self.fill_in(&url, answer).await,
                _ => answer,
            };
            assert!(
                answer.status().is_redirection(),
                "{} {}",
                answer.status(),
                answer.text().await.unwrap()
            );
            url = url
                .join(answer.headers()[LOCATION].to_str().unwrap())
                .unwrap();
            if url.path() == "/callback" {
                return url;
            }
        }
        panic!("went round in circles, last at {url}");
    }

    async fn fill_in(&self, url: &Url, page: Response) -> Response {
        let page = page.text().await.unwrap();
        let form = Form::first(&page);
        let mut fields = form.hidden;
        if page.contains("type=\"password\"") {
            fields.extend([
                ("username".into(), self.name.into()),
                ("password".into(), self.password.into()),
            ]);
        } else {
            fields.extend(form.checked);
            fields.push(("decision".into(), "allow".into()));
        }
        let action = url.join(&form.action).unwrap();
        self.browser
            .post(action)
            .form(&fields)
            .send()
            .await
            .unwrap()
    }
}

/// For the requests the `oauth2` crate makes itself.
pub(crate) fn client_of_oauth2() -> Client {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The first form of a page; enough of HTML for pages we wrote ourselves.
pub(crate) struct Form {
    action: String,
    pub(crate) hidden: Vec<(String, String)>,
    checked: Vec<(String, String)>,
}

impl Form {
    pub(crate) fn first(page: &str) -> Self {
        let start = page
            .find("<form")
            .unwrap_or_else(|| panic!("no form in {page}"));
        let form = &page[start..start + page[start..].find("</form>").unwrap()];
        let mut found = Self {
            action: attribute(form, "action").unwrap(),
            hidden: Vec::new(),
            checked: Vec::new(),
        };
        for input in form.split("<input").skip(1) {
            let tag = &input[..input.find('>').unwrap()];
            let field = || {
                Some((
                    attribute(tag, "name")?,
                    attribute(tag, "value").unwrap_or_default(),
                ))
            };
            match attribute(tag, "type").as_deref() {
                Some("hidden") => found.hidden.extend(field()),
                Some("checkbox") => found.checked.extend(field()),
                _ => {}
            }
        }
        found
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#x2F;", "/"),
    )
}
