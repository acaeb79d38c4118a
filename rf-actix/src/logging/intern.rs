//! Keys that are read while running. slog wants keys that live for ever, so each is kept for ever, once.

use super::redact::is_secret_key;
use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

/// Whoever makes keys of data is stopped here.
const MOST: usize = 4096;

static KEYS: Keys = Keys(RwLock::new(None), MOST);

/// The key to use for `key`; one for all when there are too many, and another for those that give away a secret.
pub(crate) fn key(key: &str) -> &'static str {
    KEYS.key(key)
}

struct Keys(RwLock<Option<HashSet<&'static str>>>, usize);

impl Keys {
    fn key(&self, key: &str) -> &'static str {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().and_then(|keys| keys.get(key)) {
            return known;
        }
        drop(known);
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let keys = keys.get_or_insert_default();
        if let Some(known) = keys.get(key) {
            return known;
        }
        if keys.len() >= self.1 {
            return if is_secret_key(key) {
                "other_secret"
            } else {
                "other"
            };
        }
        let kept: &'static str = Box::leak(Box::from(key));
        keys.insert(kept);
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_once_and_not_without_end() {
        let keys = Keys(RwLock::new(None), 3);
        let first = keys.key("a");
        assert!(std::ptr::eq(first, keys.key("a")));
        assert_eq!(
            [keys.key("b"), keys.key("c"), keys.key("d")],
            ["b", "c", "other"]
        );
        assert_eq!(keys.key("a"), "a");
        // However many there were before, what stands under it is replaced.
        assert_eq!(keys.key("password"), "other_secret");
        assert!(is_secret_key(keys.key("password")));
    }
}
