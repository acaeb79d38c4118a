//! Proving what a client presents.

use std::net::IpAddr;
use std::sync::Arc;

use super::client_cache::ClientCache;
use super::credentials::{Credentials, Mechanism, refused};
use super::secret_cache::SecretCache;
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::model::{AuthMethod, RegisteredClient, Secret, Timestamp};
use crate::oauth2::settings::CheckMode;
use crate::oauth2::store::Store;
use crate::oauth2::throttle::{Limits, Throttle, Throttled};
use crate::oauth2::token::{Epoch, Hasher};

/// Authenticates clients.
#[derive(Debug)]
pub(crate) struct Authenticator {
    clients: ClientCache,
    hasher: Hasher,
    cache: SecretCache,
    throttle: Throttle,
}

impl Authenticator {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        epoch: Epoch,
        mode: CheckMode,
        hasher: Hasher,
    ) -> Self {
        Self {
            clients: ClientCache::new(store, epoch, mode),
            hasher,
            cache: SecretCache::new(),
            throttle: Throttle::new(Limits::CLIENT),
        }
    }

    /// The client that `presented` proves.
    ///
    /// Whatever is wrong, the answer is the same, and takes the same time when there was a secret.
    pub(crate) async fn authenticate(
        &self,
        presented: &Credentials,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Arc<RegisteredClient>, OAuthError> {
        let basic = presented.mechanism == Mechanism::Secret(AuthMethod::Basic);
        let client = self.clients.client(&presented.id, now).await?;
        let client = client.filter(|client| !client.disabled);
        let Some(secret) = &presented.secret else {
            // RFC 6749 §2.1: without a secret only a public client, and only by its identifier.
            return client
                .filter(|client| client.is_public() && presented.mechanism == Mechanism::None)
                .ok_or_else(|| refused(basic));
        };
        let proven = self
            .check_secret(presented, secret, client.as_deref(), address, now)
            .await?;
        client.filter(|_| proven).ok_or_else(|| refused(basic))
    }

    async fn check_secret(
        &self,
        presented: &Credentials,
        secret: &Secret,
        client: Option<&RegisteredClient>,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<bool, OAuthError> {
        let name = presented.id.as_str();
        // A client that is pinned to one mechanism has no secret by another.
        let pinned_otherwise = client.is_some_and(|client| {
            let pinned = client.client.auth_method;
            pinned.is_some_and(|method| presented.mechanism != Mechanism::Secret(method))
        });
        let hashes = match client {
            Some(client) if !pinned_otherwise => client.live_hashes(now),
            _ => Vec::new(),
        };
        let tag = self.cache.tag(&presented.id, &hashes, secret);
        if self.cache.knows(&tag) {
            return Ok(true);
        }
        // An honest client that starts with many requests at once has one secret: the first of them proves it,
        // and the others, which would look like guesses, find it proven.
        let _turn = self.cache.turn(&tag).await;
        if self.cache.knows(&tag) {
            return Ok(true);
        }
        self.throttle
            .attempt(name, address, now)
            .map_err(|Throttled { retry_after }| OAuthError {
                retry_after: Some(retry_after),
                ..OAuthError::new(
                    ErrorCode::InvalidClient,
                    "too many failed attempts, try again later",
                )
            })?;
        let hashes: Vec<_> = hashes.into_iter().map(str::to_owned).collect();
        let met = (self.hasher.verify(secret, &hashes).await).map_err(OAuthError::internal)?;
        if met {
            self.cache.remember(&tag);
            self.throttle.succeeded(name, address);
        }
        Ok(met)
    }
}
