//! The other side: where it is, and what is asked of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use ::oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, TokenResponse, TokenUrl,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, Response, StatusCode};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::builder::SignInError;
use super::session::Tokens;
use crate::oauth2::discovery::{IssuerUrl, ProviderMetadata, discover};
use crate::oauth2::error::StoreError;
use crate::oauth2::http::{Http, HttpError};
use crate::oauth2::kept::{Kept, Lifetime};
use crate::oauth2::model::{ClientId, Clock, ScopeSet, Secret, Subject};

type Configured =
    BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;
type Failure = RequestTokenError<HttpError, ::oauth2::basic::BasicErrorResponse>;

#[derive(Debug)]
pub(super) struct Provider {
    pub(super) http: Http,
    pub(super) issuer: IssuerUrl,
    pub(super) endpoints: Endpoints,
    pub(super) client_id: ClientId,
    pub(super) client_secret: Option<Secret>,
    pub(super) redirect_uri: String,
    pub(super) scopes: ScopeSet,
    pub(super) params: Vec<(String, String)>,
    pub(super) identity: Identity,
    pub(super) clock: Clock,
}

/// Where to ask.
#[derive(Debug)]
pub(super) enum Endpoints {
    Known(Arc<ProviderMetadata>),
    Discovered(Kept<ProviderMetadata>),
}

/// How the provider tells who somebody is.
#[derive(Debug)]
pub(super) enum Identity {
    Introspection,
    Profile { url: Url, member: String },
}

impl Endpoints {
    pub(super) fn discovered() -> Self {
        Self::Discovered(Kept::new(Lifetime {
            fresh: Duration::from_secs(3600),
            stale: Duration::from_secs(24 * 3600),
            pause: Duration::from_secs(5),
        }))
    }

    pub(super) fn known(issuer: &IssuerUrl, authorization: String, token: String) -> Self {
        Self::Known(Arc::new(ProviderMetadata::of(issuer, authorization, token)))
    }
}

/// What an authorization request leaves behind.
pub(super) struct Started {
    pub(super) location: Url,
    pub(super) state: String,
    pub(super) verifier: String,
}

impl Provider {
    pub(super) async fn metadata(&self) -> Result<Arc<ProviderMetadata>, SignInError> {
        match &self.endpoints {
            Endpoints::Known(metadata) => Ok(Arc::clone(metadata)),
            Endpoints::Discovered(kept) => {
                let fetch = || {
                    let (http, issuer) = (self.http.clone(), self.issuer.clone());
                    async move { discover(&http, &issuer).await }
                };
                let found = kept.get(self.http.engine(), &self.clock, None, fetch).await;
                Ok(found.map_err(SignInError::Provider)?.document)
            }
        }
    }

    /// A request with a state and a PKCE challenge of its own (RFC 7636 §4.3, RFC 9700 §2.1.1).
    pub(super) async fn start(&self) -> Result<Started, SignInError> {
        let metadata = self.metadata().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&metadata)?;
        let mut request = client
            .authorize_url(CsrfToken::new_random)
            .set_pkce_challenge(challenge);
        for scope in self.scopes.iter() {
            request = request.add_scope(Scope::new(scope.as_str().to_owned()));
        }
        for (name, value) in &self.params {
            request = request.add_extra_param(name.as_str(), value.as_str());
        }
        let (location, state) = request.url();
        Ok(Started {
            location,
            state: state.into_secret(),
            verifier: verifier.into_secret(),
        })
    }

    pub(super) async fn redeem(&self, code: &str, verifier: String) -> Result<Tokens, SignInError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let answer = request.request_async(&self.http).await.map_err(told)?;
        Ok(self.tokens(&answer, None))
    }

    /// New tokens. A provider that sends no new refresh token means the old one to go on (RFC 6749 §6).
    pub(super) async fn renew(&self, refresh: &str) -> Result<Tokens, SignInError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata)?;
        let refresh = RefreshToken::new(refresh.to_owned());
        let answer = client
            .exchange_refresh_token(&refresh)
            .request_async(&self.http)
            .await;
        let answer = answer.map_err(|error| match told(error) {
            SignInError::Refused { code, .. } if code == "invalid_grant" => SignInError::Ended,
            error => error,
        })?;
        Ok(self.tokens(&answer, Some(refresh.into_secret())))
    }

    fn tokens(&self, answer: &BasicTokenResponse, refresh: Option<String>) -> Tokens {
        let scope = answer.scopes().map(|scopes| {
            let names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            names.join(" ")
        });
        Tokens {
            access: answer.access_token().secret().clone(),
            refresh: answer
                .refresh_token()
                .map(|token| token.secret().clone())
                .or(refresh),
            access_ends_at: answer
                .expires_in()
                .map(|length| self.clock.now().plus(length)),
            scope,
        }
    }

    /// Who the person is.
    pub(super) async fn identify(
        &self,
        access: &str,
    ) -> Result<(Subject, Map<String, Value>), SignInError> {
        let (mut told, member) = match &self.identity {
            Identity::Introspection => (self.introspect(access).await?, "sub"),
            Identity::Profile { url, member } => {
                (self.profile(url, access).await?, member.as_str())
            }
        };
        let subject = match told.get(member) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => {
                return Err(SignInError::provider(format!(
                    "it does not say who signed in: there is no {member:?}"
                )));
            }
        };
        // The session is about the person, not about the token.
        for name in [
            "active",
            "scope",
            "client_id",
            "token_type",
            "exp",
            "iat",
            "nbf",
            "aud",
            "iss",
            "jti",
        ] {
            told.remove(name);
        }
        Ok((subject.as_str().into(), told))
    }

    async fn introspect(&self, access: &str) -> Result<Map<String, Value>, SignInError> {
        let metadata = self.metadata().await?;
        let url = self.told(
            metadata.introspection_endpoint.as_deref(),
            "introspection_endpoint, name a profile document",
        )?;
        let answer = self
            .post(
                &url,
                &[("token", access), ("token_type_hint", "access_token")],
            )
            .await?;
        let told = object(&url, &answer)?;
        let ours = told
            .get("client_id")
            .is_none_or(|id| *id == self.client_id.as_str());
        if told.get("active") != Some(&Value::Bool(true)) || !ours {
            return Err(SignInError::Answer(
                "the access token is not one of this client",
            ));
        }
        Ok(told)
    }

    async fn profile(&self, url: &Url, access: &str) -> Result<Map<String, Value>, SignInError> {
        let request = Request::get(url.as_str())
            .header(ACCEPT, "application/json")
            .header(hyper::header::USER_AGENT, "rf-actix")
            .header(AUTHORIZATION, format!("Bearer {access}"))
            .body(Vec::new())
            .map_err(SignInError::provider)?;
        let answer = self
            .http
            .send(request)
            .await
            .map_err(SignInError::provider)?;
        object(url, &answer)
    }

    /// Takes a token back (RFC 7009). A provider without that endpoint keeps it until it ends.
    pub(super) async fn revoke(&self, tokens: &Tokens) -> Result<(), SignInError> {
        let metadata = self.metadata().await?;
        let Some(told) = metadata.revocation_endpoint.as_deref() else {
            return Ok(());
        };
        let url = self.told(Some(told), "")?;
        let (token, hint) = match &tokens.refresh {
            Some(refresh) => (refresh, "refresh_token"),
            None => (&tokens.access, "access_token"),
        };
        let answer = self
            .post(&url, &[("token", token), ("token_type_hint", hint)])
            .await?;
        match answer.status() {
            StatusCode::OK => Ok(()),
            status => Err(SignInError::provider(format!("{url} answers {status}"))),
        }
    }

    /// A form with the client's credentials (RFC 6749 §2.3.1).
    async fn post(
        &self,
        url: &Url,
        fields: &[(&str, &str)],
    ) -> Result<Response<Vec<u8>>, SignInError> {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut request = Request::post(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match &self.client_secret {
            Some(secret) => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!(
                    "{}:{}",
                    encoded(self.client_id.as_str()),
                    encoded(secret.expose())
                );
                request = request.header(AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
            }
            None => drop(form.append_pair("client_id", self.client_id.as_str())),
        }
        let request = request
            .body(form.finish().into_bytes())
            .map_err(SignInError::provider)?;
        self.http.send(request).await.map_err(SignInError::provider)
    }

    fn client(&self, metadata: &ProviderMetadata) -> Result<Configured, SignInError> {
        let authorization = self.told(
            metadata.authorization_endpoint.as_deref(),
            "authorization_endpoint",
        )?;
        let token = self.told(metadata.token_endpoint.as_deref(), "token_endpoint")?;
        let redirect =
            RedirectUrl::new(self.redirect_uri.clone()).map_err(SignInError::provider)?;
        let mut client =
            BasicClient::new(::oauth2::ClientId::new(self.client_id.as_str().to_owned()));
        if let Some(secret) = &self.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
        }
        Ok(client
            .set_auth_uri(AuthUrl::from_url(authorization))
            .set_token_uri(TokenUrl::from_url(token))
            .set_redirect_uri(redirect))
    }

    fn told(&self, url: Option<&str>, what: &'static str) -> Result<Url, SignInError> {
        let url = url.ok_or_else(|| {
            SignInError::provider(format!("{} has no {what}", self.issuer.as_str()))
        })?;
        self.issuer.endpoint(url).map_err(SignInError::provider)
    }
}

fn object(url: &Url, answer: &Response<Vec<u8>>) -> Result<Map<String, Value>, SignInError> {
    if answer.status() != StatusCode::OK {
        return Err(SignInError::provider(format!(
            "{url} answers {}",
            answer.status()
        )));
    }
    serde_json::from_slice(answer.body())
        .map_err(|error| SignInError::provider(format!("{url}: {error}")))
}

fn told(error: Failure) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(refusal) => SignInError::Refused {
            code: match refusal.error() {
                BasicErrorResponseType::Extension(code) => code.clone(),
                known => known.as_ref().to_owned(),
            },
            description: refusal.error_description().cloned().unwrap_or_default(),
        },
        RequestTokenError::Request(error) => SignInError::provider(error),
        // What was answered stays out of the log: it may hold tokens.
        RequestTokenError::Parse(error, _) => {
            SignInError::provider(format!("the answer cannot be read: {}", error.inner()))
        }
        RequestTokenError::Other(error) => SignInError::Provider(StoreError::new(error)),
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future =
        Pin<Box<dyn Future<Output = Result<::oauth2::HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: ::oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
