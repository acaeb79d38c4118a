//! Who the client is.

use reqwest::header::AUTHORIZATION;

use crate::bench::{Answer, Bench};

// base64 of `service:s%3Ae+c%2Bret%25` and of `service:wrong`.
const BASIC: &str = "c2VydmljZTpzJTNBZStjJTJCcmV0JTI1";
const WRONG: &str = "c2VydmljZTp3cm9uZw==";
const ASK: &str = "grant_type=client_credentials";

#[actix_web::test]
async fn basic_credentials_are_form_decoded_and_the_scheme_has_no_case() {
    let bench = Bench::new().await;
    for scheme in ["Basic", "basic", "BASIC"] {
        let answer = bench.token_as(&format!("{scheme} {BASIC}"), ASK).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let same = "grant_type=client_credentials&client_id=service";
    assert_eq!(
        bench.token_as(&format!("Basic {BASIC}"), same).await.status,
        200
    );
}

#[actix_web::test]
async fn failed_basic_has_a_challenge_and_a_failed_body_has_none() {
    let bench = Bench::new().await;
    let by_header = bench.token_as(&format!("Basic {WRONG}"), ASK).await;
    by_header.refused(401, "invalid_client");
    assert!(
        by_header
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic realm=")
    );

    let by_body = bench
        .token(format!("{ASK}&client_id=service&client_secret=wrong"))
        .await;
    by_body.refused(401, "invalid_client");
    assert_eq!(by_body.header("www-authenticate"), None);
    assert_eq!(by_header.json, by_body.json);

    let unknown = bench
        .token(format!("{ASK}&client_id=nobody&client_secret=wrong"))
        .await;
    unknown.refused(401, "invalid_client");
    assert_eq!(unknown.json, by_body.json);
}

#[actix_web::test]
async fn a_malformed_header_and_two_mechanisms_are_invalid_requests() {
    let bench = Bench::new().await;
    bench
        .token_as("Basic !!!", ASK)
        .await
        .refused(400, "invalid_request");
    bench
        .token_as("Basic c2VydmljZQ==", ASK)
        .await
        .refused(400, "invalid_request");
    let both = "grant_type=client_credentials&client_id=service&client_secret=x";
    bench
        .token_as(&format!("Basic {BASIC}"), both)
        .await
        .refused(400, "invalid_request");
    let differ = "grant_type=client_credentials&client_id=spa";
    bench
        .token_as(&format!("Basic {BASIC}"), differ)
        .await
        .refused(400, "invalid_request");
    let twice = bench
        .form("/oauth/token", ASK)
        .header(AUTHORIZATION, format!("Basic {BASIC}"))
        .header(AUTHORIZATION, format!("Basic {BASIC}"));
    Answer::of(twice).await.refused(400, "invalid_request");
}

#[actix_web::test]
async fn a_missing_secret_and_a_secret_of_a_public_client_are_refused() {
    let bench = Bench::new().await;
    bench
        .token(format!("{ASK}&client_id=service"))
        .await
        .refused(401, "invalid_client");
    let body = bench.redemption().await;
    bench
        .token(format!("{body}&client_secret=x"))
        .await
        .refused(401, "invalid_client");
    bench.token(ASK).await.refused(401, "invalid_client");
    assert_eq!(bench.token(body).await.status, 200);
}

#[actix_web::test]
async fn a_client_without_the_grant_is_unauthorized() {
    let bench = Bench::new().await;
    let answer = bench.token(format!("{ASK}&client_id=spa")).await;
    answer.refused(400, "unauthorized_client");
}

#[actix_web::test]
async fn guessing_is_answered_by_429_with_retry_after() {
    let bench = Bench::new().await;
    let guess = format!("{ASK}&client_id=service&client_secret=guess");
    for _ in 0..10 {
        bench
            .token(guess.clone())
            .await
            .refused(401, "invalid_client");
    }
    let answer = bench.token(guess).await;
    answer.refused(429, "invalid_client");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
}

#[actix_web::test]
async fn a_guesser_cannot_make_up_addresses() {
    let bench = Bench::new().await;
    let guess = format!("{ASK}&client_id=service&client_secret=guess");
    for n in 0..11 {
        let request = bench.form("/oauth/token", guess.clone());
        let request = request.header("x-forwarded-for", format!("192.0.2.{n}"));
        let status = if n < 10 { 401 } else { 429 };
        Answer::of(request).await.refused(status, "invalid_client");
    }
}
