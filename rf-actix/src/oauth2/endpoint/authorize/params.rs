//! The request as plain fields, for handlers of one's own.

use crate::oauth2::model::Parameters;
use serde::Deserialize;
use std::fmt;

/// The parameters of an authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1); an
/// empty one counts as left out.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuthorizeParams {
    /// Who asks.
    pub client_id: Option<String>,
    /// Always `code`.
    pub response_type: Option<String>,
    /// Where the answer goes.
    pub redirect_uri: Option<String>,
    /// What is asked for.
    pub scope: Option<String>,
    /// Goes back to the client as it is.
    pub state: Option<String>,
    /// The PKCE challenge.
    pub code_challenge: Option<String>,
    /// Always `S256`.
    pub code_challenge_method: Option<String>,
    /// How the answer goes back: `query`.
    pub response_mode: Option<String>,
    /// `none`, `login`, `consent` or `select_account`.
    pub prompt: Option<String>,
    /// How many seconds ago the person may have signed in.
    pub max_age: Option<String>,
}

impl AuthorizeParams {
    pub(super) fn into_parameters(self) -> Parameters {
        let fields = [
            ("client_id", self.client_id),
            ("response_type", self.response_type),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", self.state),
            ("code_challenge", self.code_challenge),
            ("code_challenge_method", self.code_challenge_method),
            ("response_mode", self.response_mode),
            ("prompt", self.prompt),
            ("max_age", self.max_age),
        ];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

impl fmt::Debug for AuthorizeParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeParams")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
