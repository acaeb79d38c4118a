//! Tests of an app whose routes are guarded, without an authorization server and a token round trip.
//!
//! [`acting_as`] stands for a person, [`acting_as_client`] for a client; each goes round one request, or round the
//! whole app. Guards still compare scopes: a request that lacks one is answered 403, and one that acts as nobody goes
//! the usual way.
//!
//! ```
//! # #[cfg(feature = "macros")]
//! # #[actix_web::main]
//! # async fn main() {
//! use actix_web::{App, Responder, get, test};
//! use rf::oauth2::{AccessToken, require_scope, testing::{acting_as, acting_as_client}};
//!
//! #[get("/orders")]
//! #[require_scope("orders:read")]
//! async fn orders(token: AccessToken) -> impl Responder {
//!     format!("orders of {}", token.subject())
//! }
//!
//! let app = test::init_service(App::new().service(orders)).await;
//! let asked = || test::TestRequest::get().uri("/orders");
//!
//! let request = acting_as("ada", "orders:read").request(asked());
//! assert_eq!(test::call_and_read_body(&app, request).await, "orders of ada");
//!
//! let request = acting_as_client("nightly-job", "orders:write").request(asked());
//! assert_eq!(test::call_service(&app, request).await.status(), 403);
//! # }
//! # #[cfg(not(feature = "macros"))] fn main() {}
//! ```

use std::future::{Ready, ready};
use std::time::SystemTime;

use actix_http::Request;
use actix_web::HttpMessage;
use actix_web::dev::{Service, ServiceRequest, Transform, forward_ready};
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::test::TestRequest;
use serde_json::{Map, Value};

use super::model::{Claims, ClientId, GrantType, ScopeSet, Subject, Timestamp};
use super::resource::AccessToken;

/// A request by a person, through the client `test-client`, with these scopes parted by spaces.
///
/// # Panics
/// When a scope is ill-formed.
#[track_caller]
pub fn acting_as(user: impl Into<Subject>, scopes: &str) -> Acting {
    Acting::new(user.into().as_str(), "test-client".into(), None, scopes)
}

/// A request by a client for itself, with these scopes parted by spaces.
///
/// # Panics
/// When a scope is ill-formed.
#[track_caller]
pub fn acting_as_client(id: impl Into<ClientId>, scopes: &str) -> Acting {
    let id = id.into();
    let gty = Some(GrantType::ClientCredentials.as_str().to_owned());
    Acting::new(&id.to_string(), id, gty, scopes)
}

/// Who acts: goes round one request by [`request`](Self::request), or round an app or a `web::scope` by `wrap`.
///
/// ```
/// use actix_web::App;
/// use rf::oauth2::testing::acting_as;
///
/// App::new().wrap(acting_as("ada", "orders:read").through("shop").claim("tenant", "acme"));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Acting {
    claims: Claims,
}

impl Acting {
    #[track_caller]
    fn new(sub: &str, client_id: ClientId, gty: Option<String>, scopes: &str) -> Self {
        let scope: ScopeSet = match scopes.parse() {
            Ok(scope) => scope,
            Err(error) => panic!("{error}"),
        };
        let iat = Timestamp::from(SystemTime::now()).as_secs();
        let claims = Claims {
            iss: "https://issuer.test".to_owned(),
            sub: sub.to_owned(),
            aud: "test".to_owned(),
            exp: iat + 3600,
            iat,
            jti: uuid::Uuid::new_v4().to_string(),
            client_id,
            scope,
            gty,
            extra: Map::new(),
        };
        Self { claims }
    }

    /// Through this client.
    pub fn through(mut self, client: impl Into<ClientId>) -> Self {
        self.claims.client_id = client.into();
        self
    }

    /// With another claim, as [`Policy::extra_claims`](super::Policy::extra_claims) adds them.
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.extra.insert(name.into(), value.into());
        self
    }

    /// The request, acting.
    pub fn request(&self, request: TestRequest) -> Request {
        let mut request = request.to_request();
        request
            .extensions_mut()
            .insert(AccessToken::pretended(self.claims.clone()));
        self.announce(request.headers_mut());
        request
    }

    /// What [`BearerToken`](super::BearerToken) finds. It is no token of any server.
    fn announce(&self, headers: &mut HeaderMap) {
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_static("Bearer acting-in-a-test"),
        );
    }
}

impl<S> Transform<S, ServiceRequest> for Acting
where
    S: Service<ServiceRequest>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Transform = ActingService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(ActingService {
            service,
            acting: self.clone(),
        }))
    }
}

/// What [`Acting`] wraps a service in.
#[derive(Debug)]
pub struct ActingService<S> {
    service: S,
    acting: Acting,
}

impl<S> Service<ServiceRequest> for ActingService<S>
where
    S: Service<ServiceRequest>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        // A request that acts already keeps its part.
        if request.extensions().get::<AccessToken>().is_none() {
            let token = AccessToken::pretended(self.acting.claims.clone());
            request.extensions_mut().insert(token);
            self.acting.announce(request.headers_mut());
        }
        self.service.call(request)
    }
}
