//! Who the client is: exactly one of HTTP Basic, body and nothing (RFC 6749 §2.3).

mod authenticator;
mod client_cache;
mod credentials;
mod secret_cache;

pub(crate) use authenticator::Authenticator;
pub(crate) use credentials::Credentials;
