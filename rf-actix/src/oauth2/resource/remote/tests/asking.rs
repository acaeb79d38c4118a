//! By introspection, many at once; and what issuers write who keep to RFC 7662 and RFC 7519 only.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;

use super::invalid;
use super::issuer::{Issuer, Signer};
use crate::oauth2::resource::remote::introspected::AT_ONCE;

fn active() -> serde_json::Value {
    json!({ "active": true, "sub": "ada", "client_id": "shop", "token_type": "Bearer" })
}

#[actix_web::test]
async fn fifty_requests_with_one_token_ask_about_it_once() {
    let issuer = Issuer::start();
    issuer.say(active());
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    let all = join_all((0..50).map(|_| api.validate_token("opaque"))).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(issuer.asked("introspect"), 1);
}

#[actix_web::test]
async fn a_question_goes_on_when_whoever_put_it_goes_away() {
    let issuer = Issuer::start();
    issuer.say(active());
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    for _ in 0..50 {
        assert!(api.validate_token("opaque").now_or_never().is_none());
    }
    api.validate_token("opaque").await.unwrap();
    assert_eq!(issuer.asked("introspect"), 1);
}

#[actix_web::test]
async fn invented_tokens_do_not_drown_the_issuer() {
    let issuer = Issuer::start();
    issuer.say(json!({ "active": false }));
    // So many are here at once, and all of them are answered: what more there is waits on this side.
    issuer.answer_together(AT_ONCE);
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    let tokens: Vec<String> = (0..4 * AT_ONCE).map(|token| token.to_string()).collect();
    let all = join_all(tokens.iter().map(|token| api.validate_token(token))).await;
    assert!(all.iter().all(Result::is_err));
    assert!((1..=AT_ONCE).contains(&issuer.most_here()));
}

#[actix_web::test]
async fn what_the_issuer_said_is_not_believed_for_longer_because_the_clock_was_set_back() {
    let issuer = Issuer::start();
    issuer.say(active());
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    api.validate_token("opaque").await.unwrap();
    issuer.say(json!({ "active": false }));
    issuer.set_back(Duration::from_secs(3600));
    invalid(api.validate_token("opaque").await);
}

#[actix_web::test]
async fn times_may_have_a_fraction_and_an_answer_need_not_name_a_client() {
    let issuer = Issuer::start();
    let signer = Signer::es256("a");
    issuer.publish(&[&signer]);
    let api = issuer.api().build().unwrap();
    let now = issuer.now() as f64;
    let token = issuer.token(&signer, json!({ "iat": now + 0.25, "exp": now + 60.5 }));
    let claims = api.validate_token(&token).await.unwrap();
    assert_eq!(
        (claims.iat, claims.exp),
        (now as i64, now as i64 + 60),
        "{claims:?}"
    );
    invalid(
        api.validate_token(&issuer.token(&signer, json!({ "exp": "later" })))
            .await,
    );
    let api = issuer.api().introspection("api", "secret").build().unwrap();
    issuer.say(
        json!({ "active": true, "sub": "ada", "token_type": "Bearer", "iat": now, "exp": now + 60.5 }),
    );
    let claims = api.validate_token("opaque").await.unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.client_id.as_str(), claims.exp),
        ("ada", "", now as i64 + 60)
    );
    assert!(!claims.is_client());
}
