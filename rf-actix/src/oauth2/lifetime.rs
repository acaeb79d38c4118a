//! How long things of a client live: as the policy says, or the client's registration, or the settings.

use std::time::Duration;

use super::model::Client;
use super::policy::Policy;
use super::settings::{LIFETIMES, OAuth2Settings};

/// The lifetimes of what a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    pub(crate) access: Duration,
    /// From the consent on, however much it is used.
    pub(crate) refresh: Duration,
    code: Duration,
}

impl Lifetimes {
    pub(crate) fn of(client: &Client, settings: &OAuth2Settings, policy: &dyn Policy) -> Self {
        let within = |length: Duration| length.clamp(*LIFETIMES.start(), *LIFETIMES.end());
        let access = client.access_token_ttl.unwrap_or(settings.access_token.ttl);
        let refresh = (client.refresh_token_ttl).unwrap_or(settings.refresh_token.ttl);
        Self {
            access: within(policy.access_token_ttl(client, access)),
            refresh: within(policy.refresh_token_ttl(client, refresh)),
            code: settings.code_ttl,
        }
    }

    /// How long anything of a grant can live: `expires_at` of a new [`Grant`](super::model::Grant).
    pub(crate) fn grant(&self) -> Duration {
        self.code + self.refresh + self.access
    }
}
