//! Random secrets: codes, refresh tokens, tickets, session ids.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::oauth2::model::Secret;

/// What a secret is, as its prefix shows: scanners find leaked ones by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// An authorization code, `rfc_…`.
    Code,
    /// A refresh token, `rfr_…`.
    Refresh,
    /// An opaque access token, `rfa_…`.
    Access,
    /// A ticket of the consent page, `rft_…`.
    Ticket,
    /// A session id, `rfs_…`.
    Session,
    /// The secret of a client, `rfk_…`.
    Client,
}

impl TokenKind {
    /// The prefix.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Code => "rfc_",
            Self::Refresh => "rfr_",
            Self::Access => "rfa_",
            Self::Ticket => "rft_",
            Self::Session => "rfs_",
            Self::Client => "rfk_",
        }
    }

    /// The secret of this kind that `bytes` are.
    pub(crate) fn secret(self, bytes: &[u8; 32]) -> Secret {
        format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(bytes)).into()
    }
}

/// A fresh secret of 256 random bits.
pub fn generate(kind: TokenKind) -> Secret {
    kind.secret(&random_bytes())
}

/// 256 random bits.
pub(crate) fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("a server without randomness cannot go on");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_kind_and_is_never_the_same() {
        let one = generate(TokenKind::Refresh);
        let other = generate(TokenKind::Refresh);
        assert!(one.expose().starts_with("rfr_"));
        assert_eq!(one.expose().len(), 4 + 43);
        assert_ne!(one, other);
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = generate(TokenKind::Code);
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}
