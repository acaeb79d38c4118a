//! From the request in the browser to the code.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ClientId, Digest, GrantId, ScopeSet, Subject, Timestamp};

/// A PKCE challenge by the method `S256` (RFC 7636 §4.2). `plain` is refused: it protects from nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

/// A challenge or verifier that is not 43 to 128 unreserved characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 43 to 128 unreserved characters")]
pub struct InvalidChallenge;

impl CodeChallenge {
    /// Reads the value of `code_challenge`.
    ///
    /// # Errors
    /// When it breaks the grammar of RFC 7636 §4.2.
    pub fn new(text: &str) -> Result<Self, InvalidChallenge> {
        if !is_unreserved_43_to_128(text) {
            return Err(InvalidChallenge);
        }
        Ok(Self(text.to_owned()))
    }

    /// The challenge as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is the one this challenge was made from; in constant time (RFC 7636 §4.6).
    pub fn is_met_by(&self, verifier: &str) -> bool {
        if !is_unreserved_43_to_128(verifier) {
            return false;
        }
        let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        made.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// RFC 7636 §4.1: `ALPHA / DIGIT / "-" / "." / "_" / "~"`, 43 to 128 of them.
fn is_unreserved_43_to_128(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// An authorization request that has passed every check, waiting for the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes: the URI as it was presented, or the only registered one.
    pub redirect_uri: String,
    /// Whether the request named the URI; the token request must then name the same (RFC 6749 §4.1.3).
    pub redirect_uri_sent: bool,
    /// What is asked for.
    pub scope: ScopeSet,
    /// Sent back byte for byte; absent when it was not sent.
    pub state: Option<String>,
    /// The PKCE challenge, if there is one.
    pub code_challenge: Option<CodeChallenge>,
}

impl std::fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A code, as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The digest of the code.
    pub hash: Digest,
    /// The root of all that will come of it.
    pub grant_id: GrantId,
    /// Who may redeem it.
    pub client_id: ClientId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named the redirect URI.
    pub redirect_uri_sent: bool,
    /// The PKCE challenge it is bound to.
    pub code_challenge: Option<CodeChallenge>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it stops to count.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
}

/// A request that waits on the consent page: found by a single-use ticket, bound to the browser's session.
///
/// The request is kept here and not in the page, so that changing hidden fields changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interaction {
    /// The digest of the ticket in the form.
    pub ticket_hash: Digest,
    /// The digest of the session it was shown to.
    pub session_hash: Digest,
    /// Who was signed in.
    pub subject: Subject,
    /// What they were asked.
    pub request: AuthorizationRequest,
    /// When the page is stale.
    pub expires_at: Timestamp,
    /// When the form was sent.
    pub consumed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    // RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_verifier_of_the_rfc_meets_its_challenge() {
        let challenge = CodeChallenge::new(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert!(!challenge.is_met_by(CHALLENGE));
        assert!(!challenge.is_met_by(""));
        assert!(!challenge.is_met_by(&VERIFIER.replace('d', "e")));
    }

    #[test]
    fn a_challenge_is_43_to_128_unreserved_characters() {
        for bad in [
            "",
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{}=", "a".repeat(43)),
        ] {
            assert!(CodeChallenge::new(bad).is_err(), "{bad}");
        }
        assert!(CodeChallenge::new(&"a".repeat(128)).is_ok());
    }
}
