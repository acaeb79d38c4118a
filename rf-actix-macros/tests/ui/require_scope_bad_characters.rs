use rf_actix_macros::require_scope;

#[require_scope("")]
async fn empty() -> &'static str {
    ""
}

#[require_scope("files\"read")]
async fn quote() -> &'static str {
    ""
}

#[require_scope("files\\read")]
async fn backslash() -> &'static str {
    ""
}

#[require_scope(all("lesen", "schön", "files\tread"))]
async fn not_ascii() -> &'static str {
    ""
}

fn main() {}
