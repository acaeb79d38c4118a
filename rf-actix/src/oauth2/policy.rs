//! What differs from house to house: consent, lifetimes, extra claims, who may introspect.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::model::{Client, Principal, RegisteredClient, ScopeSet, Subject};

/// Why a decision could not be taken; the cause is for the log, and nothing is issued.
pub type PolicyError = Box<dyn StdError + Send + Sync>;

/// Decisions an app may want to take otherwise. Every method has the safe default.
///
/// ```
/// use rf::oauth2::{Client, Policy, PolicyError, Principal, ScopeSet};
/// use serde_json::{Map, Value};
///
/// struct Tenants;
///
/// #[async_trait::async_trait]
/// impl Policy for Tenants {
///     async fn extra_claims(
///         &self,
///         _: &Client,
///         principal: &Principal,
///         _: &ScopeSet,
///     ) -> Result<Map<String, Value>, PolicyError> {
///         let tenant = match principal {
///             Principal::User(subject) => look_up(subject.as_str()).await?,
///             Principal::Client(_) => "machines".to_owned(),
///         };
///         Ok(Map::from_iter([("tenant".to_owned(), tenant.into())]))
///     }
/// }
/// # async fn look_up(_: &str) -> Result<String, PolicyError> { Ok(String::new()) }
/// ```
#[async_trait]
pub trait Policy: Send + Sync + 'static {
    /// Whether `client` gets `scope` from `subject` without asking. Default: first-party clients do.
    fn skip_consent(&self, client: &Client, subject: &Subject, scope: &ScopeSet) -> bool {
        let _ = (subject, scope);
        client.first_party
    }

    /// How long an access token of `client` lives. Default: as its registration or the settings say.
    fn access_token_ttl(&self, client: &Client, default: Duration) -> Duration {
        let _ = client;
        default
    }

    /// How long refresh tokens of `client` live from the consent on, however much they are used. Default: as its
    /// registration or the settings say.
    fn refresh_token_ttl(&self, client: &Client, default: Duration) -> Duration {
        let _ = client;
        default
    }

    /// What of `scope` an access token gets in the end; asked each time one is issued, at each refresh too. What
    /// was not in `scope` is left out: nobody gets more than was asked for and allowed. Default: all of it.
    ///
    /// # Errors
    /// When it could not be found out.
    async fn finalize_scope(
        &self,
        client: &Client,
        principal: &Principal,
        scope: ScopeSet,
    ) -> Result<ScopeSet, PolicyError> {
        let _ = (client, principal);
        Ok(scope)
    }

    /// Claims to add to an access token. Names the server uses itself are left out.
    ///
    /// # Errors
    /// When they could not be found out.
    async fn extra_claims(
        &self,
        client: &Client,
        principal: &Principal,
        scope: &ScopeSet,
    ) -> Result<Map<String, Value>, PolicyError> {
        let _ = (client, principal, scope);
        Ok(Map::new())
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
