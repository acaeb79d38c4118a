//! Credentials are kept, and fetched anew before they expire: by one task, while the others wait.

use super::{Chain, Credentials, NoCredentials};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::Mutex;

/// So long before they expire new ones are fetched.
const AHEAD: Duration = Duration::from_secs(300);
/// So long after a fetch failed the old ones, while they last, are used without another try.
const PAUSE: Duration = Duration::from_secs(15);

/// So long a failure is told to those who waited for it, instead of each trying in turn.
const FAILED: Duration = Duration::from_secs(1);

/// The credentials of one disk.
pub(in crate::storage::s3) struct CredentialsCache {
    chain: Chain,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    credentials: Option<Arc<Credentials>>,
    not_before: Option<SystemTime>,
    /// The last failure without which there would be some, and until when it counts.
    failed: Option<(SystemTime, NoCredentials)>,
}

impl CredentialsCache {
    pub(in crate::storage::s3) fn new(chain: Chain) -> Self {
        Self {
            chain,
            kept: Mutex::default(),
        }
    }

    /// # Errors
    /// [`NoCredentials`] if there are none that still hold.
    pub(in crate::storage::s3) async fn get(
        &self,
        now: SystemTime,
    ) -> Result<Arc<Credentials>, NoCredentials> {
        let mut kept = self.kept.lock().await;
        let usable = kept
            .credentials
            .clone()
            .filter(|credentials| credentials.holds_at(now));
        if let Some(credentials) = &usable
            && (credentials.holds_at(now + AHEAD) || kept.not_before.is_some_and(|at| now < at))
        {
            return Ok(credentials.clone());
        }
        if let Some((until, failure)) = &kept.failed
            && usable.is_none()
            && now < *until
        {
            return Err(failure.clone());
        }
        match (self.chain.fetch().await, usable) {
            (Ok(fresh), _) => {
                let fresh = Arc::new(fresh);
                *kept = Kept {
                    credentials: Some(fresh.clone()),
                    ..Kept::default()
                };
                // Some are lent for less than we like to be ahead: those are used while they hold.
                if !fresh.holds_at(now + AHEAD) {
                    kept.not_before = Some(now + PAUSE);
                }
                Ok(fresh)
            }
            (Err(failure), Some(usable)) => {
                log::warn!("credentials of the storage were not renewed: {failure}");
                kept.not_before = Some(now + PAUSE);
                Ok(usable)
            }
            (Err(failure), None) => {
                kept.failed = Some((now + FAILED, failure.clone()));
                Err(failure)
            }
        }
    }

    /// Forgets these, which the service no longer takes; others that came meanwhile stay.
    pub(in crate::storage::s3) async fn forget(&self, refused: &Credentials) {
        let mut kept = self.kept.lock().await;
        if kept.credentials.as_deref() == Some(refused) {
            *kept = Kept::default();
        }
    }
}

impl Credentials {
    fn holds_at(&self, time: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| time < end)
    }
}

impl fmt::Debug for CredentialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsCache").finish_non_exhaustive()
    }
}
