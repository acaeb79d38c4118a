use rf_actix_macros::require_scope;

#[require_scope("files:read")]
fn not_async() -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn generic<T: Clone>(_: T) -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn generic_in_disguise(_: impl Clone) -> &'static str {
    ""
}

#[require_scope("files:read")]
async fn conditional(#[cfg(all())] _: String) -> &'static str {
    ""
}

#[require_scope("files:read")]
struct NotAFunction;

struct Service;

impl Service {
    #[require_scope("files:read")]
    async fn method(&self) -> &'static str {
        ""
    }
}

fn main() {}
