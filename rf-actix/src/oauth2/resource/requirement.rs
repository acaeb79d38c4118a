//! Which scopes a request needs, and whether a token has them.

use std::fmt;

/// The scopes a guard asks for.
///
/// A scope written `files:*` asks for any scope of that family: `files:read` is enough, and so is `files:read:own`.
/// In the other direction a token that was itself granted `files:*` has every scope of the family. Nothing else
/// implies anything: `files` does not hold `files:read`, because names that merely look related were never meant
/// as a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeRequirement {
    /// Every one of these.
    All(&'static [&'static str]),
    /// At least one of these.
    Any(&'static [&'static str]),
}

/// What `#[derive(ScopeGuard)]` and `#[require_scope]` implement: a type that stands for needed scopes.
pub trait ScopeGuard: 'static {
    /// The scopes a request must have.
    const REQUIRED: ScopeRequirement;
}

impl ScopeRequirement {
    /// Whether `granted` is enough.
    ///
    /// ```
    /// use rf::oauth2::ScopeRequirement::{All, Any};
    ///
    /// assert!(All(&["files:read"]).is_met_by(["files:read", "profile"]));
    /// assert!(All(&["files:*"]).is_met_by(["files:read"]));
    /// assert!(All(&["files:read"]).is_met_by(["files:*"]));
    /// assert!(Any(&["files:write", "profile"]).is_met_by(["profile"]));
    /// assert!(!All(&["files:write", "profile"]).is_met_by(["profile"]));
    /// ```
    #[must_use]
    pub fn is_met_by<'a, I>(&self, granted: I) -> bool
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: Clone,
    {
        let granted = granted.into_iter();
        let has = |needed: &&str| granted.clone().any(|scope| covers(scope, needed));
        match self {
            Self::All(scopes) => scopes.iter().all(has),
            Self::Any(scopes) => scopes.iter().any(has),
        }
    }
}

/// Scopes separated by spaces, as the `scope` attribute of a challenge has them (RFC 6750 §3).
impl fmt::Display for ScopeRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::All(scopes) | Self::Any(scopes)) = self;
        f.write_str(&scopes.join(" "))
    }
}

/// Whether having `granted` is having `needed`; either may be the wildcard of a family.
pub(crate) fn covers(granted: &str, needed: &str) -> bool {
    granted == needed || in_family(granted, needed) || in_family(needed, granted)
}

fn in_family(family: &str, scope: &str) -> bool {
    family
        .strip_suffix('*')
        .filter(|stem| stem.len() > 1 && stem.ends_with(':'))
        .is_some_and(|stem| scope.len() > stem.len() && scope.starts_with(stem))
}

#[cfg(test)]
mod tests {
    use super::{ScopeRequirement::*, *};

    #[test]
    fn a_scope_is_compared_as_a_whole() {
        assert!(covers("files:read", "files:read"));
        for (granted, needed) in [
            ("files:read", "files:reader"),
            ("files:reader", "files:read"),
            ("Files:read", "files:read"),
            ("files", "files:read"),
            ("files:read", "files"),
            ("", "files"),
        ] {
            assert!(!covers(granted, needed), "{granted} is not {needed}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_its_family_only() {
        assert!(covers("files:read", "files:*"));
        assert!(covers("files:*", "files:read:own"));
        assert!(covers("files:*", "files:*"));
        for (granted, needed) in [
            ("filesystem:read", "files:*"),
            ("files:", "files:*"),
            ("files", "files:*"),
            ("*", "files:read"),
            (":*", ":read"),
            ("file*", "files"),
            ("profile:*", "files:read"),
        ] {
            assert!(!covers(granted, needed), "{granted} is not {needed}");
        }
    }

    #[test]
    fn all_needs_each_and_any_needs_one() {
        assert!(All(&["a", "b"]).is_met_by(["b", "c", "a"]));
        assert!(!All(&["a", "b"]).is_met_by(["a"]));
        assert!(Any(&["a", "b"]).is_met_by(["b"]));
        assert!(!Any(&["a", "b"]).is_met_by(["c"]));
        assert!(!All(&["a"]).is_met_by([]));
    }

    #[test]
    fn the_challenge_lists_the_scopes_with_spaces() {
        assert_eq!(All(&["a:x", "b"]).to_string(), "a:x b");
    }
}
