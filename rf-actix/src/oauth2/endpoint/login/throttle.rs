//! How often a password may be tried.

use moka::sync::Cache;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Counts failed logins per name and address, and per address.
///
/// The name alone is never locked: whoever knows a name could keep its owner out. Memory is bounded; when it is
/// full, rare keys go before frequent ones, so that a flood of invented names does not make a counter forget.
#[derive(Debug, Clone)]
pub(crate) struct LoginThrottle {
    failures: Cache<Key, Arc<AtomicU32>>,
    window: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person { name: String, address: Option<IpAddr> },
    Address(Option<IpAddr>),
}

/// Too many failures: try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) retry_after: Duration,
}

impl LoginThrottle {
    const PER_PERSON: u32 = 10;
    const PER_ADDRESS: u32 = 100;
    const KEYS: u64 = 20_000;
    const LONGEST_NAME: usize = 256;
}
