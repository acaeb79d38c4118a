//! All keys of the server, loaded.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use super::Jwk;
use crate::oauth2::error::Error;
use crate::oauth2::model::{KeyPurpose, SigningKey, Timestamp};
use crate::oauth2::store::KeyStore;

/// The keys that sign access tokens, and those that never leave the server.
pub(crate) struct Keyring {
    /// Oldest first; never empty.
    signing: Vec<JwtKey>,
    refresh: [u8; 32],
    cookie: [u8; 32],
}

/// A key pair for ES256.
pub(crate) struct JwtKey {
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    jwk: Jwk,
}

impl JwtKey {
    /// The key's name in tokens.
    pub(crate) fn kid(&self) -> &str {
        &self.jwk.kid
    }
}

impl Keyring {
    /// Loads the keys, and makes those that are missing. Of several instances that make one at the same
    /// time, the first to write wins, and all load that one.
    pub(crate) async fn load_or_make(
        store: &(impl KeyStore + ?Sized),
        now: Timestamp,
    ) -> Result<Self, Error> {
        // Another crate of the app may have turned on a second backend: then there is no default.
        let _ = DEFAULT_PROVIDER.install_default();
        let signing = load(store, KeyPurpose::Es256, now)
            .await?
            .iter()
            .map(to_jwt_key)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            signing,
            refresh: to_bytes(&load(store, KeyPurpose::Refresh, now).await?)?,
            cookie: to_bytes(&load(store, KeyPurpose::Cookie, now).await?)?,
        })
    }

    /// The key that signs now.
    pub(crate) fn signer(&self) -> &JwtKey {
        self.signing
            .last()
            .expect("a keyring is made with at least one key")
    }

    /// The key of this name.
    pub(crate) fn verifier(&self, kid: &str) -> Option<&JwtKey> {
        self.signing.iter().find(|key| key.kid() == kid)
    }

    /// The public keys.
    pub(crate) fn jwks(&self) -> impl Iterator<Item = &Jwk> {
        self.signing.iter().map(|key| &key.jwk)
    }

    /// Derives successors of refresh tokens.
    pub(crate) fn refresh(&self) -> &[u8; 32] {
        &self.refresh
    }

    /// Signs session cookies and form tokens.
    pub(crate) fn cookie(&self) -> &[u8; 32] {
        &self.cookie
    }
}

async fn load(
    store: &(impl KeyStore + ?Sized),
    purpose: KeyPurpose,
    now: Timestamp,
) -> Result<Vec<SigningKey>, Error> {
    let found = store.keys(purpose).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    store.insert_key(&make(purpose, now)?).await?;
    Ok(store.keys(purpose).await?)
}

fn make(purpose: KeyPurpose, now: Timestamp) -> Result<SigningKey, Error> {
    let (id, private) = match purpose {
        KeyPurpose::Es256 => {
            let pair = EcdsaKeyPair::generate_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &SystemRandom::new(),
            )
            .map_err(|error| bad_key("new", error))?;
            let private = Zeroizing::new(pair.as_ref().to_vec());
            (public(&private, "new")?.kid, private)
        }
        KeyPurpose::Refresh | KeyPurpose::Cookie => {
            let mut private = Zeroizing::new(vec![0; 32]);
            getrandom::fill(&mut private).map_err(|error| bad_key("new", error))?;
            (uuid::Uuid::now_v7().to_string(), private)
        }
    };
    Ok(SigningKey {
        id,
        purpose,
        generation: 1,
        private,
        created_at: now,
    })
}

fn public(pkcs8: &[u8], id: &str) -> Result<Jwk, Error> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
        .map_err(|error| bad_key(id, error))?;
    Jwk::p256(pair.public_key().as_ref()).ok_or_else(|| bad_key(id, "is not a key on P-256"))
}

fn to_jwt_key(key: &SigningKey) -> Result<JwtKey, Error> {
    let jwk = public(&key.private, &key.id)?;
    Ok(JwtKey {
        encoding: EncodingKey::from_ec_der(&key.private),
        decoding: DecodingKey::from_ec_components(&jwk.x, &jwk.y)
            .map_err(|error| bad_key(&key.id, error))?,
        jwk,
    })
}

fn to_bytes(keys: &[SigningKey]) -> Result<[u8; 32], Error> {
    let newest = keys
        .last()
        .ok_or_else(|| bad_key("new", "was not kept by the database"))?;
    newest
        .private
        .as_slice()
        .try_into()
        .map_err(|_| bad_key(&newest.id, "is not 32 bytes long"))
}

fn bad_key(id: &str, reason: impl fmt::Display) -> Error {
    Error::Key {
        id: id.to_owned(),
        reason: reason.to_string(),
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.signing.iter().map(JwtKey::kid);
        f.debug_list().entries(names).finish()
    }
}
