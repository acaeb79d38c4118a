//! Who a person is, as far as tokens are concerned.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `sub` of a person: stable, unique, and never given to somebody else (RFC 9068 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    /// Longest, in characters.
    const MAX_LENGTH: usize = 255;

    /// Whether a person can have this identifier: 1 to 255 characters, no control characters, and no space at the end,
    /// by which MySQL does not tell two people apart.
    pub fn is_well_formed(&self) -> bool {
        (1..=Self::MAX_LENGTH).contains(&self.0.chars().count())
            && !self.0.chars().any(char::is_control)
            && !self.0.ends_with(' ')
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_what_every_database_keeps_apart_from_others() {
        let longest = "ä".repeat(255);
        for good in ["ada", "Ada L.", " ada", "4711", "ada@example.com", &longest] {
            assert!(Subject::from(good).is_well_formed(), "{good:?}");
        }
        let too_long = "a".repeat(256);
        for bad in ["", " ", "ada ", "a\0", "ada\n", "a\u{85}da", &too_long] {
            assert!(!Subject::from(bad).is_well_formed(), "{bad:?}");
        }
    }
}
