//! Checking access tokens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::issuer::TYP;
use crate::oauth2::error::AuthError;
use crate::oauth2::key::Keyring;
use crate::oauth2::model::{Claims, Clock, Timestamp, TokenState};
use crate::oauth2::settings::{CheckMode, OAuth2Settings};
use crate::oauth2::store::Store;

/// How long this instance may miss what another one revoked.
const FRESH: Duration = Duration::from_secs(3);
/// Verified tokens that are remembered.
const CACHED_TOKENS: u64 = 20_000;
/// Longer than any token of ours, short enough not to be worth an attack.
const MAX_LENGTH: usize = 16 * 1024;

/// Counts revocations on this instance, so that what was found out before the last one is not believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Epoch(Arc<AtomicU64>);

impl Epoch {
    /// Something was revoked.
    pub(crate) fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Checks access tokens, and remembers what it found.
pub(crate) struct Verifier {
    keyring: Arc<Keyring>,
    store: Arc<dyn Store>,
    validation: Validation,
    mode: CheckMode,
    clock: Clock,
    epoch: Epoch,
    cache: Cache<[u8; 32], Verified>,
}

/// A token whose signature was verified.
#[derive(Clone)]
struct Verified {
    claims: Arc<Claims>,
    /// When the database last said that it counts, and in which epoch.
    counted: Option<(Timestamp, u64)>,
}

impl Verifier {
    pub(crate) fn new(
        keyring: Arc<Keyring>,
        store: Arc<dyn Store>,
        settings: &OAuth2Settings,
        clock: Clock,
        epoch: Epoch,
    ) -> Self {
        // RFC 8725 §3.1: one algorithm, ours, whatever the token says.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[settings.audience()]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Checked below, by our own clock and without leeway: we are the issuer.
        validation.validate_exp = false;
        Self {
            keyring,
            store,
            validation,
            mode: settings.access_token.check,
            clock,
            epoch,
            cache: Cache::builder()
                .max_capacity(CACHED_TOKENS)
                .time_to_idle(Duration::from_secs(600))
                .build(),
        }
    }

    /// The claims of a token that counts now.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        if token.is_empty() {
            return Err(AuthError::Missing);
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self.cache.get(&digest);
        let counted = known.as_ref().and_then(|known| known.counted);
        let claims = match known {
            Some(known) => known.claims,
            None => Arc::new(self.read(token)?),
        };
        let now = self.clock.now();
        if now.as_secs() >= claims.exp {
            self.cache.invalidate(&digest);
            return Err(AuthError::Invalid("expired"));
        }
        // Read before the database is asked: what is revoked meanwhile makes the answer stale.
        let epoch = self.epoch.now();
        let believed = match (self.mode, counted) {
            (CheckMode::Stateless, _) => true,
            (CheckMode::Strict, _) | (CheckMode::Cached, None) => false,
            (CheckMode::Cached, Some((at, seen))) => seen == epoch && now.since(at) < FRESH,
        };
        if believed && counted.is_some() {
            return Ok(claims);
        }
        if !believed {
            let state = self.store.access_token_state(&claims.jti).await;
            if state.map_err(AuthError::Unavailable)? != TokenState::Active {
                self.cache.invalidate(&digest);
                return Err(AuthError::Invalid("revoked"));
            }
        }
        let verified = Verified {
            claims: Arc::clone(&claims),
            counted: Some((now, epoch)),
        };
        self.cache.insert(digest, verified);
        Ok(claims)
    }

    /// The claims of a token of ours, whether or not it has ended or was revoked.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, AuthError> {
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        let header = decode_header(token).map_err(|_| AuthError::Invalid("not a JWT"))?;
        check_header(&header)?;
        let key = (header.kid.as_deref())
            .and_then(|kid| self.keyring.verifier(kid))
            .ok_or(AuthError::Invalid("unknown key"))?;
        decode::<Claims>(token, &key.decoding, &self.validation)
            .map(|token| token.claims)
            .map_err(|_| AuthError::Invalid("bad signature, issuer or audience"))
    }
}

fn check_header(header: &Header) -> Result<(), AuthError> {
    // RFC 9068 §4: nothing but an access token is one. RFC 8725 §3.11.
    let typ = header
        .typ
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != TYP {
        return Err(AuthError::Invalid("not an access token"));
    }
    // RFC 8725 §3.10: keys come from us, never from the token. RFC 7515 §4.1.11: no extension is understood.
    let foreign = header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.crit.is_some();
    if foreign {
        return Err(AuthError::Invalid("names its own key or extension"));
    }
    Ok(())
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
