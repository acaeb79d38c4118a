//! Key pairs that sign access tokens, prepared once: building them costs more than a signature.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use zeroize::Zeroizing;

use super::Jwk;
use super::jwk::Material;
use crate::oauth2::model::{KeyPurpose, Timestamp};
use crate::oauth2::settings::SigningAlgorithm;

/// A key that signs access tokens, or did.
pub(crate) struct TokenKey {
    pair: Pair,
    public: ParsedPublicKey,
    jwk: Jwk,
    algorithm: SigningAlgorithm,
    /// What every token of this key begins with: its header, encoded, and a dot.
    head: String,
    pub(super) generation: i32,
    pub(super) active_from: Timestamp,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
    EdDsa(Ed25519KeyPair),
}

/// The type of access tokens, which tells them from every other JWT (RFC 9068 §2.1, RFC 8725 §3.11).
pub(crate) const TYP: &str = "at+jwt";

impl TokenKey {
    /// Reads a private key (PKCS #8).
    pub(super) fn from_pkcs8(pkcs8: &[u8], algorithm: SigningAlgorithm) -> Result<Self, String> {
        let refused = |error: KeyRejected| format!("is no key for {}: {error}", algorithm.as_str());
        let (pair, public, material) = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(refused)?;
                let point = pair.public_key().as_ref();
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                let material = Material::p256(point).ok_or("is not a key on P-256")?;
                (Pair::Es256(pair), public, material)
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?;
                let key = pair.public_key();
                let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref());
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key);
                let material = Material::rsa(&parts.n, &parts.e);
                (Pair::Rs256(Box::new(pair)), public, material)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(refused)?;
                let point = pair.public_key().as_ref();
                let public = ParsedPublicKey::new(&ED25519, point);
                let material = Material::ed25519(point);
                (Pair::EdDsa(pair), public, material)
            }
        };
        let jwk = Jwk::new(material, algorithm);
        let header = Header {
            typ: Some(TYP.to_owned()),
            kid: Some(jwk.kid.clone()),
            ..Header::new(jwt(algorithm))
        };
        let header = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        Ok(Self {
            pair,
            public: public.map_err(refused)?,
            jwk,
            algorithm,
            head: format!("{}.", URL_SAFE_NO_PAD.encode(header)),
            generation: 1,
            active_from: Timestamp::default(),
        })
    }

    /// The key's name in tokens.
    pub(crate) fn kid(&self) -> &str {
        &self.jwk.kid
    }

    pub(crate) fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(super) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Whether a token that names this key may have been signed so: one key, one algorithm (RFC 8725 §3.1).
    pub(crate) fn signs_by(&self, named: Algorithm) -> bool {
        jwt(self.algorithm) == named
    }

    /// The JWT of `claims`, which are JSON.
    pub(crate) fn token(&self, claims: &[u8]) -> Result<String, SigningError> {
        let mut token = String::with_capacity(self.head.len() + claims.len() * 4 / 3 + 400);
        token.push_str(&self.head);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, token.as_bytes())?.as_ref().to_vec(),
            Pair::EdDsa(pair) => pair.sign(token.as_bytes()).as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, token.as_bytes(), &mut signature)?;
                signature
            }
        };
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Whether a token begins with the very header that this key's tokens have, so that there is no need to read it.
    pub(crate) fn heads(&self, token: &str) -> bool {
        token.starts_with(&self.head)
    }

    /// Whether this key has signed `message`.
    pub(crate) fn has_signed(&self, message: &str, signature: &[u8]) -> bool {
        (self.public)
            .verify_sig(message.as_bytes(), signature)
            .is_ok()
    }

    /// Signs a token without claims, which counts for nothing, and verifies it; or says why the key is useless.
    pub(super) fn prove(&self) -> Result<(), String> {
        let token = self.token(b"{}").map_err(|error| error.to_string())?;
        let verified = token.rsplit_once('.').is_some_and(|(message, signature)| {
            let signature = URL_SAFE_NO_PAD.decode(signature);
            signature.is_ok_and(|signature| self.has_signed(message, &signature))
        });
        if verified {
            Ok(())
        } else {
            Err("signs what its public key does not verify".to_owned())
        }
    }
}

/// A token could not be signed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the access token could not be signed: out of randomness or memory")]
pub(crate) struct SigningError;

impl From<Unspecified> for SigningError {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

/// A fresh private key (PKCS #8). For RS256 that takes up to a second of a core.
pub(super) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, String> {
    let random = SystemRandom::new();
    let failed = |_: Unspecified| "no key could be made: out of randomness or memory".to_owned();
    let pkcs8 = match algorithm {
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec()
        }
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            der.as_ref().to_vec()
        }
        SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random)
            .map_err(failed)?
            .as_ref()
            .to_vec(),
    };
    Ok(Zeroizing::new(pkcs8))
}

fn jwt(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

pub(super) fn purpose(algorithm: SigningAlgorithm) -> KeyPurpose {
    match algorithm {
        SigningAlgorithm::Es256 => KeyPurpose::Es256,
        SigningAlgorithm::Rs256 => KeyPurpose::Rs256,
        SigningAlgorithm::EdDsa => KeyPurpose::EdDsa,
    }
}

pub(super) fn algorithm(purpose: KeyPurpose) -> Option<SigningAlgorithm> {
    [
        SigningAlgorithm::Es256,
        SigningAlgorithm::Rs256,
        SigningAlgorithm::EdDsa,
    ]
    .into_iter()
    .find(|it| self::purpose(*it) == purpose)
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("kid", &self.jwk.kid)
            .field("algorithm", &self.algorithm)
            .field("active_from", &self.active_from)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jsonwebtoken::{DecodingKey, EncodingKey, Validation, decode, encode};
    use serde_json::{Value, json};

    const ALL: [SigningAlgorithm; 3] = [
        SigningAlgorithm::Es256,
        SigningAlgorithm::Rs256,
        SigningAlgorithm::EdDsa,
    ];

    #[test]
    fn what_a_key_signs_others_can_verify_by_its_jwk_and_the_other_way_round() {
        for algorithm in ALL {
            let pkcs8 = generate(algorithm).unwrap();
            let key = TokenKey::from_pkcs8(&pkcs8, algorithm).unwrap();
            let claims = json!({"sub": "ada", "exp": 4_000_000_000_u64});
            let token = key.token(claims.to_string().as_bytes()).unwrap();

            let jwk = serde_json::to_value(key.jwk()).unwrap();
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(jwk.get(private).is_none(), "{private}");
            }
            let public = DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
            let read = decode::<Value>(&token, &public, &Validation::new(jwt(algorithm))).unwrap();
            assert_eq!(read.claims, claims);
            assert_eq!(read.header.typ.as_deref(), Some("at+jwt"));
            assert_eq!(read.header.kid.as_deref(), Some(key.kid()));

            let theirs = match algorithm {
                SigningAlgorithm::Es256 => EncodingKey::from_ec_der(&pkcs8),
                // It wants what PKCS #8 wraps: PKCS #1, after 26 bytes.
                SigningAlgorithm::Rs256 => EncodingKey::from_rsa_der(&pkcs8[26..]),
                SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(&pkcs8),
            };
            let token = encode(&Header::new(jwt(algorithm)), &claims, &theirs).unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            assert!(key.has_signed(message, &signature));
            assert!(!key.has_signed(&message[1..], &signature));
        }
    }

    #[test]
    fn a_key_whose_halves_do_not_belong_together_is_found_out() {
        for algorithm in ALL {
            let make = || TokenKey::from_pkcs8(&generate(algorithm).unwrap(), algorithm).unwrap();
            let (mut key, other) = (make(), make());
            assert_eq!(key.prove(), Ok(()));
            key.public = other.public;
            let reason = key.prove().unwrap_err();
            assert_eq!(reason, "signs what its public key does not verify");
        }
    }

    #[test]
    fn a_key_of_another_algorithm_is_refused() {
        let pkcs8 = generate(SigningAlgorithm::Es256).unwrap();
        for other in [SigningAlgorithm::Rs256, SigningAlgorithm::EdDsa] {
            let error = TokenKey::from_pkcs8(&pkcs8, other).unwrap_err();
            assert!(error.starts_with("is no key for "), "{error}");
        }
    }
}
