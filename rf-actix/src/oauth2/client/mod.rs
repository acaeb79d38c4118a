//! Signing in with another provider, or with a server of one's own in another process: the client side of
//! RFC 6749 §4.1 with PKCE.
//!
//! [`SignIn`] brings three routes below an address of the app: one to start at, the callback, and one to sign out. Its
//! middleware opens the session, which is a cookie that only the app can read, and [`SignedIn`] hands it to handlers.
//!
//! ```
//! use actix_web::{App, HttpServer, Responder, get};
//! use rf::oauth2::client::{SignIn, SignedIn};
//!
//! #[get("/")]
//! async fn home(who: SignedIn) -> impl Responder {
//!     format!("hello {}", who.subject())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let sign_in = SignIn::builder("https://id.example.com")
//!     .client("shop", "a long random secret")
//!     .at("https://shop.example.com/sign-in")     // the redirect URI is …/sign-in/callback
//!     .scopes("profile")
//!     .cookie_secret(std::env::var("COOKIE_SECRET")?)
//!     .build()?;
//! HttpServer::new(move || {
//!     App::new()
//!         .wrap(sign_in.middleware())
//!         .configure(sign_in.routes())
//!         .service(home)
//! })
//! .bind("127.0.0.1:8082")?
//! .run()
//! .await?;
//! # Ok(())
//! # }
//! ```
//!
//! A browser that is not signed in is sent to the provider and comes back to the page it wanted; a script is answered
//! 401. What is checked: `state` against the browser that started (login CSRF, RFC 6749 §10.12), PKCE (RFC 7636), the
//! issuer of the answer (mix-up, RFC 9207), and that nothing leads to another site (RFC 9700 §4.11).

mod builder;
mod callback;
mod cookie;
mod extract;
mod middleware;
mod pending;
mod provider;
mod renewal;
mod routes;
mod seal;
mod session;
mod sign_in;

pub use builder::{SignInBuilder, SignInError};
pub use extract::{NotSignedIn, SignedIn};
pub use middleware::{SignInMiddleware, SignInService};
pub use sign_in::SignIn;
