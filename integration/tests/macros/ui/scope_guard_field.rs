use rf::ScopeGuard;

#[derive(ScopeGuard)]
#[scope("files:read")]
struct Read(String);

fn main() {}
