//! What an authorization request comes to, and what it is judged by.

use crate::oauth2::{
    error::OAuthError,
    model::{AuthorizationRequest, Client, ClientId, Subject, Timestamp},
    policy::Policy,
    settings::OAuth2Settings,
    store::Store,
    users::Users,
};
use std::fmt;

/// What a request is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a OAuth2Settings,
    pub(crate) store: &'a dyn Store,
    pub(crate) users: &'a dyn Users,
    pub(crate) policy: &'a dyn Policy,
    pub(crate) now: Timestamp,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What an authorization request comes to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The browser stays here: whoever sent it cannot be trusted to be the client (RFC 6749 §4.1.2.1).
    ErrorPage(OAuthError),
    /// The client is told what is wrong.
    RedirectError {
        client_id: ClientId,
        location: String,
        error: OAuthError,
    },
    /// Somebody has to sign in, and then to come back with the same request.
    NeedLogin(Box<AuthorizationRequest>),
    /// The person has to say yes or no.
    NeedConsent(Box<Question>),
    /// The client gets a code.
    Redirect {
        client_id: ClientId,
        subject: Subject,
        location: String,
    },
}

/// What a person is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) client: Client,
    pub(crate) subject: Subject,
    pub(crate) request: AuthorizationRequest,
}
