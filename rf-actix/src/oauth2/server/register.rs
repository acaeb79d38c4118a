//! Clients: registering them, and keeping those of the settings in step.

use super::OAuth2Server;
use crate::oauth2::error::Error;
use crate::oauth2::event::Event;
use crate::oauth2::model::{Client, ClientId, ClientSecretKind, RegisteredClient, Timestamp};
use crate::oauth2::settings::{OAuth2Settings, check_client};
use crate::oauth2::store::{ClientStore, Store};
use crate::oauth2::token::Hasher;

impl OAuth2Server {
    /// Registers a client, or changes the one of this identifier; what comes back is without its secret.
    ///
    /// # Errors
    /// When the client breaks a rule, or the database fails.
    pub async fn register_client(&self, client: Client) -> Result<Client, Error> {
        check_client(&client, self.settings()).map_err(|source| Error::Client {
            id: client.id.to_string(),
            source,
        })?;
        let inner = &*self.0;
        let now = inner.clock.now();
        let saved = save(&*inner.store, &inner.hasher, client, false, now).await?;
        inner.epoch.advance();
        self.emit(&Event::ClientRegistered {
            client_id: saved.id.clone(),
        });
        Ok(saved)
    }

    /// Stops a client: it can do nothing any more, and what it was given counts no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn disable_client(&self, id: &ClientId) -> Result<(), Error> {
        self.0.store.disable_client(id, self.0.clock.now()).await?;
        self.0.epoch.advance();
        Ok(())
    }
}

/// Keeps the clients of the settings in step: those that are there are saved, those that came from settings
/// and are there no more are disabled. Clients registered otherwise are left alone.
pub(super) async fn keep_in_step(
    store: &dyn Store,
    hasher: &Hasher,
    settings: &OAuth2Settings,
    now: Timestamp,
) -> Result<(), Error> {
    for client in &settings.clients {
        save(store, hasher, client.to_client(settings)?, true, now).await?;
    }
    for id in store.clients_from_settings().await? {
        if !settings
            .clients
            .iter()
            .any(|client| client.id == id.as_str())
        {
            store.disable_client(&id, now).await?;
        }
    }
    Ok(())
}

async fn save(
    store: &(impl ClientStore + ?Sized),
    hasher: &Hasher,
    mut client: Client,
    from_settings: bool,
    now: Timestamp,
) -> Result<Client, Error> {
    let before = store.client(&client.id).await?;
    let secret = client.secret.take().map(|secret| secret.0);
    let known = before
        .as_ref()
        .map_or(&[][..], |before| &before.secret_hashes);
    let secret_hashes = match secret {
        None => Vec::new(),
        Some(ClientSecretKind::Hash(hash)) => vec![hash],
        // A hash that still holds is kept, so that a start changes nothing when nothing changed.
        Some(ClientSecretKind::Plain(secret)) => {
            let holds = !known.is_empty() && hasher.verify(&secret, known).await?;
            if holds {
                known.to_vec()
            } else {
                vec![hasher.hash(&secret).await?]
            }
        }
    };
    let wanted = RegisteredClient {
        client,
        secret_hashes,
        from_settings,
        disabled: false,
    };
    if before.as_ref() != Some(&wanted) {
        store.save_client(&wanted, now).await?;
    }
    Ok(wanted.client)
}
