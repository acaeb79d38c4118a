//! Access tokens that were found good.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::time::Duration;

use moka::sync::{Cache, CacheBuilder};
use zeroize::Zeroizing;

/// How many are remembered.
const MANY: u64 = 20_000;

/// More than anybody guesses.
const TAIL: usize = 32;

/// What was found out about tokens, by their text.
///
/// Tokens are compared as a whole, so that none is ever taken for another. Hashed is only the end of each, with a key
/// of this process: it is random in every token, the signature of a JWT or the secret itself, and a digest of the whole
/// would cost more than all the rest of a guard where the processor has no instructions for it.
pub(crate) struct KnownTokens<V>(Cache<Text, V, Tail>);

impl<V: Clone + Send + Sync + 'static> KnownTokens<V> {
    /// Each for as long as it is asked for at least so often.
    pub(crate) fn while_used(idle: Duration) -> Self {
        Self::of(Cache::builder().time_to_idle(idle))
    }

    /// Each for so long.
    pub(crate) fn lasting(length: Duration) -> Self {
        Self::of(Cache::builder().time_to_live(length))
    }

    fn of(builder: CacheBuilder<Text, V, Cache<Text, V>>) -> Self {
        let cache = builder
            .max_capacity(MANY)
            .build_with_hasher(Tail::default());
        Self(cache)
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<V> {
        self.0.get(token)
    }

    pub(crate) fn insert(&self, token: &str, found: V) {
        let text = Zeroizing::new(token.as_bytes().to_vec());
        self.0.insert(Text(text), found);
    }

    pub(crate) fn forget(&self, token: &str) {
        self.0.invalidate(token.as_bytes());
    }
}

impl<V> fmt::Debug for KnownTokens<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownTokens")
    }
}

/// A token; the memory is wiped when it is forgotten.
#[derive(PartialEq, Eq)]
struct Text(Zeroizing<Vec<u8>>);

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // As what it is looked up by.
        self.0.as_slice().hash(hasher);
    }
}

/// Makes hashers of the ends of texts.
#[derive(Clone, Default)]
struct Tail(RandomState);

struct TailHasher(DefaultHasher);

impl BuildHasher for Tail {
    type Hasher = TailHasher;

    fn build_hasher(&self) -> TailHasher {
        TailHasher(self.0.build_hasher())
    }
}

impl Hasher for TailHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(&bytes[bytes.len().saturating_sub(TAIL)..]);
    }

    fn write_usize(&mut self, length: usize) {
        self.0.write_usize(length);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_end_alike_are_not_taken_for_one_another() {
        let known = KnownTokens::while_used(Duration::from_secs(60));
        let end = "e".repeat(TAIL);
        let tokens = ["", "a", "b", "ab", "ba"].map(|begin| format!("{begin}{end}"));
        for (number, token) in tokens.iter().enumerate() {
            known.insert(token, number);
        }
        for (number, token) in tokens.iter().enumerate() {
            assert_eq!(known.get(token.as_bytes()), Some(number));
        }
        assert_eq!(known.get(format!("c{end}").as_bytes()), None);
        assert_eq!(known.get(&end.as_bytes()[1..]), None);
        known.forget(&tokens[1]);
        assert_eq!(known.get(tokens[1].as_bytes()), None);
        assert_eq!(known.get(tokens[2].as_bytes()), Some(2));
    }

    #[test]
    fn only_the_end_decides_where_a_token_is_looked_for() {
        let tail = Tail::default();
        let hash = |text: &str| tail.hash_one(text.as_bytes());
        let end = "0123456789".repeat(4);
        assert_eq!(hash(&format!("one {end}")), hash(&format!("two {end}")));
        assert_ne!(hash(&format!("{end}1")), hash(&format!("{end}2")));
    }

    #[test]
    fn they_do_not_print_themselves() {
        let known = KnownTokens::lasting(Duration::from_secs(60));
        known.insert("topsecret", ());
        assert!(!format!("{known:?}").contains("topsecret"));
    }
}
