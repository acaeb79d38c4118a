//! All keys of the server, loaded.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::pair::{TokenKey, algorithm, generate, purpose};
use super::seal::Seals;
use crate::oauth2::error::Error;
use crate::oauth2::model::{KeyPurpose, SigningKey, Timestamp};
use crate::oauth2::settings::{OAuth2Settings, SigningAlgorithm};
use crate::oauth2::store::Store;

/// How old what is known of the keys may be when a token is signed or the keys are shown.
const FOLLOW: Duration = Duration::from_secs(30);
/// How often a token that names an unknown key may make the database be asked: anybody can send one.
const SEARCH: Duration = Duration::from_secs(10);

/// The keys that sign access tokens, and those that never leave the server.
pub(crate) struct Keyring {
    pub(super) store: Arc<dyn Store>,
    pub(super) algorithm: SigningAlgorithm,
    /// How long a key signs.
    pub(super) every: Duration,
    /// How long tokens live, as far as the settings know.
    pub(super) ttl: Duration,
    seals: Seals,
    /// In the order in which they sign.
    signing: RwLock<Arc<[Arc<TokenKey>]>>,
    /// How often keys went: what was found out about their tokens counts no more.
    losses: AtomicU64,
    followed: Mutex<Timestamp>,
    /// When following began to fail, if it does.
    pub(super) behind: std::sync::Mutex<Option<Timestamp>>,
    searched: Mutex<Timestamp>,
    refresh: [u8; 32],
    cookie: [u8; 32],
}

impl Keyring {
    /// Loads the keys, and makes those that are missing. Of several instances that make one at the same
    /// time, the first to write wins, and all load that one. Keys in clear, or encrypted with another key, are
    /// encrypted with the one there is for it.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        settings: &OAuth2Settings,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let seals = Seals::new(settings)?;
        let algorithm = settings.access_token.algorithm;
        let mut keys = store.keys().await?;
        for purpose in [purpose(algorithm), KeyPurpose::Refresh, KeyPurpose::Cookie] {
            if !keys.iter().any(|key| key.purpose == purpose) {
                let key = make(purpose, 1, (now, now)).await?;
                insert(&*store, &seals, key).await?;
            }
        }
        keys = store.keys().await?;
        for key in &keys {
            if let Some(closed) = seals.close_anew(key)? {
                store.seal_key(&closed, key.sealed_by.as_deref()).await?;
            }
        }
        let signing = to_token_keys(&keys, &seals, &[])?;
        let secret = |purpose| secret(&keys, purpose, &seals);
        Ok(Self {
            refresh: secret(KeyPurpose::Refresh)?,
            cookie: secret(KeyPurpose::Cookie)?,
            store,
            algorithm,
            every: settings.key_rotation,
            ttl: settings.access_token.ttl,
            seals,
            signing: RwLock::new(signing),
            losses: AtomicU64::default(),
            followed: Mutex::new(now),
            behind: std::sync::Mutex::default(),
            searched: Mutex::new(Timestamp::default()),
        })
    }

    /// The key that signs at `now`.
    pub(crate) fn signer(&self, now: Timestamp) -> Arc<TokenKey> {
        let known = self.known();
        let mut ours = known.iter().filter(|key| key.algorithm() == self.algorithm);
        // The clock of whoever made the first key may be ahead of ours.
        let first = ours
            .next()
            .expect("a keyring is made with at least one key");
        let active = ours.rfind(|key| key.active_from <= now);
        Arc::clone(active.unwrap_or(first))
    }

    /// The key of this name.
    pub(crate) fn find(&self, kid: &str) -> Option<Arc<TokenKey>> {
        self.known().iter().find(|key| key.kid() == kid).cloned()
    }

    /// The key whose own header this token has.
    pub(crate) fn find_by_head(&self, token: &str) -> Option<Arc<TokenKey>> {
        self.known().iter().find(|key| key.heads(token)).cloned()
    }

    /// The key of this name, which another instance may have made since the keys were loaded.
    pub(crate) async fn search(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<TokenKey>>, Error> {
        // Those who come while the database is asked wait for what it says.
        let mut searched = self.searched.lock().await;
        if let Some(found) = self.find(kid) {
            return Ok(Some(found));
        }
        // A new key is shown long before it signs: whoever was asked to search for another one since has found it.
        if now.distance(*searched) < SEARCH {
            return Ok(None);
        }
        *searched = now;
        self.load().await?;
        Ok(self.find(kid))
    }

    /// The keys in the order in which they sign, those to come and those of the past included.
    pub(crate) fn known(&self) -> Arc<[Arc<TokenKey>]> {
        Arc::clone(&self.signing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what other instances did, and rotates when it is time. What is known is not older than half a
    /// minute afterwards; on failure it stays as it is, and the next caller after that time tries again.
    pub(crate) async fn follow(&self, now: Timestamp) -> Result<(), Error> {
        // One asks; the others go on with what they have.
        let Ok(mut followed) = self.followed.try_lock() else {
            return Ok(());
        };
        if now.distance(*followed) < FOLLOW {
            return Ok(());
        }
        *followed = now;
        self.begin_following(now);
        self.load().await?;
        self.rotate_when_due(now).await?;
        self.has_followed();
        Ok(())
    }

    /// How often keys went. Read it before a key is looked up.
    pub(crate) fn losses(&self) -> u64 {
        self.losses.load(Ordering::SeqCst)
    }

    pub(super) async fn load(&self) -> Result<(), Error> {
        let keys = self.store.keys().await?;
        let signing = to_token_keys(&keys, &self.seals, &self.known())?;
        // A database that was emptied is no reason to stop signing.
        if signing.iter().any(|key| key.algorithm() == self.algorithm) {
            let is_gone = |key: &&Arc<TokenKey>| !signing.iter().any(|it| it.kid() == key.kid());
            let mut known = self.signing.write().unwrap_or_else(PoisonError::into_inner);
            let lost = known.iter().any(|key| is_gone(&key));
            *known = signing;
            drop(known);
            if lost {
                // Behind the change: who reads the new number finds the new keys.
                self.losses.fetch_add(1, Ordering::SeqCst);
            }
        }
        Ok(())
    }

    /// Adds the key of this generation unless another instance did, and takes over what there is then.
    pub(super) async fn add(
        &self,
        generation: i32,
        now: Timestamp,
        active_from: Timestamp,
    ) -> Result<(), Error> {
        let key = make(purpose(self.algorithm), generation, (now, active_from)).await?;
        insert(&*self.store, &self.seals, key).await?;
        self.load().await
    }

    /// Derives successors of refresh tokens.
    pub(crate) fn refresh(&self) -> &[u8; 32] {
        &self.refresh
    }

    /// Signs session cookies and form tokens.
    pub(crate) fn cookie(&self) -> &[u8; 32] {
        &self.cookie
    }
}

async fn insert(store: &dyn Store, seals: &Seals, key: SigningKey) -> Result<(), Error> {
    Ok(store.insert_key(&seals.close(key)?).await?)
}

async fn make(
    purpose: KeyPurpose,
    generation: i32,
    (created_at, active_from): (Timestamp, Timestamp),
) -> Result<SigningKey, Error> {
    let (id, private) = match algorithm(purpose) {
        Some(algorithm) => {
            let made = tokio::task::spawn_blocking(move || {
                let private = generate(algorithm)?;
                let key = TokenKey::from_pkcs8(&private, algorithm)?;
                Ok::<_, String>((key.kid().to_owned(), private))
            });
            let made = made.await.map_err(|error| bad_key("new", error))?;
            made.map_err(|error| bad_key("new", error))?
        }
        None => {
            let mut private = Zeroizing::new(vec![0; 32]);
            getrandom::fill(&mut private).map_err(|error| bad_key("new", error))?;
            (uuid::Uuid::now_v7().to_string(), private)
        }
    };
    Ok(SigningKey {
        id,
        purpose,
        generation,
        private,
        sealed_by: None,
        created_at,
        active_from,
    })
}

/// The keys that sign, those of `known` taken over: reading one costs more than a signature.
fn to_token_keys(
    keys: &[SigningKey],
    seals: &Seals,
    known: &[Arc<TokenKey>],
) -> Result<Arc<[Arc<TokenKey>]>, Error> {
    let mut read = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(algorithm) = algorithm(key.purpose) else {
            continue;
        };
        if let Some(known) = known.iter().find(|known| known.kid() == key.id) {
            read.push(Arc::clone(known));
            continue;
        }
        let private = seals.open(key)?;
        let pair = TokenKey::from_pkcs8(&private, algorithm);
        let mut pair = pair.map_err(|reason| bad_key(&key.id, reason))?;
        pair.generation = key.generation;
        pair.active_from = key.active_from;
        read.push(Arc::new(pair));
    }
    Ok(read.into())
}

fn secret(keys: &[SigningKey], purpose: KeyPurpose, seals: &Seals) -> Result<[u8; 32], Error> {
    let newest = keys.iter().rfind(|key| key.purpose == purpose);
    let newest = newest.ok_or_else(|| bad_key("new", "was not kept by the database"))?;
    (seals.open(newest)?.as_slice())
        .try_into()
        .map_err(|_| bad_key(&newest.id, "is not 32 bytes long"))
}

fn bad_key(id: &str, reason: impl fmt::Display) -> Error {
    Error::Key {
        id: id.to_owned(),
        reason: reason.to_string(),
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.known().iter()).finish()
    }
}
