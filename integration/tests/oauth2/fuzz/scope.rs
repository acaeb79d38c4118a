//! Scopes of token requests.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use rf::oauth2::{Scope, ScopeSet};

use super::fuzz;

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => prop::sample::select(vec![
            "read", "write", "files:*", "files:read", "files:", "files", ":*", "*", "files:**", "files:*:x", "FILES:*",
            "files:read:own", "admin", "\"", "\\", "\t", "é", "\u{0}", "\u{7f}", "\u{a0}",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[!-~]{1,30}",
    ];
    vec(word, 0..8).prop_map(|words| words.join(" "))
}

#[test]
fn no_scope_gives_more_than_the_client_may_have() {
    let corpus = [
        "",
        " ",
        "files:* files:*",
        "files:*\u{0}",
        "read\nadmin",
        "write",
        "files:read\u{2003}admin",
    ];
    fuzz(
        "tests/oauth2/fuzz/scope.regressions",
        corpus.map(str::to_owned),
        text(),
        async |target, scope| {
            let encoded: String = scope.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let body = format!(
                "grant_type=client_credentials&client_id=service&client_secret=s%3Ae+c%2Bret%25&scope={encoded}"
            );
            let request = TestRequest::post()
                .uri("/oauth/token")
                .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
                .set_payload(body);
            let reply = target.ask(request).await?;
            let answer: serde_json::Value = serde_json::from_slice(&reply.body)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            if reply.status.as_u16() == 200 {
                let granted: ScopeSet = answer["scope"]
                    .as_str()
                    .unwrap_or_default()
                    .parse()
                    .unwrap();
                let allowed: ScopeSet = "read write files:*".parse().unwrap();
                prop_assert!(allowed.covers_all(&granted), "{granted}");
            } else {
                prop_assert_eq!(&answer["error"], "invalid_scope");
            }
            Ok(())
        },
    );
}

#[test]
fn what_is_read_as_scopes_is_written_and_read_the_same() {
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(left in text(), right in text())| {
        let (Ok(left), Ok(right)) = (left.parse::<ScopeSet>(), right.parse::<ScopeSet>()) else {
            return Ok(());
        };
        prop_assert_eq!(left.to_string().parse::<ScopeSet>().unwrap(), left.clone());
        let both = left.limited_to(&right);
        prop_assert!(left.covers_all(&both) && right.covers_all(&both));
        prop_assert_eq!(&both, &right.limited_to(&left));
        prop_assert!(left.iter().all(|scope| scope.as_str().parse::<Scope>().is_ok()));
    });
}
