//! Access tokens that were found good.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::mem;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// How many are remembered at most.
const MANY: usize = 20_000;

/// How long one is remembered at least that nobody uses, as long as there is room.
const IDLE: Duration = Duration::from_secs(300);

/// Parts with a lock each, so that cores seldom wait for each other.
const SHARDS: usize = 16;

/// More than anybody guesses.
const TAIL: usize = 32;

/// What was found out about tokens, by their text.
///
/// Tokens are compared as a whole, so that none is ever taken for another. Hashed is only the end of each, with a key
/// of this process: it is random in every token, the signature of a JWT or the secret itself, and a digest of the whole
/// would cost more than all the rest of a guard where the processor has no instructions for it.
///
/// Whoever is used stays: there are two generations, a token that is used comes into the younger one, and the older one
/// is forgotten when the younger is full or old. So a token that is read again costs a lock that readers share, and
/// nothing is kept in order for it.
pub(crate) struct KnownTokens<V> {
    hash: Tail,
    shards: [RwLock<Shard<V>>; SHARDS],
}

struct Shard<V> {
    young: HashMap<Text, V, Tail>,
    old: HashMap<Text, V, Tail>,
    since: Instant,
}

impl<V: Clone> KnownTokens<V> {
    pub(crate) fn new() -> Self {
        let hash = Tail::default();
        let shard = |_| {
            RwLock::new(Shard {
                young: HashMap::with_hasher(hash.clone()),
                old: HashMap::with_hasher(hash.clone()),
                since: Instant::now(),
            })
        };
        let shards = std::array::from_fn(shard);
        Self { hash, shards }
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<V> {
        let shard = self.shard(token);
        {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = shard.young.get(token) {
                return Some(found.clone());
            }
            if !shard.old.contains_key(token) {
                return None;
            }
        }
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have been quicker.
        if let Some((text, value)) = shard.old.remove_entry(token) {
            shard.add(text, value);
        }
        shard.young.get(token).cloned()
    }

    pub(crate) fn insert(&self, token: &str, found: V) {
        let text = Text(Zeroizing::new(token.as_bytes().to_vec()));
        let shard = self.shard(token.as_bytes());
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        shard.old.remove(token.as_bytes());
        shard.add(text, found);
    }

    pub(crate) fn forget(&self, token: &str) {
        let token = token.as_bytes();
        let shard = self.shard(token);
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        shard.young.remove(token);
        shard.old.remove(token);
    }

    fn shard(&self, token: &[u8]) -> &RwLock<Shard<V>> {
        // The top bits and the lowest are those that the maps look at.
        let hash = self.hash.hash_one(token) >> 32;
        &self.shards[hash as usize % SHARDS]
    }
}

impl<V> Shard<V> {
    fn add(&mut self, text: Text, value: V) {
        let is_full = self.young.len() >= MANY / SHARDS / 2;
        if is_full || self.since.elapsed() > IDLE {
            let young = HashMap::with_hasher(self.young.hasher().clone());
            self.old = mem::replace(&mut self.young, young);
            self.since = Instant::now();
        }
        self.young.insert(text, value);
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
        let known = KnownTokens::new();
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
    fn there_are_never_more_than_fit_and_whoever_is_used_stays() {
        let known = KnownTokens::new();
        let token = |number: usize| format!("token {number}");
        for number in 0..5 * MANY {
            known.insert(&token(number), number);
            assert_eq!(known.get(token(0).as_bytes()), Some(0), "{number}");
        }
        let kept = (0..5 * MANY).filter(|number| known.get(token(*number).as_bytes()).is_some());
        let kept = kept.count();
        assert!((MANY / 3..=MANY).contains(&kept), "{kept}");
    }

    #[test]
    fn what_is_found_out_anew_takes_the_place_of_what_was_known() {
        let known = KnownTokens::new();
        known.insert("token", 0);
        // So many others that the first has grown old, and not so many that it is forgotten.
        for number in 0..MANY * 3 / 5 {
            known.insert(&format!("other {number}"), number);
        }
        known.insert("token", 1);
        assert_eq!(known.get(b"token"), Some(1));
        known.forget("token");
        assert_eq!(known.get(b"token"), None);
    }

    #[test]
    fn they_do_not_print_themselves() {
        let known = KnownTokens::new();
        known.insert("topsecret", ());
        assert!(!format!("{known:?}").contains("topsecret"));
    }
}
