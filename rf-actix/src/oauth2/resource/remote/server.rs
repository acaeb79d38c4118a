//! [`ResourceServer`]: the handle of an API whose tokens another server issues.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};

use super::builder::ResourceServerBuilder;
use super::introspected::Introspected;
use super::signed::Signed;
use crate::oauth2::discovery::{IssuerUrl, ProviderMetadata, discover};
use crate::oauth2::error::{AuthError, StoreError};
use crate::oauth2::http::Http;
use crate::oauth2::kept::Kept;
use crate::oauth2::model::{Claims, Clock};
use crate::oauth2::resource::nearest::Nearest;

/// Checks the access tokens that another server issues; a cheap clone, shared by all workers.
///
/// [`AccessToken`](crate::oauth2::AccessToken), [`Scoped`](crate::oauth2::Scoped), `#[require_scope]`,
/// `#[derive(ScopeGuard)]` and [`RequireScope`](crate::oauth2::RequireScope) work with it as they do beside an
/// [`OAuth2Server`](crate::oauth2::OAuth2Server). An app may have several, each for its own `web::scope`: the nearest
/// that [`state`](Self::state) handed over is asked, and this one where both kinds are equally near.
///
/// ```no_run
/// use actix_web::{App, HttpServer, Responder, get};
/// use rf::oauth2::{AccessToken, ResourceServer};
///
/// #[get("/me")]
/// async fn me(token: AccessToken) -> impl Responder {
///     token.subject().to_owned()
/// }
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let api = ResourceServer::builder("https://id.example.com").audience("orders").build()?;
/// HttpServer::new(move || App::new().configure(api.state()).service(me))
///     .bind("127.0.0.1:8081")?
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ResourceServer {
    inner: Arc<Inner>,
    /// Whether [`ResourceServer::state`] handed it over: then what is nearer than it is known.
    stated: bool,
}

pub(super) struct Inner {
    pub(super) remote: Arc<Remote>,
    pub(super) check: Check,
}

/// How tokens are checked.
pub(super) enum Check {
    Signed(Box<Signed>),
    Introspected(Arc<Introspected>),
}

/// The issuer, and how it is reached.
pub(super) struct Remote {
    pub(super) issuer: IssuerUrl,
    pub(super) audience: String,
    pub(super) http: Http,
    pub(super) clock: Clock,
    pub(super) leeway: Duration,
    pub(super) metadata: Kept<ProviderMetadata>,
}

impl Remote {
    pub(super) async fn metadata(&self) -> Result<Arc<ProviderMetadata>, StoreError> {
        let fetch = || {
            let (http, issuer) = (self.http.clone(), self.issuer.clone());
            async move { discover(&http, &issuer).await }
        };
        let found = self
            .metadata
            .get(self.http.engine(), &self.clock, None, fetch)
            .await?;
        Ok(found.document)
    }
}

impl ResourceServer {
    /// An API behind the authorization server of this identifier, exactly as its metadata has it.
    pub fn builder(issuer: impl Into<String>) -> ResourceServerBuilder {
        ResourceServerBuilder::new(issuer.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            stated: false,
        }
    }

    /// The claims of an access token that counts now, as far as this side knows.
    ///
    /// # Errors
    /// When it does not, or could not be checked.
    pub async fn validate_token(&self, token: &str) -> Result<Claims, AuthError> {
        self.verified_claims(token).await.map(Arc::unwrap_or_clone)
    }

    /// The same without a copy.
    pub(crate) async fn verified_claims(&self, token: &str) -> Result<Arc<Claims>, AuthError> {
        let Inner { remote, check } = &*self.inner;
        match check {
            _ if token.is_empty() => Err(AuthError::Missing),
            Check::Signed(signed) => signed.verify(token, remote).await,
            Check::Introspected(introspected) => introspected.verify(token, remote).await,
        }
    }

    /// The same, of a token that was found good lately, when that is still believed.
    pub(crate) fn known_claims(&self, token: &[u8]) -> Option<Arc<Claims>> {
        let Inner { remote, check } = &*self.inner;
        match check {
            Check::Signed(signed) => signed.known(token, remote),
            Check::Introspected(introspected) => introspected.known(token, remote),
        }
    }

    /// Fetches what is needed to check tokens, so that the first request need not wait for it, and a wrong
    /// configuration is seen at start. Not needed: whatever is missing is fetched when a token comes.
    ///
    /// # Errors
    /// When the issuer does not answer, or not as it should.
    pub async fn warm_up(&self) -> Result<(), AuthError> {
        match &self.inner.check {
            Check::Signed(signed) => signed.keys(&self.inner.remote, None).await.map(drop),
            Check::Introspected(_) => self
                .inner
                .remote
                .metadata()
                .await
                .map(drop)
                .map_err(AuthError::Unavailable),
        }
    }

    /// Hands it to an app, or to a `web::scope` of it: `App::new().configure(api.state())`.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let data = Data::new(Self {
            inner: Arc::clone(&self.inner),
            stated: true,
        });
        move |cfg| {
            cfg.app_data(data).app_data(Nearest::Remote);
        }
    }

    pub(in crate::oauth2::resource) fn was_stated(&self) -> bool {
        self.stated
    }

    /// Where it is in memory: the same for all clones.
    pub(in crate::oauth2::resource) fn place(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer")
            .field("issuer", &self.inner.remote.issuer.as_str())
            .field("audience", &self.inner.remote.audience)
            .finish_non_exhaustive()
    }
}
