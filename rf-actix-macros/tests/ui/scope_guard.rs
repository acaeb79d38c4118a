use rf_actix_macros::ScopeGuard;

struct AccessToken;

#[derive(ScopeGuard)]
struct WithoutScope;

#[derive(ScopeGuard)]
#[scope("files:read")]
#[scope("files:write")]
struct Twice;

#[derive(ScopeGuard)]
#[scope("files read")]
struct TwoInOne;

#[derive(ScopeGuard)]
#[scope("files:read")]
struct Named {
    token: AccessToken,
}

#[derive(ScopeGuard)]
#[scope("files:read")]
struct TwoFields(AccessToken, AccessToken);

#[derive(ScopeGuard)]
#[scope("files:read")]
enum Either {
    Read,
}

#[derive(ScopeGuard)]
#[scope("files:read")]
struct Generic<T>(T);

fn main() {}
