//! Access tokens that are none.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::prelude::*;
use rf::oauth2::TokenParams;
use serde_json::{Map, Value, json};

use super::{Target, fuzz};

async fn good(target: &Target) -> String {
    let params = TokenParams {
        grant_type: Some("client_credentials".into()),
        client_id: Some("service".into()),
        client_secret: Some("s:e c+ret%".into()),
        ..TokenParams::default()
    };
    target
        .server
        .issue_token(params)
        .await
        .unwrap()
        .access_token
}

/// No guard lets it through, and nobody is told that it is active.
async fn is_refused(target: &Target, token: &str) -> Result<(), TestCaseError> {
    let Ok(header) = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()) else {
        return Ok(());
    };
    let guarded = TestRequest::get()
        .uri("/me")
        .insert_header((AUTHORIZATION, header));
    let reply = target.ask(guarded).await?;
    prop_assert!(
        matches!(reply.status.as_u16(), 400 | 401),
        "{} {token}",
        reply.status
    );
    let encoded: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in ["/oauth/introspect", "/oauth/revoke"] {
        let body = format!("client_id=service&client_secret=s%3Ae+c%2Bret%25&token={encoded}");
        let request = TestRequest::post().uri(path).set_payload(body);
        let reply = target
            .ask(request.insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded")))
            .await?;
        prop_assert!(!reply.text().contains("true"), "{token}");
    }
    Ok(())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!("none"),
            json!("HS256"),
            json!("RS256"),
            json!("ES256"),
            json!("at+jwt"),
            json!("JWT"),
            json!(""),
            json!("../../key"),
            json!("https://evil.example.com/keys"),
            json!(null),
            json!(0),
            json!(-1),
            json!(1e308),
            json!(i64::MAX),
            json!([]),
            json!({}),
            json!(["exp"]),
            json!(true),
            json!({"kty": "oct", "k": "AA"}),
        ]),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
    ]
}

fn members(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let name =
        prop_oneof![8 => prop::sample::select(names).prop_map(str::to_owned), 1 => any::<String>()];
    vec((name, value()), 0..8).prop_map(|members| members.into_iter().collect())
}

#[test]
fn no_header_and_no_claims_make_a_token_without_our_signature() {
    let header = members(&[
        "alg", "typ", "kid", "jku", "x5u", "x5c", "jwk", "crit", "cty", "zip", "enc", "b64",
    ]);
    let claims = members(&[
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "client_id",
        "scope",
        "gty",
    ]);
    let signature = prop_oneof![Just(String::new()), "[A-Za-z0-9_-]{86}", "[ -~]{0,100}"];
    let inputs = (header, claims, signature, any::<bool>(), any::<bool>());
    let corpus = [
        json!({"alg": "none", "typ": "at+jwt"}),
        json!({"alg": "HS256", "typ": "at+jwt"}),
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "../../../etc/passwd"}),
        json!({"alg": "ES256", "typ": "at+jwt", "jku": "http://127.0.0.1:1/"}),
        json!({"alg": "ES256", "typ": "JWT", "crit": ["exp"]}),
    ]
    .map(|header| {
        let header = header.as_object().cloned().unwrap_or_default();
        (header, Map::new(), String::new(), true, true)
    });
    fuzz(
        "tests/oauth2/fuzz/jwt.regressions",
        corpus,
        inputs,
        async |target, (header, claims, signature, real_kid, real_claims)| {
            let token = good(target).await;
            let parts: Vec<&str> = token.split('.').collect();
            let mut header = header;
            if real_kid && !header.contains_key("kid") {
                let jwks = target.ask(TestRequest::get().uri("/oauth/jwks")).await?;
                let jwks: Value = serde_json::from_slice(&jwks.body).unwrap_or_default();
                header.insert("kid".to_owned(), jwks["keys"][0]["kid"].clone());
            }
            let header = URL_SAFE_NO_PAD.encode(Value::from(header).to_string());
            let payload = if real_claims {
                parts[1].to_owned()
            } else {
                URL_SAFE_NO_PAD.encode(Value::from(claims).to_string())
            };
            is_refused(target, &format!("{header}.{payload}.{signature}")).await?;
            // The signature of another token is none of this one's.
            if header != parts[0] || payload != parts[1] {
                is_refused(target, &format!("{header}.{payload}.{}", parts[2])).await?;
            }
            Ok(())
        },
    );
}

#[test]
fn a_token_with_any_byte_changed_is_none() {
    let inputs = (
        any::<prop::sample::Index>(),
        "[A-Za-z0-9_.=~ -]{0,3}",
        0..3_usize,
    );
    fuzz(
        "tests/oauth2/fuzz/token.regressions",
        [],
        inputs,
        async |target, (at, piece, cut)| {
            let token = good(target).await;
            let at = at.index(token.len());
            let end = (at + cut).min(token.len());
            let changed = format!("{}{piece}{}", &token[..at], &token[end..]);
            // Spaces round a token belong to the header.
            if changed.trim() == token {
                return Ok(());
            }
            is_refused(target, &changed).await
        },
    );
}
