//! Checking access tokens.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, decode_header};

use super::known::KnownTokens;
use super::secret::TokenKind;
use crate::oauth2::error::AuthError;
use crate::oauth2::key::{Keyring, TYP, TokenKey};
use crate::oauth2::model::{Claims, ClientId, Clock, Digest, Timestamp, TokenState};
use crate::oauth2::settings::{CheckMode, OAuth2Settings};
use crate::oauth2::store::{Store, StoreError};

/// How long this instance may miss what another one revoked.
pub(crate) const FRESH: Duration = Duration::from_secs(3);
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

    /// How often something was.
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Checks access tokens, and remembers what it found.
pub(crate) struct Verifier {
    keyring: Arc<Keyring>,
    store: Arc<dyn Store>,
    issuer: String,
    audience: String,
    mode: CheckMode,
    clock: Clock,
    epoch: Epoch,
    cache: KnownTokens<Verified>,
}

/// A token that was good.
#[derive(Clone)]
struct Verified {
    claims: Arc<Claims>,
    /// When the database last said that it counts, and in which epoch.
    at: Timestamp,
    epoch: u64,
    /// How often keys had gone before its own was looked up.
    losses: u64,
}

impl Verifier {
    pub(crate) fn new(
        keyring: Arc<Keyring>,
        store: Arc<dyn Store>,
        settings: &OAuth2Settings,
        clock: Clock,
        epoch: Epoch,
    ) -> Self {
        Self {
            keyring,
            store,
            issuer: settings.issuer.clone(),
            audience: settings.audience().to_owned(),
            mode: settings.access_token.check,
            clock,
            epoch,
            cache: KnownTokens::new(),
        }
    }

    /// The claims of a token that was found good lately, when that is still believed: nobody need be asked.
    pub(crate) fn known(&self, token: &[u8]) -> Option<Arc<Claims>> {
        if token.len() > MAX_LENGTH || self.mode == CheckMode::Strict {
            return None;
        }
        let known =
            (self.cache.get(token)).filter(|known| known.losses == self.keyring.losses())?;
        let (now, epoch) = (self.clock.now(), self.epoch.now());
        let opaque = token.starts_with(TokenKind::Access.prefix().as_bytes());
        let counts = is_in_time(&known.claims, now) && self.believes(&known, opaque, (now, epoch));
        counts.then_some(known.claims)
    }

    /// The claims of a token that counts now.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        if token.is_empty() {
            return Err(AuthError::Missing);
        }
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        let opaque = is_opaque(token);
        let now = self.clock.now();
        // Read before the database is asked: what is revoked meanwhile makes the answer stale.
        let epoch = self.epoch.now();
        let losses = self.keyring.losses();
        let known = self.cache.get(token.as_bytes());
        let known = known.filter(|known| known.losses == losses);
        let claims = match known {
            Some(known) => {
                if !is_in_time(&known.claims, now) {
                    self.cache.forget(token);
                    return Err(AuthError::Invalid("expired"));
                }
                if self.believes(&known, opaque, (now, epoch)) {
                    return Ok(known.claims);
                }
                Some(known.claims)
            }
            None => None,
        };
        let checked = if opaque {
            self.look_up(token, now).await
        } else {
            self.check_jwt(token, claims, now).await
        };
        let claims = checked.inspect_err(|_| self.cache.forget(token))?;
        let verified = Verified {
            claims: Arc::clone(&claims),
            at: now,
            epoch,
            losses,
        };
        self.cache.insert(token, verified);
        Ok(claims)
    }

    /// The same for others, who ask whether the token counts still (RFC 7662 §4): where guards do without the database,
    /// this does not.
    pub(crate) async fn verify_for_others(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        let claims = self.verify(token).await?;
        if self.mode == CheckMode::Stateless && !is_opaque(token) {
            self.require_active(&claims).await?;
        }
        Ok(claims)
    }

    /// Whether what was found out about a token is fresh enough not to ask again.
    fn believes(&self, known: &Verified, opaque: bool, (now, epoch): (Timestamp, u64)) -> bool {
        match self.mode {
            // An opaque token is what the database says it is.
            CheckMode::Stateless if !opaque => true,
            CheckMode::Strict => false,
            CheckMode::Stateless | CheckMode::Cached => {
                known.epoch == epoch && now.distance(known.at) < FRESH
            }
        }
    }

    async fn look_up(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, AuthError> {
        let found = (self.store)
            .active_access_token(Digest::of(token).as_str())
            .await;
        let record = found
            .map_err(AuthError::Unavailable)?
            .ok_or(AuthError::Invalid("unknown or revoked"))?;
        if record.expires_at <= now {
            return Err(AuthError::Invalid("expired"));
        }
        Ok(Arc::new(Claims::of(&record, &self.issuer, &self.audience)))
    }

    async fn check_jwt(
        &self,
        token: &str,
        read: Option<Arc<Claims>>,
        now: Timestamp,
    ) -> Result<Arc<Claims>, AuthError> {
        let claims = match read {
            Some(claims) => claims,
            None => Arc::new(self.read(token, now).await?),
        };
        if now.as_secs() >= claims.exp {
            return Err(AuthError::Invalid("expired"));
        }
        if self.mode != CheckMode::Stateless {
            self.require_active(&claims).await?;
        }
        Ok(claims)
    }

    async fn require_active(&self, claims: &Claims) -> Result<(), AuthError> {
        let state = self.store.access_token_state(&claims.jti).await;
        match state.map_err(AuthError::Unavailable)? {
            TokenState::Active => Ok(()),
            _ => Err(AuthError::Invalid("revoked")),
        }
    }

    /// Identifier and client of an access token of ours, whether or not it has ended or was revoked.
    pub(crate) async fn find(&self, token: &str) -> Result<Option<(String, ClientId)>, StoreError> {
        if is_opaque(token) {
            let found = self.store.access_token(Digest::of(token).as_str()).await?;
            return Ok(found.map(|token| (token.id, token.client_id)));
        }
        match self.read(token, self.clock.now()).await {
            Ok(claims) => Ok(Some((claims.jti, claims.client_id))),
            Err(AuthError::Unavailable(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The claims of a JWT of ours, whether or not it has ended or was revoked.
    pub(crate) async fn read(&self, token: &str, now: Timestamp) -> Result<Claims, AuthError> {
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        let key = match self.keyring.find_by_head(token) {
            Some(key) => key,
            None => self.key_of(token, now).await?,
        };
        let claims = signed_claims(token, &key).ok_or(AuthError::Invalid("bad signature"))?;
        // RFC 8725 §3.8, §3.9.
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(AuthError::Invalid(
                "of another issuer or for another audience",
            ));
        }
        Ok(claims)
    }

    /// The key that the header of a token names.
    async fn key_of(&self, token: &str, now: Timestamp) -> Result<Arc<TokenKey>, AuthError> {
        let header = decode_header(token).map_err(|_| AuthError::Invalid("not a JWT"))?;
        check_header(&header)?;
        let key = self.key(header.kid.as_deref(), now).await?;
        // RFC 8725 §3.1: the algorithm is the key's, whatever the token says.
        if !key.signs_by(header.alg) {
            return Err(AuthError::Invalid("another algorithm than its key's"));
        }
        Ok(key)
    }

    async fn key(&self, kid: Option<&str>, now: Timestamp) -> Result<Arc<TokenKey>, AuthError> {
        let kid = kid.ok_or(AuthError::Invalid("names no key"))?;
        if let Some(key) = self.keyring.find(kid) {
            return Ok(key);
        }
        let found = self.keyring.search(kid, now).await;
        found
            .map_err(|error| AuthError::Unavailable(StoreError::new(error)))?
            .ok_or(AuthError::Invalid("unknown key"))
    }
}

/// By our own clock and without leeway: we are the issuer.
fn is_in_time(claims: &Claims, now: Timestamp) -> bool {
    now.as_secs() < claims.exp
}

fn is_opaque(token: &str) -> bool {
    token.starts_with(TokenKind::Access.prefix())
}

fn signed_claims(token: &str, key: &TokenKey) -> Option<Claims> {
    let (message, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !key.has_signed(message, &signature) {
        return None;
    }
    let (_, claims) = message.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Whether a header is that of an access token, and names no key or extension of its own.
pub(crate) fn check_header(header: &Header) -> Result<(), AuthError> {
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
