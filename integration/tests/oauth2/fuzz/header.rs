//! The `Authorization` header of a client.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderValue};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;

use super::fuzz;

#[test]
fn no_authorization_header_breaks_an_endpoint_or_proves_a_client_by_chance() {
    let plain = prop_oneof![
        vec(any::<u8>(), 0..80),
        "(service|native|own|%73ervice|servi%00ce|%ff|)(:|%3A|::|)(s|s%3Ae|%|%ff|%00|[ -~]{0,40})"
            .prop_map(String::into_bytes),
    ];
    let alphabet = prop::sample::select(vec![STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]);
    let encoded = (plain, alphabet).prop_map(|(plain, alphabet)| alphabet.encode(plain));
    let scheme = prop::sample::select(vec![
        "Basic ", "basic ", "BASIC\t", "Basic", "Basic  ", "Bearer ", "Digest ", "",
    ]);
    let header = prop_oneof![
        4 => (scheme, encoded).prop_map(|(scheme, rest)| format!("{scheme}{rest}").into_bytes()),
        1 => vec(any::<u8>(), 0..80),
    ];
    let inputs = (
        vec(header, 1..3),
        prop::sample::select(vec!["/oauth/token", "/oauth/revoke", "/oauth/introspect"]),
    );
    let corpus = [
        "Basic",
        "Basic ",
        "Basic Og==",
        "Basic OnM=",
        "Basic c2VydmljZTo=",
        "Basic =",
        "Basic AA==",
        "Basic /w==",
    ]
    .map(|header| (vec![header.as_bytes().to_vec()], "/oauth/token"));
    fuzz(
        "tests/oauth2/fuzz/header.regressions",
        corpus,
        inputs,
        async |target, (headers, path)| {
            let mut request = TestRequest::post()
                .uri(path)
                .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
                .set_payload("grant_type=client_credentials&token=x");
            for header in &headers {
                // What HTTP itself does not let through never reaches an endpoint.
                let Ok(value) = HeaderValue::from_bytes(header) else {
                    return Ok(());
                };
                request = request.append_header((AUTHORIZATION, value));
            }
            let reply = target.ask(request).await?;
            prop_assert_ne!(reply.status.as_u16(), 200);
            Ok(())
        },
    );
}

#[test]
fn no_cookie_breaks_a_page_or_signs_anybody_in() {
    let inputs = prop_oneof![
        "rf_session=[ -~]{0,300}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..200),
        "[0-9A-Za-z._=-]{0,200}".prop_map(|value| format!("rf_session={value}").into_bytes()),
    ];
    let corpus = [
        b"rf_session=".to_vec(),
        b"rf_session".to_vec(),
        b"rf_session=.".to_vec(),
        b"=;=;rf_session=a;rf_session=b".to_vec(),
    ];
    fuzz(
        "tests/oauth2/fuzz/cookie.regressions",
        corpus,
        inputs,
        async |target, cookie| {
            let Ok(cookie) = HeaderValue::from_bytes(&cookie) else {
                return Ok(());
            };
            let own = "/oauth/authorize?response_type=code&client_id=own&prompt=none\
                   &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
            let request = TestRequest::get().uri(own).insert_header((COOKIE, cookie));
            let reply = target.ask(request).await?;
            let location = reply.location().unwrap_or_default();
            prop_assert!(location.contains("error=login_required"), "{}", location);
            Ok(())
        },
    );
}
