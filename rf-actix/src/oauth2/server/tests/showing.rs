//! What `Debug` shows of everything that holds secrets.

use super::*;
use crate::oauth2::model::{ClientSecretKind, Parameters};

#[tokio::test]
async fn debug_output_holds_no_secret_token_code_or_password() {
    let key_encryption_key = "5f".repeat(32);
    let bench = Bench::with(|settings| OAuth2Settings {
        key_encryption_key: Some(key_encryption_key.parse().unwrap()),
        ..settings
    })
    .await;
    let code = bench.code(&bench.web).await;
    let redeemed = redemption(&bench.web, &code);
    let tokens = bench.server.issue_token(redeemed.clone()).await.unwrap();
    let refresh = tokens.refresh_token.clone().unwrap();
    let refreshed = refreshing(&bench.web, &refresh);
    let again = bench.server.issue_token(refreshed.clone()).await.unwrap();
    let _ = bench.redeem(&bench.web, &code).await.unwrap_err();
    let refused = bench.redeem(&bench.web, &code).await.unwrap_err();
    let unknown = bench.server.validate_token(&refresh).await.unwrap_err();

    let store = bench.server.store();
    let keys = store.keys().await.unwrap();
    let hash = Digest::of(code.expose());
    let record = store.code(&hash).await.unwrap();
    let (client, refresh_record) = (
        store.client(&bench.web).await.unwrap(),
        store.refresh_token(&Digest::of(&refresh)).await.unwrap(),
    );
    let hashes = client.as_ref().unwrap().live_hashes(bench.now());
    let sent = format!("code={}&client_secret=secret-of-a-client", code.expose());
    let sent = Parameters::parse(sent.as_bytes()).unwrap();
    let plain = Client {
        secret: Some("secret-of-a-client".into()),
        ..Client::default()
    };
    let kind = plain.secret.clone().map(|secret| secret.0);
    assert!(matches!(kind, Some(ClientSecretKind::Plain(_))));
    let shown = [
        format!("{:?}", bench.server),
        format!("{:?}", bench.builder().await),
        format!("{:?}", bench.server.settings()),
        format!("{store:?}"),
        format!("{:?}", bench.server.keyring()),
        format!("{keys:?}"),
        format!("{code:?} {redeemed:?} {refreshed:?} {sent:?}"),
        format!("{tokens:?} {again:?}"),
        format!("{client:?} {record:?} {refresh_record:?}"),
        format!("{plain:?} {kind:?}"),
        format!("{refused:?} {refused} {unknown:?} {unknown}"),
        format!("{:?}", bench.events.lock().unwrap()),
    ];
    let mut secrets = vec![
        code.expose().to_owned(),
        VERIFIER.to_owned(),
        tokens.access_token,
        refresh,
        again.access_token,
        again.refresh_token.unwrap(),
        "lovelace".to_owned(),
        "secret-of-a-client".to_owned(),
        key_encryption_key,
    ];
    secrets.extend(hashes.into_iter().map(str::to_owned));
    for key in &keys {
        secrets.push(hex::encode(&key.private[..8]));
        secrets.push(format!("{:?}", &key.private[..8]).replace(['[', ']'], ""));
    }
    for text in &shown {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
}
