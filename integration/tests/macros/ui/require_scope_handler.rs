use actix_web::{FromRequest, HttpRequest, Responder};
use rf::require_scope;

#[require_scope("files:read")]
fn not_async() -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn generic<T: FromRequest>(_: T) -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn generic_in_disguise(_: impl FromRequest) -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn conditional(#[cfg(all())] _: HttpRequest) -> &'static str {
    ""
}

#[require_scope("files:read")]
struct NotAFunction;

struct Service;

impl Service {
    #[require_scope("files:read")]
    async fn method(&self) -> impl Responder {
        ""
    }
}

fn main() {}
