//! A public key as JSON (RFC 7517, RFC 7518 §6.2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The public half of an ES256 key.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    crv: &'static str,
    pub(super) x: String,
    pub(super) y: String,
    r#use: &'static str,
    alg: &'static str,
    pub(super) kid: String,
}

impl Jwk {
    /// Reads an uncompressed point of P-256: a four and two coordinates of 32 bytes.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let coordinates: &[u8; 64] = point.strip_prefix(&[4])?.try_into().ok()?;
        let (x, y) = coordinates.split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // RFC 7638 §3: the required members in lexicographic order, without white space.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Some(Self {
            kty: "EC",
            crv: "P-256",
            r#use: "sig",
            alg: "ES256",
            kid: URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)),
            x,
            y,
        })
    }
}
