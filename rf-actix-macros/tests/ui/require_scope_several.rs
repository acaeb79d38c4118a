use rf_actix_macros::require_scope;

#[require_scope("files:read", "files:write")]
async fn all_or_any() -> &'static str {
    ""
}

#[require_scope("files:read files:write")]
async fn in_one_literal() -> &'static str {
    ""
}

fn main() {}
