//! [`OAuth2Server`]: the handle on everything.

use std::fmt;
use std::sync::Arc;

use super::endpoint::LoginThrottle;
use super::event::{Event, Observer};
use super::model::Clock;
use super::page::Pages;
use super::policy::Policy;
use super::settings::OAuth2Settings;
use super::store::Store;
use super::users::Users;

/// The authorization server; a cheap clone, shared by all workers.
#[derive(Clone)]
pub struct OAuth2Server(Arc<Inner>);

struct Inner {
    settings: OAuth2Settings,
    store: Arc<dyn Store>,
    users: Arc<dyn Users>,
    policy: Arc<dyn Policy>,
    clock: Clock,
    observer: Observer,
    cookie_key: [u8; 32],
    pages: Arc<dyn Pages>,
    login_throttle: LoginThrottle,
}

impl OAuth2Server {
    /// What it was built from.
    pub fn settings(&self) -> &OAuth2Settings {
        &self.0.settings
    }

    /// What it keeps.
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// The app's people.
    pub fn users(&self) -> &dyn Users {
        &*self.0.users
    }

    /// The app's decisions.
    pub fn policy(&self) -> &dyn Policy {
        &*self.0.policy
    }

    /// Where it gets the time from.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The 32 bytes that sign session cookies and form tokens; the same on all instances. Derive one key for
    /// each use from it.
    pub(crate) fn cookie_key(&self) -> &[u8; 32] {
        &self.0.cookie_key
    }

    /// What people see.
    pub fn pages(&self) -> &dyn Pages {
        &*self.0.pages
    }

    /// How often a password may be tried.
    pub(crate) fn login_throttle(&self) -> &LoginThrottle {
        &self.0.login_throttle
    }

    /// Tells the observer.
    pub(crate) fn emit(&self, event: &Event) {
        self.0.observer.emit(event);
    }
}

impl fmt::Debug for OAuth2Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2Server")
            .field("issuer", &self.0.settings.issuer)
            .finish_non_exhaustive()
    }
}
