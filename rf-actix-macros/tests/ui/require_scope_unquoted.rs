use rf_actix_macros::require_scope;

#[require_scope(files:read)]
async fn unquoted() -> &'static str {
    ""
}

#[require_scope(every("files:read"))]
async fn unknown_word() -> &'static str {
    ""
}

#[require_scope(scope = "files:read")]
async fn key_and_value() -> &'static str {
    ""
}

#[require_scope(all("files:read"), "files:write")]
async fn mixed() -> &'static str {
    ""
}

fn main() {}
