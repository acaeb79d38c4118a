//! A secret that does not print itself.

use serde::Deserialize;
use std::fmt;

/// A key or a token of a storage service. `Debug` redacts it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself. Name the reason wherever this is called.
    #[cfg_attr(
        not(feature = "s3"),
        allow(dead_code, reason = "who asks depends on the features")
    )]
    pub(in crate::storage) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
