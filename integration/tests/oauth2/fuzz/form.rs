//! Bodies of the endpoints that take forms.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::fuzz;

const PATHS: [&str; 7] = [
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/oauth/authorize",
    "/oauth/apps",
    "/login",
    "/logout",
];

/// A piece of a form: what the endpoints look for, what they are to refuse, and what is no form.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "grant_type",
        "client_id",
        "client_secret",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "username",
        "password",
        "token",
        "token_type_hint",
        "ticket",
        "decision",
        "csrf",
        "return_to",
        "state",
        "response_type",
        "prompt",
        "max_age",
        "%67rant_type",
        "",
    ]);
    let known = prop::sample::select(vec![
        "client_credentials",
        "authorization_code",
        "refresh_token",
        "password",
        "urn:x:y",
        "service",
        "native",
        "own",
        "s",
        "s%3Ae+c%2Bret%25",
        "read",
        "files:*",
        "allow",
        "deny",
        "demo",
        "rfc_x",
        "rfr_x",
        "a.b.c",
        "%00",
        "%",
        "%f",
        "%ff",
        "%ED%A0%80",
        "+",
        "%0d%0a",
        "99999999999999999999",
        "-1",
        "/",
        "//evil",
        "\\",
    ]);
    let value = prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..40),
        1 => "[a-zA-Z0-9._~%+-]{0,200}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        8 => (name, value).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat()),
        1 => vec(any::<u8>(), 0..60),
    ]
}

#[test]
fn no_body_of_a_form_breaks_an_endpoint() {
    let kind = prop::sample::select(vec![
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=x",
        "application/json",
        "multipart/form-data; boundary=x",
        "",
        ";",
    ]);
    let body = vec(piece(), 0..12).prop_map(|pieces| pieces.join(&b'&'));
    let inputs = (
        prop::sample::select(PATHS.to_vec()),
        kind,
        body,
        any::<bool>(),
    );
    let form = "application/x-www-form-urlencoded";
    let corpus = [
        ("/oauth/token", form, b"".to_vec(), false),
        ("/oauth/token", form, b"&&=&=".to_vec(), false),
        ("/oauth/token", form, b"grant_type=%00&client_id=%00&client_secret=%00".to_vec(), false),
        ("/oauth/token", form, b"grant_type=password&client_id=service&client_secret=s%3Ae+c%2Bret%25&username=%00&password=%00".to_vec(), false),
        ("/oauth/token", form, b"grant_type=password&client_id=service&client_secret=s%3Ae+c%2Bret%25&username=demo&password=demo&scope=%22".to_vec(), false),
        ("/oauth/revoke", form, [b"client_id=native&token=".as_slice(), &[b'a'; 60_000]].concat(), false),
        ("/oauth/authorize", form, b"ticket=%00&decision=allow&scope=%00".to_vec(), true),
        ("/oauth/apps", form, b"csrf=%00&client_id=%00".to_vec(), true),
        ("/login", form, b"username=%00&password=%00&csrf=%00".to_vec(), true),
    ];
    fuzz(
        "tests/oauth2/fuzz/form.regressions",
        corpus,
        inputs,
        async |target, (path, kind, body, signed_in)| {
            let mut request = TestRequest::post().uri(path).set_payload(body);
            request = request.insert_header((CONTENT_TYPE, kind));
            if signed_in {
                request = request.insert_header(("cookie", target.cookie.as_str()));
            }
            target.ask(request).await.map(drop)
        },
    );
}
