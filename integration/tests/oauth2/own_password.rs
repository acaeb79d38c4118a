//! A sign-in page of the app's own that checks passwords by the server.

use crate::site::Site;
use actix_web::{HttpRequest, HttpResponse, post, web};
use rf::oauth2::{Event, OAuth2Server, PasswordError, Secret};
use std::collections::HashMap;

#[post("/enter")]
async fn enter(
    req: HttpRequest,
    server: web::Data<OAuth2Server>,
    sent: web::Form<HashMap<String, String>>,
) -> HttpResponse {
    let password = Secret::from(sent["password"].as_str());
    match server.verify_password(&req, &sent["name"], &password).await {
        Ok(subject) => HttpResponse::Ok().body(subject.to_string()),
        Err(PasswordError::TooManyAttempts { retry_after }) => HttpResponse::TooManyRequests()
            .insert_header(("retry-after", retry_after))
            .finish(),
        Err(PasswordError::Wrong) => HttpResponse::Forbidden().finish(),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

#[actix_web::test]
async fn guesses_on_the_apps_own_page_are_counted_with_those_on_the_built_in_one() {
    let site = Site::serve(|app| {
        app.service(enter);
    })
    .await;
    let send = async |password: &str| {
        let form = [("name", "demo"), ("password", password)];
        site.browser().post("/enter", &form).await
    };
    let right = send("demo").await;
    assert_eq!(right.status(), 200);
    assert_eq!(right.text().await.unwrap(), "demo");
    assert!(site.saw(|event| matches!(event, Event::LoginSucceeded { .. })));
    for _ in 0..10 {
        assert_eq!(send("wrong").await.status(), 403);
    }
    assert!(site.saw(|event| matches!(event, Event::LoginFailed { throttled: false })));
    let locked = send("demo").await;
    assert_eq!(locked.status(), 429);
    assert_eq!(locked.headers()["retry-after"], "300");
    assert!(site.saw(|event| matches!(event, Event::LoginFailed { throttled: true })));
    let built_in = site.browser().sign_in("demo", "demo", "/").await;
    assert_eq!(built_in.status(), 429);
    site.pass(300);
    assert_eq!(send("demo").await.status(), 200);
}
