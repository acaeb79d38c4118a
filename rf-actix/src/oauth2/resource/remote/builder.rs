//! Putting the resource side together.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::introspected::Introspected;
use super::server::{Check, Inner, Remote, ResourceServer};
use super::signed::Signed;
use crate::oauth2::discovery::IssuerUrl;
use crate::oauth2::http::{Http, HttpError};
use crate::oauth2::kept::{Kept, Lifetime};
use crate::oauth2::model::{ClientId, Clock, Secret};

/// Builds a [`ResourceServer`].
#[derive(Debug)]
#[must_use]
pub struct ResourceServerBuilder {
    issuer: String,
    audience: String,
    introspection: Option<(ClientId, Secret)>,
    introspection_ttl: Duration,
    keys: Lifetime,
    leeway: Duration,
    clock: Clock,
}

/// Why a [`ResourceServer`] cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceServerError {
    /// The issuer cannot be one.
    #[error("issuer {issuer:?} {reason}")]
    Issuer {
        /// What was given.
        issuer: String,
        /// What is wrong with it, and what to write.
        reason: &'static str,
    },
    /// There is no audience.
    #[error(
        "the audience is missing, write the name under which the issuer knows this API: it keeps tokens for others out"
    )]
    Audience,
    /// Nothing can be asked from here.
    #[error("{0}")]
    Transport(String),
}

impl From<HttpError> for ResourceServerError {
    fn from(error: HttpError) -> Self {
        Self::Transport(error.to_string())
    }
}

impl ResourceServerBuilder {
    pub(super) fn new(issuer: String) -> Self {
        Self {
            issuer,
            audience: String::new(),
            introspection: None,
            introspection_ttl: Duration::from_secs(10),
            keys: Lifetime {
                fresh: Duration::from_secs(300),
                stale: Duration::from_secs(3600),
                pause: Duration::from_secs(10),
            },
            leeway: Duration::from_secs(5),
            clock: Clock::default(),
        }
    }

    /// The name under which the issuer knows this API (the `aud` of its tokens). Tokens for others are refused
    /// (RFC 9068 §4). Of an issuer whose answers to introspection name nobody, which RFC 7662 §2.2 lets it, every
    /// bearer token is taken: there it is the issuer who must tell its APIs apart.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Asks the issuer about each token (RFC 7662), as this client of it, instead of checking signatures: for opaque
    /// tokens, and where a revocation must be seen within seconds.
    pub fn introspection(
        mut self,
        client_id: impl Into<ClientId>,
        secret: impl Into<Secret>,
    ) -> Self {
        self.introspection = Some((client_id.into(), secret.into()));
        self
    }

    /// How long the issuer's word that a token counts is believed; a revocation is seen after this time at the
    /// latest, or three seconds more if another instance of an issuer that checks as `cached` made it. Default: 10
    /// seconds.
    pub fn introspection_ttl(mut self, ttl: Duration) -> Self {
        self.introspection_ttl = ttl;
        self
    }

    /// After which time the keys are fetched anew. Default: 5 minutes.
    ///
    /// A token that names an unknown key has them fetched at once, though not more often than every 10 seconds.
    pub fn keys_ttl(mut self, ttl: Duration) -> Self {
        self.keys.fresh = ttl;
        self
    }

    /// How long keys are used while the issuer cannot be reached, counted from when they were fetched. Default: an
    /// hour; afterwards requests are answered with 503.
    pub fn keys_stale_ttl(mut self, ttl: Duration) -> Self {
        self.keys.stale = ttl;
        self
    }

    /// By how much the clocks of issuer and API may differ. Default: 5 seconds.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Where the time comes from; for tests.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    /// The handle. Nothing is asked yet, so the issuer may start later.
    ///
    /// # Errors
    /// When the issuer or the audience cannot be used, or the host has no certificates.
    pub fn build(self) -> Result<ResourceServer, ResourceServerError> {
        let issuer =
            IssuerUrl::parse(&self.issuer).map_err(|reason| ResourceServerError::Issuer {
                issuer: self.issuer,
                reason,
            })?;
        if self.audience.is_empty() {
            return Err(ResourceServerError::Audience);
        }
        let check = match &self.introspection {
            Some((id, secret)) => Check::Introspected(Arc::new(Introspected::new(
                id.as_str(),
                secret,
                self.introspection_ttl,
            ))),
            None => Check::Signed(Box::new(Signed::new(Lifetime {
                stale: self.keys.stale.max(self.keys.fresh),
                ..self.keys
            }))),
        };
        let remote = Arc::new(Remote {
            http: Http::for_url(issuer.url())?,
            issuer,
            audience: self.audience,
            clock: self.clock,
            leeway: self.leeway,
            // Addresses change less often than keys, and are the same for as long as anybody remembers.
            metadata: Kept::new(Lifetime {
                fresh: Duration::from_secs(3600),
                stale: Duration::from_secs(24 * 3600),
                pause: self.keys.pause,
            }),
        });
        Ok(ResourceServer::new(Inner { remote, check }))
    }
}
