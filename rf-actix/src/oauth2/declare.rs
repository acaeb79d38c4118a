//! Scopes as constants, so that a misspelt one does not compile.

use super::model::{Scope, ScopeSet};
use super::settings::ScopeTexts;

/// Declares scopes as constants of a module, with the texts that people see and what they imply.
///
/// A guard names the constant, and a typo is a compile error; the same goes for a scope that cannot be one
/// (RFC 6749 §3.3). `texts()` is what the settings want.
///
/// ```
/// use rf::oauth2::OAuth2Settings;
///
/// rf::scopes! {
///     /// What tokens of this app may do.
///     pub mod scope {
///         FILES_READ = "files:read" => "See your files";
///         FILES_WRITE = "files:write" => "Change your files", implies [FILES_READ];
///     }
/// }
///
/// let settings = OAuth2Settings { scopes: scope::texts(), ..OAuth2Settings::default() };
/// assert_eq!(settings.scopes.text(scope::FILES_READ), Some("See your files"));
///
/// # #[cfg(feature = "macros")]
/// #[rf::require_scope(scope::FILES_READ)]
/// async fn list() -> &'static str {
///     "[]"
/// }
/// ```
///
/// ```compile_fail
/// rf::scopes! { mod scope { FILES_READ = "files:read" => "See your files"; } }
///
/// #[rf::require_scope(scope::FILES_RAED)]
/// async fn list() -> &'static str {
///     "[]"
/// }
/// ```
#[macro_export]
macro_rules! scopes {
    ($(#[$about:meta])* $visibility:vis mod $name:ident {
        $($constant:ident = $scope:literal => $text:literal $(, implies [$($implied:ident),+ $(,)?])?;)*
    }) => {
        $(#[$about])*
        #[allow(dead_code, unreachable_pub, reason = "which of them are used is for the app to say")]
        $visibility mod $name {
            $(
                #[doc = $text]
                pub const $constant: &str = $crate::private::checked_scope($scope);
            )*

            /// The scopes with their texts, for the settings.
            pub fn texts() -> $crate::oauth2::ScopeTexts {
                $crate::private::scope_texts(&[$(($constant, $text, &[$($($implied),+)?])),*])
            }
        }
    };
}

/// What `rf::scopes!` says of one scope: itself, its text, what it implies.
pub type Declaration = (&'static str, &'static str, &'static [&'static str]);

/// Does not compile in a constant unless `text` is a scope of RFC 6749 §3.3.
pub const fn checked_scope(text: &'static str) -> &'static str {
    let bytes = text.as_bytes();
    assert!(!bytes.is_empty(), "a scope cannot be empty");
    let mut at = 0;
    while at < bytes.len() {
        assert!(
            matches!(bytes[at], 0x21 | 0x23..=0x5B | 0x5D..=0x7E),
            "a scope is visible ASCII without space, quote and backslash (RFC 6749 §3.3)"
        );
        at += 1;
    }
    text
}

/// The texts of scopes that were checked.
pub fn scope_texts(declared: &[Declaration]) -> ScopeTexts {
    let scope = |text: &str| {
        text.parse::<Scope>()
            .expect("it was checked when it was compiled")
    };
    let texts: ScopeTexts = (declared.iter())
        .map(|(name, text, _)| (scope(name), (*text).to_owned()))
        .collect();
    (declared.iter()).fold(texts, |texts, (name, _, implied)| {
        let implied: ScopeSet = implied.iter().map(|name| scope(name)).collect();
        texts.implying(name, implied)
    })
}
