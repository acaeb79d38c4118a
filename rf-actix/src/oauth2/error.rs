//! What can go wrong: at start, at the protocol's endpoints, and when a token is checked.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::model::{ScopeSet, Subject};
use super::settings::SettingError;
use super::users::PasswordError;

/// Why the server could not be built or a client not be registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot be used.
    #[error("oauth2 setting {0}")]
    Setting(#[from] SettingError),
    /// `database.url` cannot be used.
    #[error("database.url: {0}")]
    DatabaseUrl(String),
    /// The database could not be reached.
    #[error("database.url: cannot connect to {target}: {source}")]
    Connect {
        /// The URL without its password.
        target: String,
        /// Why.
        source: StoreError,
    },
    /// The tables could not be made.
    #[error("cannot migrate the oauth2 tables: {0}")]
    Migrate(#[source] StoreError),
    /// The database failed.
    #[error("the oauth2 database failed: {0}")]
    Store(#[from] StoreError),
    /// A client cannot be registered as it is.
    #[error("client {id:?} cannot be registered: {source}")]
    Client {
        /// The client.
        id: String,
        /// What is wrong with it.
        source: SettingError,
    },
    /// There is no such client.
    #[error("there is no client {id:?}, register it first")]
    UnknownClient {
        /// Its identifier.
        id: String,
    },
    /// A secret could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A key cannot be made or used.
    #[error("signing key {id}: {reason}")]
    Key {
        /// The key.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The codes of RFC 6749 §4.1.2.1 and §5.2, and of OpenID Connect Core §3.1.2.6 where they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The client is unknown or did not prove who it is.
    InvalidClient,
    /// The code or the token is unknown, expired, used or another client's.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// The grant type is unknown.
    UnsupportedGrantType,
    /// The response type is unknown.
    UnsupportedResponseType,
    /// The scope is unknown or more than allowed.
    InvalidScope,
    /// The person or the server said no.
    AccessDenied,
    /// `prompt=none`, but nobody is signed in.
    LoginRequired,
    /// `prompt=none`, but consent is needed.
    ConsentRequired,
    /// Something failed that is no fault of the caller.
    ServerError,
    /// Try again later.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// The value of `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal in the words of the protocol: the caller sees code and description, the log the cause.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    /// The RFC's code.
    pub code: ErrorCode,
    /// For the developer of the client; ASCII without `"` and `\` (RFC 6749 §5.2).
    pub description: Cow<'static, str>,
    /// Whether the answer must carry `WWW-Authenticate: Basic`.
    pub(crate) basic_challenge: bool,
    /// Seconds after which to try again: too many failures.
    pub(crate) retry_after: Option<u64>,
    /// What happened inside; never shown to the caller.
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
}

impl OAuthError {
    /// A refusal. What `description` must not hold is left out of it.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let allowed = |c: char| matches!(c, '\x20'..='\x7e') && c != '"' && c != '\\';
        let description = if description.chars().all(allowed) {
            description
        } else {
            description
                .chars()
                .filter(|c| allowed(*c))
                .collect::<String>()
                .into()
        };
        Self {
            code,
            description,
            basic_challenge: false,
            retry_after: None,
            source: None,
        }
    }

    /// Shorthand for the commonest refusal.
    pub(crate) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// Shorthand: a code or token that does not count.
    pub(crate) fn invalid_grant(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// Something of ours does not answer; the caller may try again.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(
                ErrorCode::TemporarilyUnavailable,
                "the server cannot answer now, try again",
            )
        }
    }

    /// The app's people have somebody by an identifier that databases cannot keep.
    pub(crate) fn require_usable(subject: &Subject) -> Result<(), Self> {
        if subject.is_well_formed() {
            return Ok(());
        }
        let cause = format!(
            "nobody can have the subject {:?}: give people identifiers of 1 to 255 characters, without control characters and without a space at the end",
            subject.as_str()
        );
        Err(Self::internal(cause))
    }

    /// Something of ours is broken.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorCode::ServerError, "the server failed")
        }
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}

impl From<PasswordError> for OAuthError {
    /// RFC 6749 §5.2: one answer for an unknown name and a wrong password.
    fn from(error: PasswordError) -> Self {
        let retry_after = match error {
            PasswordError::Unavailable(cause) => return Self::unavailable(cause),
            PasswordError::TooManyAttempts { retry_after } => Some(retry_after),
            PasswordError::Wrong => None,
        };
        Self {
            retry_after,
            ..Self::invalid_grant("unknown user or wrong password")
        }
    }
}

/// Why a request to a protected resource is refused (RFC 6750 §3.1).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// There is no token.
    #[error("no access token was sent")]
    Missing,
    /// What was sent cannot be read, such as two tokens at once.
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    /// The token is not one of ours, expired or revoked.
    #[error("invalid access token: {0}")]
    Invalid(&'static str),
    /// The token does not allow this.
    #[error("the access token lacks the scope {required}")]
    InsufficientScope {
        /// What is needed.
        required: ScopeSet,
    },
    /// It could not be checked.
    #[error("the access token could not be checked: {0}")]
    Unavailable(#[source] StoreError),
}

/// The database failed; the cause is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(#[source] Arc<dyn StdError + Send + Sync>);

impl StoreError {
    /// Wraps what an adapter ran into.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(cause.into()))
    }
}

/// A secret could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("cannot hash a secret: {0}")]
pub struct HashError(pub(crate) String);
