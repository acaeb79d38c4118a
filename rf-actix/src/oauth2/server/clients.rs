//! What can be done with a client that is registered.

use std::time::Duration;

use super::OAuth2Server;
use crate::oauth2::error::{Error, StoreError};
use crate::oauth2::event::Event;
use crate::oauth2::model::{Client, ClientId, RegisteredClient, Secret, StoredSecret};
use crate::oauth2::settings::SettingError;
use crate::oauth2::token::{TokenKind, generate};

impl OAuth2Server {
    /// The client of exactly this identifier, also when it is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        self.0.store.client(id).await
    }

    /// At most `limit` (1 to 500) clients after that of the identifier `after`, in the order of identifiers, also
    /// the disabled ones.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clients(
        &self,
        after: Option<&ClientId>,
        limit: u64,
    ) -> Result<Vec<RegisteredClient>, StoreError> {
        self.0.store.clients(after, limit).await
    }

    /// Changes everything of a registered client but its secrets. What it may no longer have is missing from the
    /// next tokens; those it has stay as they are.
    ///
    /// A client of the settings is what they say again at the next start.
    ///
    /// # Errors
    /// When there is no such client, it breaks a rule or names a secret, or the database fails.
    pub async fn update_client(&self, client: Client) -> Result<(), Error> {
        let before = self.known(&client.id).await?;
        if client.secret.is_some() {
            let message = "cannot be changed by an update, call rotate_secret or register_client";
            return Err(Error::Client {
                id: client.id.to_string(),
                source: SettingError::new("secret", message),
            });
        }
        self.check(&client, !before.is_public())?;
        let found = self.0.store.update_client(&client, self.now()).await?;
        self.changed(&client.id, found, "updated")
    }

    /// Stops a client: it can do nothing any more, and what it was given counts no more. One of the settings stays
    /// stopped however often the server is started again, until [`enable_client`](Self::enable_client).
    ///
    /// # Errors
    /// When there is no such client, or the database fails.
    pub async fn disable_client(&self, id: &ClientId) -> Result<(), Error> {
        let found = self.0.store.disable_client(id, self.now()).await?;
        self.changed(id, found, "disabled")
    }

    /// Lets a client go on. What it was given before it was disabled stays revoked.
    ///
    /// # Errors
    /// When there is no such client, or the database fails.
    pub async fn enable_client(&self, id: &ClientId) -> Result<(), Error> {
        let found = self.0.store.enable_client(id, self.now()).await?;
        self.changed(id, found, "enabled")
    }

    /// Removes a client, its secrets and the consents it was given; what it was given counts no more. `false` when
    /// there was none.
    ///
    /// A client of the settings is back at the next start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_client(&self, id: &ClientId) -> Result<bool, Error> {
        let found = self.0.store.delete_client(id, self.now()).await?;
        self.0.epoch.advance();
        if found {
            self.emit(&Event::ClientDeleted {
                client_id: id.clone(),
            });
        }
        Ok(found)
    }

    /// Makes a new secret for a confidential client, and shows it once. The newest one until now counts for
    /// `overlap` more, so that the client can be changed over; with `Duration::ZERO`, and any older one, no more.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use rf::oauth2::{ClientId, Error, OAuth2Server};
    /// # async fn rotate(server: OAuth2Server, shop: ClientId) -> Result<(), Error> {
    /// let secret = server.rotate_secret(&shop, Duration::from_secs(24 * 60 * 60)).await?;
    /// println!("{shop}: {}", secret.expose());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such client, it is public, or the database fails.
    pub async fn rotate_secret(&self, id: &ClientId, overlap: Duration) -> Result<Secret, Error> {
        if self.known(id).await?.is_public() {
            return Err(Error::Client {
                id: id.to_string(),
                source: SettingError::new(
                    "secret",
                    "there is none to rotate, the client is public",
                ),
            });
        }
        let secret = generate(TokenKind::Client);
        let now = self.now();
        let stored = StoredSecret::new(self.0.hasher.hash(&secret).await?, now);
        let store = &self.0.store;
        let found = store.add_secret(id, &stored, now.plus(overlap)).await?;
        self.changed(id, found, "secret_rotated")?;
        Ok(secret)
    }

    /// Ends a secret of a client now, by the identifier that [`RegisteredClient::secrets`] has.
    ///
    /// # Errors
    /// When there is no such client or secret, no other secret counts, or the database fails.
    pub async fn remove_secret(&self, id: &ClientId, secret: &str) -> Result<(), Error> {
        self.known(id).await?;
        if !self.0.store.remove_secret(id, secret, self.now()).await? {
            return Err(Error::Client {
                id: id.to_string(),
                source: SettingError::new(
                    "secret",
                    "is not there, or is the last one that counts: rotate it, or disable the client",
                ),
            });
        }
        self.changed(id, true, "secret_removed")
    }

    async fn known(&self, id: &ClientId) -> Result<RegisteredClient, Error> {
        let found = self.0.store.client(id).await?;
        found.ok_or_else(|| unknown(id))
    }

    fn changed(&self, id: &ClientId, found: bool, change: &'static str) -> Result<(), Error> {
        if !found {
            return Err(unknown(id));
        }
        self.0.epoch.advance();
        self.emit(&Event::ClientChanged {
            client_id: id.clone(),
            change,
        });
        Ok(())
    }

    fn now(&self) -> crate::oauth2::model::Timestamp {
        self.0.clock.now()
    }
}

fn unknown(id: &ClientId) -> Error {
    Error::UnknownClient { id: id.to_string() }
}
