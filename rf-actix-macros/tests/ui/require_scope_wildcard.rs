use rf_actix_macros::require_scope;

#[require_scope("*")]
async fn everything() -> &'static str {
    ""
}

#[require_scope("files:re*")]
async fn in_a_word() -> &'static str {
    ""
}

#[require_scope("*:read")]
async fn in_front() -> &'static str {
    ""
}

fn main() {}
