//! What the token endpoint is asked and answers (RFC 6749 §4.1.3, §5.1).

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Parameters, ScopeSet, Secret};

/// A token request; an empty field counts as left out.
///
/// It can be a `web::Form<TokenParams>` of a handler of your own; the built-in endpoint reads it from the raw
/// body instead, to notice repeated parameters.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct TokenParams {
    /// Which grant.
    pub grant_type: Option<String>,
    /// The authorization code.
    pub code: Option<Secret>,
    /// The redirect URI the code was sent to.
    pub redirect_uri: Option<String>,
    /// The PKCE verifier.
    pub code_verifier: Option<Secret>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The scopes asked for.
    pub scope: Option<String>,
    /// Who asks, when it is in the body.
    pub client_id: Option<String>,
    /// Its secret, when it is in the body.
    pub client_secret: Option<Secret>,
    /// The person's name, for the password grant.
    pub username: Option<String>,
    /// The person's password, for the password grant.
    pub password: Option<Secret>,
    /// Everything else, for grants of the app's own.
    #[serde(flatten)]
    pub extra: HashMap<String, Secret>,
}

/// The parameters that have a field.
const NAMES: [&str; 10] = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
    "username",
    "password",
];

impl TokenParams {
    /// Takes from `sent` what a token request has; the rest is for grants of the app's own, and ignored by all
    /// others (RFC 6749 §3.2).
    pub(crate) fn from_parameters(sent: &Parameters) -> Self {
        let text = |name| sent.get(name).map(str::to_owned);
        let secret = |name| sent.get(name).map(Secret::from);
        Self {
            grant_type: text("grant_type"),
            code: secret("code"),
            redirect_uri: text("redirect_uri"),
            code_verifier: secret("code_verifier"),
            refresh_token: secret("refresh_token"),
            scope: text("scope"),
            client_id: text("client_id"),
            client_secret: secret("client_secret"),
            username: text("username"),
            password: secret("password"),
            extra: (sent.names())
                .filter(|name| !NAMES.contains(name))
                .filter_map(|name| Some((name.to_owned(), sent.get(name)?.into())))
                .collect(),
        }
    }

    /// The same without its empty fields.
    pub(crate) fn without_empty(self) -> Self {
        let text = |value: Option<String>| value.filter(|text| !text.is_empty());
        let secret = |value: Option<Secret>| value.filter(|secret| !secret.expose().is_empty());
        Self {
            grant_type: text(self.grant_type),
            code: secret(self.code),
            redirect_uri: text(self.redirect_uri),
            code_verifier: secret(self.code_verifier),
            refresh_token: secret(self.refresh_token),
            scope: text(self.scope),
            client_id: text(self.client_id),
            client_secret: secret(self.client_secret),
            username: text(self.username),
            password: secret(self.password),
            extra: (self.extra.into_iter())
                .filter(|(_, value)| !value.expose().is_empty())
                .collect(),
        }
    }
}

impl fmt::Debug for TokenParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenParams")
            .field("grant_type", &self.grant_type)
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A successful answer of the token endpoint (RFC 6749 §5.1).
#[derive(Clone, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// What gets the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What the access token allows.
    pub scope: ScopeSet,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
