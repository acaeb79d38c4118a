//! What differs from house to house: consent, lifetimes, extra claims, who may introspect.

use std::time::Duration;

use serde_json::{Map, Value};

use super::model::{Client, Principal, RegisteredClient, ScopeSet, Subject};

/// Decisions an app may want to take otherwise. Every method has the safe default.
pub trait Policy: Send + Sync + 'static {
    /// Whether `client` gets `scope` from `subject` without asking. Default: first-party clients do.
    fn skip_consent(&self, client: &Client, subject: &Subject, scope: &ScopeSet) -> bool {
        let _ = (subject, scope);
        client.first_party
    }

    /// How long an access token of `client` lives. Default: as the settings say.
    fn access_token_ttl(&self, client: &Client, default: Duration) -> Duration {
        let _ = client;
        default
    }

    /// Claims to add to an access token. Names the server uses itself are left out.
    fn extra_claims(
        &self,
        client: &Client,
        principal: &Principal,
        scope: &ScopeSet,
    ) -> Map<String, Value> {
        let _ = (client, principal, scope);
        Map::new()
    }

    /// Whether `client` may ask about tokens of `owner` (RFC 7662 §4). Default: confidential clients may ask
    /// about any, public ones about their own.
    fn may_introspect(&self, client: &RegisteredClient, owner: &super::model::ClientId) -> bool {
        !client.is_public() || client.client.id == *owner
    }
}

/// All defaults.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultPolicy;

impl Policy for DefaultPolicy {}
