//! The resource side: who calls, and whether they may (RFC 6750).

mod access_token;
mod bearer;
mod challenge;
mod checker;
mod nearest;
mod remote;
mod require_scope;
mod requirement;
mod scoped;

pub use access_token::AccessToken;
pub use bearer::BearerToken;
pub(crate) use nearest::Nearest;
pub use remote::{ResourceServer, ResourceServerBuilder, ResourceServerError};
pub use require_scope::{RequireScope, RequireScopeService};
pub use requirement::{ScopeGuard, ScopeRequirement};
pub use scoped::Scoped;
pub(crate) use scoped::authorize;
