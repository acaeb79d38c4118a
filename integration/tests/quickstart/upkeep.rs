//! What the suite does by itself.

use super::app::{App, client};
use rf::oauth2::{Digest, OAuth2Server, OAuth2Settings, TokenParams, connect};
use std::time::{Duration, Instant, UNIX_EPOCH};
use tempfile::tempdir;

#[tokio::test]
async fn tokens_that_ended_long_ago_are_removed_without_anybody_asking() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("var/quickstart.db");
    let db = connect(&format!("sqlite://{}", file.display()), 2).await;
    let settings: OAuth2Settings = serde_json::from_value(serde_json::json!({
        "access_token": { "format": "opaque" },
        "clients": [{ "id": "old", "secret": "old-secret", "grants": ["client_credentials"] }],
    }))
    .unwrap();
    let past = OAuth2Server::builder(db.unwrap())
        .settings(settings)
        .clock(|| UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .build()
        .await
        .unwrap();
    let params = TokenParams {
        grant_type: Some("client_credentials".into()),
        client_id: Some("old".into()),
        client_secret: Some("old-secret".into()),
        ..TokenParams::default()
    };
    let token = past.issue_token(params).await.unwrap().access_token;
    let id = Digest::of(&token);
    let kept = async || past.store().access_token(id.as_str()).await.unwrap();
    assert!(kept().await.is_some());

    let app = App::start_in(dir, &[]);
    let begin = Instant::now();
    while kept().await.is_some() {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "it is still there"
        );
        let live = client().get(app.url("/health/live")).send().await.unwrap();
        assert_eq!(live.status(), 200);
    }
}
