//! How often a secret may be guessed.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use moka::ops::compute::{CompResult, Op};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::oauth2::model::Timestamp;

/// Counts attempts per name and address, and per address.
///
/// A name alone is never locked: whoever knows it could keep its owner out. An attempt counts before the secret is
/// looked at, so that many at once are no way round, and is given back when the secret was right; a window ends,
/// and then everybody may try again. Memory is bounded: when it is full, rare keys go before frequent ones, so
/// that a flood of invented names does not make the counter of one name forget. Each instance counts for itself.
#[derive(Clone)]
pub(crate) struct Throttle {
    limits: Limits,
    counted: Cache<Key, Window>,
}

/// How many attempts there may be within a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    per_name: u32,
    per_address: u32,
    window: Duration,
}

impl Limits {
    /// For the passwords of people.
    pub(crate) const LOGIN: Self = Self {
        per_name: 10,
        per_address: 100,
        window: Duration::from_secs(5 * 60),
    };

    /// For the secrets of clients: machines that do not mistype, and that cannot wait long.
    pub(crate) const CLIENT: Self = Self {
        per_name: 10,
        per_address: 100,
        window: Duration::from_secs(60),
    };
}

/// Too many attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled {
    /// The seconds until the next one is looked at; at least one.
    pub(crate) retry_after: u64,
}

/// A digest: names come from outside, and may be long.
type Key = [u8; 32];

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    attempts: u32,
}

impl Throttle {
    const KEYS: u64 = 20_000;

    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            counted: Cache::new(Self::KEYS),
        }
    }

    /// Counts an attempt. Where it comes from may be unknown: then only the name counts, or one guesser would
    /// stand for everybody.
    ///
    /// # Errors
    /// When there were too many; then it does not count.
    pub(crate) fn attempt(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let network = address.map(network);
        let named = name_key(name, network);
        self.count(named, self.limits.per_name, now)?;
        match network {
            Some(network) => self
                .count(network_key(network), self.limits.per_address, now)
                .inspect_err(|_| self.give_back(named)),
            None => Ok(()),
        }
    }

    /// The secret was right: the attempts so far were the owner's.
    pub(crate) fn succeeded(&self, name: &str, address: Option<IpAddr>) {
        let network = address.map(network);
        self.counted.invalidate(&name_key(name, network));
        if let Some(network) = network {
            self.give_back(network_key(network));
        }
    }

    fn count(&self, key: Key, limit: u32, now: Timestamp) -> Result<(), Throttled> {
        let length = self.limits.window;
        let counted = self.counted.entry(key).and_compute_with(|entry| {
            let window = entry
                .map(moka::Entry::into_value)
                // One from the future was begun before the clock was set back.
                .filter(|window| now.distance(window.since) < length)
                .unwrap_or(Window {
                    since: now,
                    attempts: 0,
                });
            if window.attempts >= limit {
                return Op::Nop;
            }
            Op::Put(Window {
                attempts: window.attempts + 1,
                ..window
            })
        });
        let CompResult::Unchanged(full) = counted else {
            return Ok(());
        };
        let window = full.into_value();
        let left = length.saturating_sub(now.since(window.since));
        Err(Throttled {
            retry_after: u64::try_from(left.as_millis().div_ceil(1000))
                .unwrap_or(u64::MAX)
                .max(1),
        })
    }

    fn give_back(&self, key: Key) {
        self.counted.entry(key).and_compute_with(|entry| {
            entry.map_or(Op::Nop, |entry| {
                let window = entry.into_value();
                Op::Put(Window {
                    attempts: window.attempts.saturating_sub(1),
                    ..window
                })
            })
        });
    }
}

fn name_key(name: &str, network: Option<IpAddr>) -> Key {
    // An address as text holds no NUL, so that no two pairs run together.
    let network = network.map(|network| network.to_string());
    Sha256::new()
        .chain_update("name\0")
        .chain_update(network.unwrap_or_default())
        .chain_update("\0")
        .chain_update(name)
        .finalize()
        .into()
}

fn network_key(network: IpAddr) -> Key {
    Sha256::new()
        .chain_update("network\0")
        .chain_update(network.to_string())
        .finalize()
        .into()
}

/// One house has a whole /64 of IPv6 addresses to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn throttle() -> Throttle {
        Throttle::new(Limits::LOGIN)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_eleventh_attempt_in_five_minutes_waits() {
        let throttle = throttle();
        let here = ip("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(throttle.attempt("ada", here, NOW), Ok(()));
        }
        let later = NOW.plus(Duration::from_millis(60_001));
        let retry_after = 240;
        assert_eq!(
            throttle.attempt("ada", here, later),
            Err(Throttled { retry_after })
        );
        let end = NOW.plus(Duration::from_secs(300));
        assert_eq!(throttle.attempt("ada", here, end), Ok(()));
    }

    #[test]
    fn nobody_waits_for_the_clock_to_catch_up_when_it_was_set_back() {
        let throttle = throttle();
        let here = ip("192.0.2.1");
        let later = NOW.plus(Duration::from_secs(3600));
        for _ in 0..11 {
            let _ = throttle.attempt("ada", here, later);
        }
        assert!(throttle.attempt("ada", here, later).is_err());
        assert_eq!(throttle.attempt("ada", here, NOW), Ok(()));
        // Set back by less than a window, it is the same one: that is no way to guess more often.
        for _ in 0..11 {
            let _ = throttle.attempt("bob", here, later);
        }
        let little = Timestamp::from_millis(later.as_millis() - 60_000);
        assert!(throttle.attempt("bob", here, little).is_err());
    }

    #[test]
    fn of_many_attempts_at_once_ten_get_through() {
        let throttle = throttle();
        let passed: usize = std::thread::scope(|scope| {
            let guessers: Vec<_> = (0..8)
                .map(|_| {
                    let guess = || throttle.attempt("ada", ip("192.0.2.1"), NOW).is_ok();
                    scope.spawn(move || (0..25).filter(|_| guess()).count())
                })
                .collect();
            guessers.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(passed, 10);
    }

    #[test]
    fn the_owner_elsewhere_is_not_locked_out() {
        let throttle = throttle();
        for _ in 0..20 {
            let _ = throttle.attempt("ada", ip("192.0.2.1"), NOW);
        }
        assert_eq!(throttle.attempt("ada", ip("192.0.2.2"), NOW), Ok(()));
        assert_eq!(throttle.attempt("bob", ip("192.0.2.1"), NOW), Ok(()));
    }

    #[test]
    fn a_right_secret_forgives_the_wrong_ones() {
        let throttle = throttle();
        let here = ip("192.0.2.1");
        for _ in 0..50 {
            for _ in 0..5 {
                // The address would be full after 100 of these, were the right ones not given back.
                let _ = throttle.attempt("ada", here, NOW);
                throttle.succeeded("ada", here);
            }
            assert_eq!(throttle.attempt("ada", here, NOW), Ok(()));
            throttle.succeeded("ada", here);
        }
    }

    #[test]
    fn one_address_cannot_try_every_name() {
        let throttle = throttle();
        let tried = |n: u32, from: &str| throttle.attempt(&format!("user{n}"), ip(from), NOW);
        for n in 0..100 {
            assert_eq!(tried(n, "2001:db8::1"), Ok(()));
        }
        assert!(tried(100, "2001:db8::ffff").is_err(), "the same /64");
        assert_eq!(tried(100, "2001:db8:0:1::1"), Ok(()));
    }

    #[test]
    fn an_unknown_address_does_not_stand_for_everybody() {
        let throttle = throttle();
        for n in 0..200 {
            assert_eq!(throttle.attempt(&format!("user{n}"), None, NOW), Ok(()));
        }
    }

    #[test]
    fn a_flood_of_invented_names_does_not_make_it_forget() {
        let throttle = throttle();
        let mut passed = 0;
        for n in 0..60_000_u32 {
            let _ = throttle.attempt(&format!("invented{n}"), None, NOW);
            if n % 100 == 0 && throttle.attempt("ada", None, NOW).is_ok() {
                passed += 1;
            }
        }
        throttle.counted.run_pending_tasks();
        assert!(throttle.counted.entry_count() <= Throttle::KEYS);
        assert_eq!(passed, 10);
    }
}
