//! Checking signed access tokens by the keys of their issuer (RFC 9068 §4).

use std::sync::Arc;

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::key_set::{Document, KeySet};
use super::server::Remote;
use super::time::round_times;
use crate::oauth2::discovery::{DiscoveryError, fetch};
use crate::oauth2::error::AuthError;
use crate::oauth2::kept::{Held, Kept, Lifetime};
use crate::oauth2::model::{Claims, Timestamp};
use crate::oauth2::token::{KnownTokens, check_header};

/// Longer than any token that is worth its bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// The keys, and the tokens that were verified by them.
pub(super) struct Signed {
    keys: Kept<KeySet>,
    verified: KnownTokens<(Arc<Claims>, u64)>,
}

impl Signed {
    pub(super) fn new(lifetime: Lifetime) -> Self {
        // Another crate of the app may have turned on a second backend: then there is no default.
        let _ = DEFAULT_PROVIDER.install_default();
        Self {
            keys: Kept::new(lifetime),
            verified: KnownTokens::new(),
        }
    }

    /// The claims of a token that was verified lately, by the keys that count now.
    pub(super) fn known(&self, token: &[u8], remote: &Remote) -> Option<Arc<Claims>> {
        let (claims, generation) = self.verified.get(token)?;
        let keys = self.keys.fresh(remote.clock.now())?;
        (keys.generation == generation && is_in_time(&claims, remote)).then_some(claims)
    }

    pub(super) async fn verify(
        &self,
        token: &str,
        remote: &Arc<Remote>,
    ) -> Result<Arc<Claims>, AuthError> {
        if token.len() > MAX_LENGTH {
            return Err(AuthError::Invalid("too long"));
        }
        let mut keys = self.keys(remote, None).await?;
        let known = self.verified.get(token.as_bytes());
        // What older keys verified is verified again: one of them may have been withdrawn.
        if let Some((claims, _)) = known.filter(|(_, generation)| *generation == keys.generation) {
            return in_time(claims, remote);
        }
        let header = decode_header(token).map_err(|_| AuthError::Invalid("not a JWT"))?;
        check_header(&header)?;
        let name = header.kid.as_deref();
        if keys.document.find(name).is_none() {
            // Perhaps the issuer signs with a new one by now.
            keys = self.keys(remote, Some(keys.generation)).await?;
        }
        let Some(key) = keys.document.find(name) else {
            return Err(if keys.outdated {
                AuthError::Unavailable(crate::oauth2::error::StoreError::new(
                    "the keys of the issuer could not be renewed",
                ))
            } else {
                AuthError::Invalid("unknown key")
            });
        };
        // RFC 8725 §3.1: the algorithms of the key, whatever the token says.
        if !key.algorithms.contains(&header.alg) {
            return Err(AuthError::Invalid("the algorithm is not that of its key"));
        }
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[remote.issuer.as_str()]);
        validation.set_audience(&[&remote.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Checked below, by our own clock.
        validation.validate_exp = false;
        let claims = decode::<Map<String, Value>>(token, &key.decoding, &validation)
            .map_err(|_| AuthError::Invalid("bad signature, issuer or audience"))?
            .claims;
        let claims = Arc::new(to_claims(claims, remote)?);
        let claims = in_time(claims, remote)?;
        self.verified
            .insert(token, (Arc::clone(&claims), keys.generation));
        Ok(claims)
    }

    /// The keys; newer ones than those of generation `beyond`, if that is named.
    pub(super) async fn keys(
        &self,
        remote: &Arc<Remote>,
        beyond: Option<u64>,
    ) -> Result<Held<KeySet>, AuthError> {
        let fetch = || {
            let remote = Arc::clone(remote);
            async move { fetch_keys(&remote).await }
        };
        self.keys
            .get(remote.http.engine(), &remote.clock, beyond, fetch)
            .await
            .map_err(AuthError::Unavailable)
    }
}

async fn fetch_keys(remote: &Remote) -> Result<KeySet, String> {
    let told = |error: DiscoveryError| error.to_string();
    let metadata = remote.metadata().await.map_err(|error| error.to_string())?;
    let named = metadata.jwks_uri.as_deref().ok_or_else(|| {
        told(DiscoveryError::Lacks {
            issuer: remote.issuer.as_str().to_owned(),
            what: "jwks_uri, check its tokens by introspection",
        })
    })?;
    let url = remote.issuer.endpoint(named).map_err(told)?;
    let document: Document = fetch(&remote.http, &url).await.map_err(told)?;
    Ok(KeySet::from(document))
}

/// The claims of RFC 9068 §2.2. A token for several resources is one for us.
fn to_claims(mut claims: Map<String, Value>, remote: &Remote) -> Result<Claims, AuthError> {
    claims.insert("aud".to_owned(), remote.audience.clone().into());
    let whole = |name| {
        claims
            .get(name)
            .is_none_or(|value: &Value| value.as_f64().is_some())
    };
    if !whole("nbf") {
        return Err(AuthError::Invalid("nbf is no number"));
    }
    let not_before = claims.remove("nbf").and_then(|value| value.as_f64());
    if not_before.is_some_and(|at| at > remote.latest().as_secs() as f64) {
        return Err(AuthError::Invalid("not valid yet"));
    }
    round_times(&mut claims);
    serde_json::from_value(Value::Object(claims))
        .map_err(|_| AuthError::Invalid("lacks a claim of RFC 9068"))
}

fn in_time(claims: Arc<Claims>, remote: &Remote) -> Result<Arc<Claims>, AuthError> {
    if is_in_time(&claims, remote) {
        Ok(claims)
    } else {
        Err(AuthError::Invalid("expired"))
    }
}

fn is_in_time(claims: &Claims, remote: &Remote) -> bool {
    remote.earliest().as_secs() < claims.exp
}

impl Remote {
    /// The present, as far back as the issuer's clock may be behind ours.
    pub(super) fn earliest(&self) -> Timestamp {
        let leeway = i64::try_from(self.leeway.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(leeway))
    }

    /// The present, as far ahead as the issuer's clock may be.
    pub(super) fn latest(&self) -> Timestamp {
        self.clock.now().plus(self.leeway)
    }
}
