use rf_actix_macros::require_scope;

#[require_scope]
async fn without_parentheses() -> &'static str {
    ""
}

#[require_scope()]
async fn empty() -> &'static str {
    ""
}

#[require_scope(all())]
async fn all_of_nothing() -> &'static str {
    ""
}

fn main() {}
