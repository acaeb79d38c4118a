//! Families of scopes and what scopes imply, on the consent page and in what is remembered of it.

use crate::site::{Request, Site, answer};
use rf::oauth2::OAuth2Settings;

fn files(mut settings: OAuth2Settings) -> OAuth2Settings {
    let scopes: OAuth2Settings = toml::from_str(
        r#"
        [scopes]
        "read" = "Read"
        "write" = "Write"
        "files:read" = "See your <files>"
        "files:write" = { text = "Change your files", implies = ["files:read"] }
        "mail" = "See your mail"
        "#,
    )
    .unwrap();
    settings.scopes = scopes.scopes;
    settings.clients[0].scopes = vec!["files:*".parse().unwrap(), "mail".parse().unwrap()];
    settings
}

fn asking(scope: &str) -> Request {
    Request::good().set("scope", scope)
}

#[actix_web::test]
async fn a_family_is_put_to_people_in_the_words_of_its_members() {
    let site = Site::with(files).await;
    let browser = site.signed_in().await;
    let page = browser.get(&asking("files:* mail").path()).await;
    let page = page.text().await.unwrap();
    for text in [
        "value=\"files:*\"",
        "See your &#60;files&#62;; Change your files",
        "value=\"mail\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    site.stop().await;
}

#[actix_web::test]
async fn consent_to_a_family_is_consent_to_its_members_and_not_the_other_way_round() {
    let site = Site::with(files).await;
    let browser = site.signed_in().await;
    let asked = async |scope: &str| browser.get(&asking(scope).path()).await.status() == 200;
    browser
        .allow(&asking("files:read mail"), &["files:read", "mail"])
        .await;
    assert!(!asked("files:read").await);
    assert!(asked("files:*").await);
    assert!(asked("files:write").await);
    browser.allow(&asking("files:*"), &["files:*"]).await;
    assert!(!asked("files:write mail").await);
    site.stop().await;
}

#[actix_web::test]
async fn consent_to_a_scope_is_consent_to_what_it_implies() {
    let site = Site::with(files).await;
    let browser = site.signed_in().await;
    browser
        .allow(&asking("files:write"), &["files:write"])
        .await;
    let again = browser.get(&asking("files:read").path()).await;
    assert!(answer(&again, "code").is_some());
    site.stop().await;
}

#[actix_web::test]
async fn a_member_cannot_be_slipped_into_the_answer() {
    let site = Site::with(files).await;
    let browser = site.signed_in().await;
    // Neither a member in place of the family that was asked for, nor the family in place of a member.
    for (asked, answered) in [("files:*", "files:read"), ("files:read", "files:*")] {
        let response = browser.allow(&asking(asked), &[answered]).await;
        assert_eq!(answer(&response, "error").as_deref(), Some("access_denied"));
    }
    site.stop().await;
}
