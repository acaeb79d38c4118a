//! Argon2id, off the worker threads and a few at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use argon2::password_hash::Error as PhcError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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
    memory: Memory,
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
            memory: Memory::default(),
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
        self.run(move |memory| {
            memory
                .hash(secret.expose().as_bytes())
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
        self.run(move |memory| {
            let secret = secret.expose().as_bytes();
            let met = hashes
                .iter()
                .any(|hash| memory.verify(secret, hash).unwrap_or(false));
            met && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Memory) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let memory = self.memory.clone();
        spawn_blocking(move || {
            let _permit = permit;
            work(&memory)
        })
        .await
        .map_err(|error| HashError(error.to_string()))
    }
}

/// The working memory of hashes, kept for the next ones: as many as run at once, and never one a thread.
///
/// Given back to the allocator, 19 MiB would stay with whichever thread of the blocking pool had them, until
/// the process holds a multiple of what it needs.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Vec<Vec<Block>>>>);

impl Memory {
    fn hash(&self, secret: &[u8]) -> Result<String, PhcError> {
        let (argon2, salt) = (Argon2::default(), Salt::generate());
        let mut bytes = [0; Params::DEFAULT_OUTPUT_LEN];
        self.fill(&argon2, secret, &salt, &mut bytes)?;
        let hash = PasswordHash {
            algorithm: Algorithm::default().ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(argon2.params())?,
            salt: Some(salt),
            hash: Some(Output::new(&bytes)?),
        };
        Ok(hash.to_string())
    }

    /// With the algorithm and costs that the hash itself names.
    fn verify(&self, secret: &[u8], hash: &str) -> Result<bool, PhcError> {
        let hash = PasswordHash::new(hash)?;
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash
            .version
            .map_or(Ok(Version::default()), Version::try_from)?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        let mut bytes = [0; Output::MAX_LENGTH];
        let bytes = &mut bytes[..expected.len()];
        self.fill(&argon2, secret, salt, bytes)?;
        // Compared in constant time.
        Ok(Output::new(bytes)? == *expected)
    }

    fn fill(
        &self,
        argon2: &Argon2<'_>,
        secret: &[u8],
        salt: &[u8],
        bytes: &mut [u8],
    ) -> Result<(), PhcError> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blocks = kept().pop().unwrap_or_default();
        blocks.resize(argon2.params().block_count(), Block::new());
        let filled = argon2.hash_password_into_with_memory(secret, salt, bytes, &mut blocks);
        kept().push(blocks);
        Ok(filled?)
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
