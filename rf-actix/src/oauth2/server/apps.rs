//! What people have allowed, and taking it back.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::OAuth2Server;
use crate::oauth2::model::{ClientId, ScopeSet, Subject, Timestamp};
use crate::oauth2::store::StoreError;

/// A client that somebody has allowed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthorizedApp {
    /// Its identifier.
    pub client_id: ClientId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: ScopeSet,
    /// Since when; as JSON in seconds since the Unix epoch.
    #[serde(serialize_with = "seconds")]
    pub since: Timestamp,
}

fn seconds<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(at.as_secs())
}

impl OAuth2Server {
    /// What `subject` has allowed, by client, in the order of their names: consents that are remembered, and grants
    /// whose tokens still count. [`withdraw_consent`](Self::withdraw_consent) takes it back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn authorized_apps(
        &self,
        subject: &Subject,
    ) -> Result<Vec<AuthorizedApp>, StoreError> {
        let mut held = BTreeMap::<ClientId, (ScopeSet, Timestamp)>::new();
        for allowed in self.store().allowed_by(subject, self.clock().now()).await? {
            held.entry(allowed.client_id)
                .and_modify(|(scope, since)| {
                    *scope = scope.union(&allowed.scope);
                    *since = allowed.since.min(*since);
                })
                .or_insert((allowed.scope, allowed.since));
        }
        let mut apps = Vec::with_capacity(held.len());
        for (client_id, (scope, since)) in held {
            // A client that is disabled or gone can do nothing; if it comes back, so does what it was allowed.
            let known = self.store().client(&client_id).await?;
            let name = known.map_or_else(
                || client_id.to_string(),
                |known| known.client.display_name().to_owned(),
            );
            apps.push(AuthorizedApp {
                client_id,
                name,
                scope,
                since,
            });
        }
        apps.sort_by_cached_key(|app| app.name.to_lowercase());
        Ok(apps)
    }
}
