//! How often a password may be tried.

use crate::oauth2::model::Timestamp;
use moka::sync::Cache;
use std::{net::IpAddr, time::Duration};

/// Counts login attempts per name and address, and per address.
///
/// A name alone is never locked: whoever knows it could keep its owner out. An attempt counts before the password
/// is looked at, so that many at once are no way round, and is given back when the password was right. Memory is
/// bounded: when it is full, rare keys go before frequent ones, so that a flood of invented names does not make
/// the counter of one name forget. Each instance counts for itself.
#[derive(Debug, Clone)]
pub(crate) struct LoginThrottle {
    counted: Cache<Key, Window>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person(String, Option<IpAddr>),
    Address(Option<IpAddr>),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    attempts: u32,
}

/// Too many attempts; how long until the next one is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) retry_after: Duration,
}

impl LoginThrottle {
    const WINDOW: Duration = Duration::from_secs(5 * 60);
    const PER_PERSON: u32 = 10;
    const PER_ADDRESS: u32 = 100;
    const KEYS: u64 = 20_000;

    /// Counts an attempt.
    ///
    /// # Errors
    /// When there were too many; then it does not count.
    pub(crate) fn attempt(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let [person, everybody] = keys(name, address);
        self.count(person.clone(), Self::PER_PERSON, now)?;
        self.count(everybody, Self::PER_ADDRESS, now)
            .inspect_err(|_| self.give_back(person))
    }

    /// The password was right: the attempts so far were the owner's.
    pub(crate) fn succeeded(&self, name: &str, address: Option<IpAddr>) {
        let [person, everybody] = keys(name, address);
        self.counted.invalidate(&person);
        self.give_back(everybody);
    }

    fn count(&self, key: Key, limit: u32, now: Timestamp) -> Result<(), Throttled> {
        let counted = self.counted.entry(key).and_upsert_with(|entry| {
            let fresh = Window {
                since: now,
                attempts: 0,
            };
            let window = entry
                .map(moka::Entry::into_value)
                .filter(|window| now.since(window.since) < Self::WINDOW)
                .unwrap_or(fresh);
            Window {
                attempts: window.attempts.saturating_add(1).min(limit + 1),
                ..window
            }
        });
        let window = counted.into_value();
        if window.attempts <= limit {
            return Ok(());
        }
        Err(Throttled {
            retry_after: Self::WINDOW.saturating_sub(now.since(window.since)),
        })
    }

    fn give_back(&self, key: Key) {
        self.counted.entry(key).and_compute_with(|entry| {
            entry.map_or(moka::ops::compute::Op::Nop, |entry| {
                let window = entry.into_value();
                moka::ops::compute::Op::Put(Window {
                    attempts: window.attempts.saturating_sub(1),
                    ..window
                })
            })
        });
    }
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self {
            counted: Cache::new(Self::KEYS),
        }
    }
}

fn keys(name: &str, address: Option<IpAddr>) -> [Key; 2] {
    let address = address.map(network);
    [Key::Person(name.to_owned(), address), Key::Address(address)]
}

/// One house has a whole /64 of IPv6 addresses to try from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_eleventh_attempt_in_five_minutes_waits() {
        let throttle = LoginThrottle::default();
        let here = ip("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(throttle.attempt("ada", here, NOW), Ok(()));
        }
        let later = NOW.plus(Duration::from_secs(60));
        let retry_after = Duration::from_secs(240);
        assert_eq!(
            throttle.attempt("ada", here, later),
            Err(Throttled { retry_after })
        );
        assert_eq!(
            throttle.attempt("ada", here, NOW.plus(Duration::from_secs(300))),
            Ok(())
        );
    }

    #[test]
    fn the_owner_elsewhere_is_not_locked_out() {
        let throttle = LoginThrottle::default();
        for _ in 0..20 {
            let _ = throttle.attempt("ada", ip("192.0.2.1"), NOW);
        }
        assert_eq!(throttle.attempt("ada", ip("192.0.2.2"), NOW), Ok(()));
        assert_eq!(throttle.attempt("bob", ip("192.0.2.1"), NOW), Ok(()));
    }

    #[test]
    fn a_right_password_forgives_the_wrong_ones() {
        let throttle = LoginThrottle::default();
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
        let throttle = LoginThrottle::default();
        let tried = |n: u32, from: &str| throttle.attempt(&format!("user{n}"), ip(from), NOW);
        for n in 0..100 {
            assert_eq!(tried(n, "2001:db8::1"), Ok(()));
        }
        assert!(tried(100, "2001:db8::ffff").is_err(), "the same /64");
        assert_eq!(tried(100, "2001:db8:0:1::1"), Ok(()));
    }
}
