//! Argon2id, off the worker threads and a few at a time.

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::oauth2::error::HashError;
use crate::oauth2::model::Secret;

/// Hashes and verifies client secrets and passwords by Argon2id (19 MiB, t = 2; OWASP's first choice).
///
/// One hash costs about 20 ms of a core. They run on the blocking pool, at most as many at once as there are
/// cores, so that a flood of wrong secrets slows down other secrets and nothing else.
#[derive(Debug, Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    decoy: Arc<str>,
}

impl Hasher {
    /// A hasher; makes the decoy that unknown names are measured against.
    ///
    /// # Errors
    /// When the system has no randomness or memory.
    pub async fn new() -> Result<Self, HashError> {
        let cores = available_parallelism().map_or(2, usize::from);
        let mut hasher = Self {
            permits: Arc::new(Semaphore::new(cores)),
            decoy: Arc::from(""),
        };
        hasher.decoy = hasher.hash(&"decoy".into()).await?.into();
        Ok(hasher)
    }

    /// The PHC string of `secret`, with a fresh salt.
    ///
    /// # Errors
    /// When the system has no randomness or memory.
    pub async fn hash(&self, secret: &Secret) -> Result<String, HashError> {
        let secret = secret.clone();
        self.run(move || {
            Argon2::default()
                .hash_password(secret.expose().as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|error| HashError(error.to_string()))
        })
        .await?
    }

    /// Whether `secret` is one of those that were hashed to `hashes`.
    ///
    /// When there are none, a decoy is verified in vain: the unknown takes as long as the wrong.
    ///
    /// # Errors
    /// When the work could not be run.
    pub async fn verify(&self, secret: &Secret, hashes: &[String]) -> Result<bool, HashError> {
        let secret = secret.clone();
        let known = !hashes.is_empty();
        let hashes = if known {
            hashes.to_vec()
        } else {
            vec![self.decoy.to_string()]
        };
        self.run(move || {
            let met = hashes.iter().any(|hash| {
                Argon2::default()
                    .verify_password(secret.expose().as_bytes(), hash.as_str())
                    .is_ok()
            });
            met && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|error| HashError(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_secret_is_verified_against_its_hash_only() {
        let hasher = Hasher::new().await.unwrap();
        let hash = hasher.hash(&"right".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let hashes = [hash];
        assert!(hasher.verify(&"right".into(), &hashes).await.unwrap());
        assert!(!hasher.verify(&"wrong".into(), &hashes).await.unwrap());
        assert!(!hasher.verify(&"decoy".into(), &[]).await.unwrap());
    }
}
