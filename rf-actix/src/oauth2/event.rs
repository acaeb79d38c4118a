//! What happened, for logs and metrics. No event holds a secret, and every label comes from a small set.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::error::ErrorCode;
use super::model::{ClientId, GrantType, Subject};

/// Something worth a log line or a count.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A token was issued.
    TokenIssued {
        /// By which grant.
        grant: GrantType,
        /// To whom.
        client_id: ClientId,
        /// What it looks like: `jwt`.
        format: &'static str,
    },
    /// A token was refused.
    TokenRefused {
        /// The grant that was asked for, when it is a known one.
        grant: Option<GrantType>,
        /// The registered client that asked, once it is known.
        client_id: Option<ClientId>,
        /// The answer.
        error: ErrorCode,
        /// The cause inside, when it is not the caller's fault.
        cause: Option<String>,
    },
    /// A code or a rotated refresh token was used again, and its family revoked.
    ReplayDetected {
        /// By which grant.
        grant: GrantType,
        /// By whom.
        client_id: ClientId,
    },
    /// A token or a family was revoked on request.
    Revoked {
        /// By whom.
        client_id: ClientId,
        /// `access_token` or `refresh_token`.
        kind: &'static str,
    },
    /// A client was registered.
    ClientRegistered {
        /// Which.
        client_id: ClientId,
    },
    /// A client was changed.
    ClientChanged {
        /// Which.
        client_id: ClientId,
        /// How: `updated`, `disabled`, `enabled`, `secret_rotated` or `secret_removed`.
        change: &'static str,
    },
    /// A client was deleted.
    ClientDeleted {
        /// Which.
        client_id: ClientId,
    },
    /// A person took back what they had allowed a client.
    ConsentWithdrawn {
        /// Which.
        client_id: ClientId,
        /// Who.
        subject: Subject,
    },
    /// A client failed to prove who it is.
    ClientRefused {
        /// Whether because of too many failures.
        throttled: bool,
    },
    /// A person signed in.
    LoginSucceeded {
        /// Who.
        subject: Subject,
    },
    /// A person did not.
    LoginFailed {
        /// Whether because of too many failures.
        throttled: bool,
    },
    /// A person signed out.
    LoggedOut {
        /// Who.
        subject: Subject,
    },
    /// A code was sent to a client.
    Authorized {
        /// Which.
        client_id: ClientId,
        /// By whom.
        subject: Subject,
    },
    /// An authorization was refused.
    AuthorizationRefused {
        /// The registered client that asked, once it is known.
        client_id: Option<ClientId>,
        /// The answer.
        error: ErrorCode,
    },
    /// Something failed that is no fault of a caller.
    Failed {
        /// Where.
        what: &'static str,
        /// Why.
        cause: String,
    },
}

/// Who is told, one after the other.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<Observe>>);

type Observe = dyn Fn(&Event) + Send + Sync;

impl Observers {
    pub(crate) fn add(&mut self, observe: impl Fn(&Event) + Send + Sync + 'static) {
        self.0.push(Arc::new(observe));
    }

    /// What happened has happened: an observer that panics does not undo it, and the others are told too.
    pub(crate) fn emit(&self, event: &Event) {
        for observe in &self.0 {
            let told = catch_unwind(AssertUnwindSafe(|| observe(event)));
            if told.is_err() {
                log::error!(target: "rf::oauth2", "an observer of the authorization server panicked");
            }
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}
