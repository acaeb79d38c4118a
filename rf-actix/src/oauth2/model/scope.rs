//! Scopes and sets of them (RFC 6749 §3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One scope: visible ASCII without space, `"` and `\` (RFC 6749 §3.3).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// The scope as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether who has this scope has `needed` too: it is the same, or one of the family that a wildcard stands
    /// for. `files:*` covers `files:read` and `files:read:own`; nothing else covers anything, because names that
    /// merely look related were never meant as a grant.
    pub fn covers(&self, needed: &str) -> bool {
        self.0 == needed || is_in_family(&self.0, needed)
    }
}

/// Whether `family` is a wildcard such as `files:*`, and `scope` one of those it stands for.
pub(crate) fn is_in_family(family: &str, scope: &str) -> bool {
    family
        .strip_suffix('*')
        .filter(|stem| stem.len() > 1 && stem.ends_with(':'))
        .is_some_and(|stem| scope.len() > stem.len() && scope.starts_with(stem))
}

/// A scope that the grammar of RFC 6749 §3.3 does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a scope, write visible ASCII without space, quote and backslash, such as \"files:read\""
)]
pub struct InvalidScope(String);

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(InvalidScope(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Scope {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A set of scopes, of which a token has a few; written as one string, parted by spaces, sorted.
///
/// ```
/// use rf::oauth2::ScopeSet;
///
/// let set: ScopeSet = "write read read".parse()?;
/// assert_eq!(set.to_string(), "read write");
/// # Ok::<(), rf::oauth2::InvalidScope>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct ScopeSet(
    /// Sorted, each once.
    Vec<Scope>,
);

impl ScopeSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `scope` is in the set, by exact comparison.
    pub fn contains(&self, scope: &str) -> bool {
        self.position(scope).is_ok()
    }

    /// Whether one of the scopes is `needed` or a wildcard that covers it.
    pub fn covers(&self, needed: &str) -> bool {
        self.contains(needed) || self.0.iter().any(|scope| scope.covers(needed))
    }

    /// Whether every scope of `needed` is covered by this set.
    pub fn covers_all(&self, needed: &Self) -> bool {
        needed.iter().all(|scope| self.covers(scope.as_str()))
    }

    /// What both sets cover: where one has a wildcard and the other something of its family, the narrower one.
    ///
    /// ```
    /// use rf::oauth2::ScopeSet;
    ///
    /// let granted: ScopeSet = "files:* profile".parse()?;
    /// let allowed: ScopeSet = "files:read mail".parse()?;
    /// assert_eq!(granted.limited_to(&allowed).to_string(), "files:read");
    /// # Ok::<(), rf::oauth2::InvalidScope>(())
    /// ```
    #[must_use]
    pub fn limited_to(&self, other: &Self) -> Self {
        let covered = |these: &Self, by: &Self| -> Vec<Scope> {
            let scopes = these.iter().filter(|scope| by.covers(scope.as_str()));
            scopes.cloned().collect()
        };
        covered(self, other)
            .into_iter()
            .chain(covered(other, self))
            .collect()
    }

    /// Whether every scope of this set is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.contains(scope.as_str()))
    }

    /// The scopes that are in both, by exact comparison.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let in_both = self.iter().filter(|scope| other.contains(scope.as_str()));
        in_both.cloned().collect()
    }

    /// The scopes that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// Adds a scope.
    pub fn insert(&mut self, scope: Scope) {
        if let Err(at) = self.position(scope.as_str()) {
            self.0.insert(at, scope);
        }
    }

    /// Where a scope is, or would be.
    fn position(&self, scope: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|it| it.as_str().cmp(scope))
    }

    /// The scopes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<_> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }
}

impl FromStr for ScopeSet {
    type Err = InvalidScope;

    /// Reads scopes parted by single spaces. More than one space between them is let pass, every
    /// other white space is not.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(' ')
            .filter(|scope| !scope.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_ill_formed_scope_is_refused() {
        for bad in ["", "a b", "a\"b", "a\\b", "é", "a\tb", "\u{7f}"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad:?}");
        }
        for good in [
            "read",
            "files:read",
            "a!b",
            "[~]",
            "https://example.com/read",
        ] {
            assert!(good.parse::<Scope>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn a_set_of_scopes_keeps_each_once() {
        let set: ScopeSet = " b  a b ".parse().unwrap();
        assert_eq!(set.to_string(), "a b");
        assert_eq!(set.len(), 2);
        assert!("a\nb".parse::<ScopeSet>().is_err());
    }

    #[test]
    fn what_two_sets_allow_is_the_narrower_of_each_family() {
        let set = |text: &str| text.parse::<ScopeSet>().unwrap();
        for (left, right, both) in [
            ("files:*", "files:read", "files:read"),
            ("files:read", "files:*", "files:read"),
            ("files:*", "files:*", "files:*"),
            ("files:* files:read", "files:read:* mail", "files:read:*"),
            ("a b", "b c", "b"),
            ("files:*", "filesystem:read files", ""),
            ("*", "files:read", ""),
        ] {
            assert_eq!(set(left).limited_to(&set(right)).to_string(), both);
            assert_eq!(set(right).limited_to(&set(left)).to_string(), both);
        }
        assert!(set("files:* mail").covers_all(&set("files:a files:b:c mail")));
        assert!(
            !set("files:read").covers("files:*"),
            "a part is not the whole"
        );
    }
}
