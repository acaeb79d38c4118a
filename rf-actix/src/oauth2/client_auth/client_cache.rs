//! Clients that were read a moment ago.

use std::fmt;
use std::sync::Arc;

use moka::sync::Cache;

use crate::oauth2::model::{ClientId, RegisteredClient, Timestamp};
use crate::oauth2::settings::CheckMode;
use crate::oauth2::store::{Store, StoreError};
use crate::oauth2::token::{Epoch, FRESH};

/// Most clients ask again and again. What another instance does to one is seen as late as the revocation of a
/// token, what this one does at once; with [`CheckMode::Strict`] nothing is remembered.
pub(super) struct ClientCache {
    store: Arc<dyn Store>,
    epoch: Epoch,
    known: Option<Cache<ClientId, Known>>,
}

#[derive(Clone)]
struct Known {
    client: Arc<RegisteredClient>,
    at: Timestamp,
    epoch: u64,
}

impl ClientCache {
    pub(super) fn new(store: Arc<dyn Store>, epoch: Epoch, mode: CheckMode) -> Self {
        let remembers = mode != CheckMode::Strict;
        Self {
            store,
            epoch,
            known: remembers.then(|| Cache::new(10_000)),
        }
    }

    /// The client of this identifier. Only those that there are take up memory.
    pub(super) async fn client(
        &self,
        id: &ClientId,
        now: Timestamp,
    ) -> Result<Option<Arc<RegisteredClient>>, StoreError> {
        let Some(cache) = &self.known else {
            return Ok(self.store.client(id).await?.map(Arc::new));
        };
        // Read before the database is asked: what is changed meanwhile makes the answer stale.
        let epoch = self.epoch.now();
        if let Some(known) = cache.get(id)
            && known.epoch == epoch
            && now.distance(known.at) < FRESH
        {
            return Ok(Some(known.client));
        }
        let Some(client) = self.store.client(id).await?.map(Arc::new) else {
            cache.invalidate(id);
            return Ok(None);
        };
        let known = Known {
            client: Arc::clone(&client),
            at: now,
            epoch,
        };
        cache.insert(id.clone(), known);
        Ok(Some(client))
    }
}

impl fmt::Debug for ClientCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCache")
    }
}
