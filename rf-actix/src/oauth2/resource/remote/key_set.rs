//! The public keys of another server (RFC 7517).

use std::collections::HashMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// A document of keys, as it comes.
#[derive(Deserialize)]
pub(super) struct Document {
    keys: Vec<Value>,
}

/// The keys that may have signed a token.
pub(super) struct KeySet {
    /// The document, by which two sets are compared.
    published: Vec<Value>,
    named: HashMap<String, Key>,
    unnamed: Vec<Key>,
}

/// A key, and what it may be used with: the key tells, never the token (RFC 8725 §3.1).
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    pub(super) algorithms: Vec<Algorithm>,
}

impl From<Document> for KeySet {
    /// Takes the keys that are understood; others are for others (RFC 7517 §5).
    fn from(document: Document) -> Self {
        let mut set = Self {
            published: document.keys,
            named: HashMap::new(),
            unnamed: Vec::new(),
        };
        for (name, key) in set.published.iter().filter_map(read) {
            match name {
                Some(name) => drop(set.named.insert(name, key)),
                None => set.unnamed.push(key),
            }
        }
        set
    }
}

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.published == other.published
    }
}

impl KeySet {
    /// The key of this name; without a name, the only key.
    pub(super) fn find(&self, name: Option<&str>) -> Option<&Key> {
        match name {
            Some(name) => self.named.get(name),
            None => {
                let mut keys = self.unnamed.iter().chain(self.named.values());
                keys.next().filter(|_| keys.next().is_none())
            }
        }
    }
}

fn read(value: &Value) -> Option<(Option<String>, Key)> {
    let jwk = Jwk::deserialize(value).ok()?;
    if !matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return None;
    }
    // A shared secret is not among them: whoever knows it could sign.
    let fitting: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            &[Algorithm::ES256]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
            &[Algorithm::ES384]
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDSA]
        }
        AlgorithmParameters::RSA(_) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        _ => return None,
    };
    let named = jwk
        .common
        .key_algorithm
        .map(|algorithm| algorithm.to_string());
    let algorithms: Vec<_> = (fitting.iter().copied())
        .filter(|algorithm| {
            named
                .as_ref()
                .is_none_or(|named| *named == format!("{algorithm:?}"))
        })
        .collect();
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some((
        jwk.common.key_id,
        Key {
            decoding,
            algorithms,
        },
    ))
}
