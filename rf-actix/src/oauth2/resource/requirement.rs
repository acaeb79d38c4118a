//! Which scopes a request needs, and whether a token has them.

use crate::oauth2::model::{ScopeSet, is_in_family};

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
    /// use rf::oauth2::{ScopeRequirement::{All, Any}, ScopeSet};
    ///
    /// let granted: ScopeSet = "files:read profile".parse()?;
    /// assert!(All(&["files:read", "profile"]).is_met_by(&granted));
    /// assert!(All(&["files:*"]).is_met_by(&granted));
    /// assert!(Any(&["files:write", "profile"]).is_met_by(&granted));
    /// assert!(!All(&["files:write", "profile"]).is_met_by(&granted));
    /// # Ok::<(), rf::oauth2::InvalidScope>(())
    /// ```
    #[must_use]
    pub fn is_met_by(&self, granted: &ScopeSet) -> bool {
        match self {
            Self::All(scopes) => scopes.iter().all(|needed| has_scope(granted, needed)),
            Self::Any(scopes) => scopes.iter().any(|needed| has_scope(granted, needed)),
        }
    }

    /// The scopes that are asked for, as the `scope` attribute of a challenge has them (RFC 6750 §3).
    pub(crate) fn scopes(&self) -> ScopeSet {
        let (Self::All(scopes) | Self::Any(scopes)) = self;
        scopes
            .iter()
            .filter_map(|scope| scope.parse().ok())
            .collect()
    }
}

/// Whether one of the `granted` scopes is `needed`, or covers it as a family.
pub(crate) fn has_scope(granted: &ScopeSet, needed: &str) -> bool {
    granted.iter().any(|scope| covers(scope.as_str(), needed))
}

/// Whether having `granted` is having `needed`; either may be the wildcard of a family.
fn covers(granted: &str, needed: &str) -> bool {
    granted == needed || is_in_family(granted, needed) || is_in_family(needed, granted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
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
        let granted = |text: &str| text.parse::<ScopeSet>().unwrap();
        assert!(All(&["a", "b"]).is_met_by(&granted("b c a")));
        assert!(!All(&["a", "b"]).is_met_by(&granted("a")));
        assert!(Any(&["a", "b"]).is_met_by(&granted("b")));
        assert!(!Any(&["a", "b"]).is_met_by(&granted("c")));
        assert!(!All(&["a"]).is_met_by(&ScopeSet::new()));
    }
}
