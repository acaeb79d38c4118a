//! What has to be done from time to time.

use std::time::Duration;

use super::OAuth2Server;
use crate::oauth2::error::Error;
use crate::oauth2::event::Event;
use crate::oauth2::key::{KeyHealth, KeyRotation};
use crate::oauth2::model::Timestamp;
use crate::oauth2::store::StoreError;

/// How long a look at the keys' health may wait for the database.
const FOLLOWING: Duration = Duration::from_secs(1);

impl OAuth2Server {
    /// Makes the next key that signs access tokens. It is shown in the list of keys at once and signs ten minutes
    /// later; by then all instances and resource servers know it. The keys before it verify for as long as their
    /// tokens live. A rotation that has begun already is told again.
    ///
    /// The server does this by itself as often as the setting `key_rotation` says. A key that may have leaked is taken
    /// away by [`withdraw_key`](Self::withdraw_key).
    ///
    /// ```
    /// # use rf::oauth2::{OAuth2Server, connect};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rf::oauth2::Error> {
    /// let server = OAuth2Server::builder(connect("sqlite::memory:", 1).await?).build().await?;
    /// let next = server.rotate_keys().await?;
    /// assert!(next.active_from > server.clock().now());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the database fails, or the system has no randomness.
    pub async fn rotate_keys(&self) -> Result<KeyRotation, Error> {
        self.keyring().rotate(self.0.clock.now()).await
    }

    /// Takes away a key that may have leaked: it is shown no more, and what it signed, by whomever, counts no more. If it
    /// is the one that signs now, a new one takes its place at once. Clients that hold a refresh token get new tokens by
    /// it; all others begin anew.
    ///
    /// Other instances follow within half a minute in which they are asked for a token, the keys or their health, or at
    /// the next [`purge`](Self::purge); resource servers when they fetch the keys again, within five minutes.
    ///
    /// ```
    /// # use rf::oauth2::OAuth2Server;
    /// # async fn withdraw(server: OAuth2Server, leaked: &str) -> Result<(), rf::oauth2::Error> {
    /// server.withdraw_key(leaked).await?; // the `kid` in the header of its tokens
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When there is no such key, the database fails, or the system has no randomness.
    pub async fn withdraw_key(&self, kid: &str) -> Result<(), Error> {
        self.keyring().withdraw(kid, self.0.clock.now()).await
    }

    /// Takes over what other instances did to the keys. When that fails, those that are known are good for a while.
    pub(crate) async fn follow_keys(&self) {
        if let Err(error) = self.keyring().follow(self.0.clock.now()).await {
            self.emit(&Event::Failed {
                what: "following the signing keys",
                cause: error.to_string(),
            });
        }
    }

    /// Removes at most `batch` (1 to 500) rows of each kind that ended a day ago or earlier, and says how many
    /// they were; and the signing keys whose tokens are all over. Safe to run on every instance; call it every few
    /// minutes, again at once while it removes many. The suite does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, batch: u64) -> Result<u64, StoreError> {
        let now = self.0.clock.now();
        self.follow_keys().await;
        self.keyring().remove_retired(now).await?;
        // Used codes are kept for a while, so that their replay is still seen.
        let before = now.as_millis() - 24 * 60 * 60 * 1000;
        self.0
            .store
            .purge(Timestamp::from_millis(before), batch)
            .await
    }

    /// Whether the database answers. [`key_health`](Self::key_health) tells how the signing keys are.
    ///
    /// # Errors
    /// When it does not.
    pub async fn health(&self) -> Result<(), StoreError> {
        self.0.store.ping().await
    }

    /// How the signing keys are: one signs and verifies something, and what other instances did to the keys is
    /// looked up when that was last done half a minute ago. It takes a second at most.
    ///
    /// ```
    /// # use rf::oauth2::{KeyHealth, OAuth2Server, connect};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), rf::oauth2::Error> {
    /// let server = OAuth2Server::builder(connect("sqlite::memory:", 1).await?).build().await?;
    /// assert_eq!(server.key_health().await?, KeyHealth::Good);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the key of now signs nothing that it verifies: no token can be issued then.
    pub async fn key_health(&self) -> Result<KeyHealth, Error> {
        // A database that does not answer shows in the age of the attempt, which goes on being told.
        let _ = tokio::time::timeout(FOLLOWING, self.follow_keys()).await;
        self.keyring().health(self.0.clock.now())
    }
}
