//! Metadata and keys.

use crate::bench::{Answer, Bench};
use crate::site::Site;

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

#[actix_web::test]
async fn the_metadata_is_the_issuers_and_names_only_what_is_on() {
    let bench = Bench::new().await;
    // The issuer has a path, which comes after the well-known one (RFC 8414 §3.1).
    for path in [WELL_KNOWN.to_owned(), format!("{WELL_KNOWN}/tenant")] {
        let request = bench.http.get(bench.url(&path));
        let spoofed = request
            .header("host", "evil.example.com")
            .header("x-forwarded-host", "evil.example.com")
            .header("x-forwarded-proto", "https");
        let answer = Answer::of(spoofed).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let found = answer.json;
        assert!(!found.to_string().contains("evil"));
        assert_eq!(found["issuer"], "https://id.example.com/tenant");
        assert_eq!(
            found["token_endpoint"],
            "https://id.example.com/tenant/oauth/token"
        );
        assert_eq!(
            found["jwks_uri"],
            "https://id.example.com/tenant/oauth/jwks"
        );
        assert_eq!(
            found["scopes_supported"],
            serde_json::json!(["read", "write"])
        );
        assert_eq!(
            found["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
        assert_eq!(
            found["authorization_response_iss_parameter_supported"],
            true
        );
        assert!(
            !found["grant_types_supported"]
                .to_string()
                .contains("password")
        );
    }
    let other = Answer::of(bench.http.get(bench.url(&format!("{WELL_KNOWN}/other")))).await;
    assert_eq!(other.status, 404);
}

#[actix_web::test]
async fn the_metadata_names_the_password_grant_when_it_is_on() {
    let site = Site::with(|mut settings| {
        settings.password_grant = true;
        settings
    })
    .await;
    let found = site.browser().get(WELL_KNOWN).await;
    let found: serde_json::Value = found.json().await.unwrap();
    let on = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
    ];
    assert_eq!(found["grant_types_supported"], serde_json::json!(on));
    site.stop().await;
}

#[actix_web::test]
async fn the_key_set_holds_public_members_only_and_the_key_that_signs() {
    let bench = Bench::new().await;
    let answer = Answer::of(bench.http.get(bench.url("/oauth/jwks"))).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let keys = answer.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let mut members: Vec<_> = keys[0].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(
        (&keys[0]["alg"], &keys[0]["kty"]),
        (&"ES256".into(), &"EC".into())
    );
}

#[actix_web::test]
async fn without_a_handle_the_caller_learns_nothing() {
    let app = actix_web::test::init_service(actix_web::App::new().configure(rf::oauth2)).await;
    let request = actix_web::test::TestRequest::get()
        .uri("/oauth/jwks")
        .to_request();
    let response = actix_web::test::call_service(&app, request).await;
    assert_eq!(response.status(), 500);
    assert!(actix_web::test::read_body(response).await.is_empty());
}
