//! A public key as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::oauth2::settings::SigningAlgorithm;

/// The public half of a key that signs access tokens; no private member has a place in it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Jwk {
    #[serde(flatten)]
    material: Material,
    r#use: &'static str,
    alg: &'static str,
    pub(super) kid: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kty")]
pub(super) enum Material {
    #[serde(rename = "EC")]
    P256 {
        crv: &'static str,
        x: String,
        y: String,
    },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "OKP")]
    Ed25519 { crv: &'static str, x: String },
}

impl Material {
    /// An uncompressed point of P-256: a four and two coordinates of 32 bytes.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let coordinates: &[u8; 64] = point.strip_prefix(&[4])?.try_into().ok()?;
        let (x, y) = coordinates.split_at(32);
        Some(Self::P256 {
            crv: "P-256",
            x: encode(x),
            y: encode(y),
        })
    }

    /// Modulus and exponent, big end first.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Self {
        Self::Rsa {
            n: encode(n),
            e: encode(e),
        }
    }

    /// A point of Ed25519.
    pub(super) fn ed25519(x: &[u8]) -> Self {
        Self::Ed25519 {
            crv: "Ed25519",
            x: encode(x),
        }
    }

    /// RFC 7638 §3, RFC 8037 §2: the required members in lexicographic order, without white space.
    fn canonical(&self) -> String {
        match self {
            Self::P256 { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::Ed25519 { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        }
    }
}

impl Jwk {
    /// Names the key by its thumbprint (RFC 7638).
    pub(super) fn new(material: Material, algorithm: SigningAlgorithm) -> Self {
        let kid = encode(&Sha256::digest(material.canonical()));
        Self {
            material,
            r#use: "sig",
            alg: algorithm.as_str(),
            kid,
        }
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        // RFC 7638 §3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = Material::Rsa {
            n: n.to_owned(),
            e: "AQAB".to_owned(),
        };
        let key = Jwk::new(rsa, SigningAlgorithm::Rs256);
        assert_eq!(key.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        // RFC 8037 Appendix A.3.
        let okp = Material::Ed25519 {
            crv: "Ed25519",
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        };
        let key = Jwk::new(okp, SigningAlgorithm::EdDsa);
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
