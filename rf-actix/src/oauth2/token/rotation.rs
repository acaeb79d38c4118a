//! The next refresh token, derived from the one before.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::TokenKind;
use crate::oauth2::model::Secret;

/// The successor of a refresh token: `HMAC-SHA-256(key, predecessor)`.
///
/// Whoever presents the predecessor again within the grace gets the same successor, though the database holds
/// nothing but digests. Without the server's key nobody can go from one to the other.
pub(crate) fn successor(key: &[u8; 32], predecessor: &Secret) -> Secret {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(predecessor.expose().as_bytes());
    TokenKind::Refresh.secret(&mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_one_successor_and_another_key_another() {
        let token = Secret::from("rfr_a");
        let next = successor(&[1; 32], &token);
        assert_eq!(next, successor(&[1; 32], &token));
        assert_ne!(next, successor(&[2; 32], &token));
        assert_ne!(next, successor(&[1; 32], &next));
        assert!(next.expose().starts_with("rfr_"));
    }
}
