//! Slowing down whoever guesses.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use moka::ops::compute::Op;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::oauth2::model::Timestamp;

/// Counts failures for each name and address, in bounded memory.
///
/// Nobody is locked out for ever: a window ends, and another address has a count of its own.
pub(super) struct Throttle {
    limit: u32,
    window: Duration,
    failures: Cache<[u8; 32], Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: Timestamp,
}

impl Throttle {
    /// Allows `limit` failures within `window`.
    pub(super) fn new(limit: u32, window: Duration) -> Self {
        Self {
            limit,
            window,
            failures: Cache::new(20_000),
        }
    }

    /// Whether another attempt may be made.
    ///
    /// # Errors
    /// The seconds to wait, at least one.
    pub(super) fn check(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), u64> {
        let Some(failures) = self.failures.get(&key(name, address)) else {
            return Ok(());
        };
        let passed = now.since(failures.since);
        if failures.count < self.limit || passed >= self.window {
            return Ok(());
        }
        Err((self.window - passed).as_secs().max(1))
    }

    /// An attempt failed.
    pub(super) fn failed(&self, name: &str, address: Option<IpAddr>, now: Timestamp) {
        self.failures
            .entry(key(name, address))
            .and_compute_with(|known| {
                let known = known.map(|entry| entry.into_value());
                Op::Put(match known {
                    Some(known) if now.since(known.since) < self.window => Failures {
                        count: known.count.saturating_add(1),
                        ..known
                    },
                    _ => Failures {
                        count: 1,
                        since: now,
                    },
                })
            });
    }

    /// An attempt succeeded.
    pub(super) fn succeeded(&self, name: &str, address: Option<IpAddr>) {
        self.failures.invalidate(&key(name, address));
    }
}

/// A digest: the name comes from outside, and may be long.
fn key(name: &str, address: Option<IpAddr>) -> [u8; 32] {
    let address = address
        .map(|address| address.to_string())
        .unwrap_or_default();
    Sha256::new()
        .chain_update(address)
        .chain_update([0])
        .chain_update(name)
        .finalize()
        .into()
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("limit", &self.limit)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn too_many_failures_are_slowed_down_until_the_window_ends() {
        let throttle = Throttle::new(2, WINDOW);
        let start = Timestamp::from_millis(0);
        throttle.failed("a", None, start);
        assert_eq!(throttle.check("a", None, start), Ok(()));
        throttle.failed("a", None, start);
        assert_eq!(throttle.check("a", None, start), Err(60));
        assert_eq!(throttle.check("b", None, start), Ok(()));
        let elsewhere = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(throttle.check("a", elsewhere, start), Ok(()));
        assert_eq!(throttle.check("a", None, start.plus(WINDOW)), Ok(()));
    }

    #[test]
    fn a_success_forgives() {
        let throttle = Throttle::new(1, WINDOW);
        let now = Timestamp::from_millis(0);
        throttle.failed("a", None, now);
        assert!(throttle.check("a", None, now).is_err());
        throttle.succeeded("a", None);
        assert_eq!(throttle.check("a", None, now), Ok(()));
    }
}
