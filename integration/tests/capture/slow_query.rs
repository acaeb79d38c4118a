//! Slow statements are warnings without the values that were bound to them.

use rf::{
    logging::{Format, Logger, Output, Sink},
    oauth2::{Client, GrantType, OAuth2Server, connect_with},
};
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Sink for Kept {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no test panics with the lock")
            .extend_from_slice(lines);
        Ok(lines.len())
    }
}

#[actix_web::test]
async fn a_slow_statement_is_a_warning_with_its_shape_and_never_with_what_was_bound() {
    let kept = Kept::default();
    let logger = Logger::builder()
        .format(Format::Json)
        .output(Output::custom(kept.clone()))
        .build()
        .expect("a logger");
    logger.install().expect("the first is accepted");
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("rf.db").display());
    // Every statement takes that long.
    let database = connect_with(&url, 2, Duration::ZERO)
        .await
        .expect("a database");
    let server = OAuth2Server::builder(database)
        .build()
        .await
        .expect("a server");
    let client = Client {
        id: "bound-client-4711".into(),
        secret: Some("bound-secret-4711".into()),
        grants: vec![GrantType::ClientCredentials],
        scopes: "read".parse().expect("a scope"),
        ..Client::default()
    };
    server.register_client(client).await.expect("it is written");
    logger.flush().expect("memory takes all lines");
    let text = String::from_utf8(kept.0.lock().expect("no panic").clone()).expect("UTF-8");
    let slow: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["target"] == "sqlx::query")
        .collect();
    let insert = slow
        .iter()
        .find(|line| line.to_string().to_lowercase().contains("insert into"))
        .expect("a slow statement");
    assert_eq!(insert["level"], "WARN");
    assert!(insert["elapsed_secs"].is_f64(), "{insert}");
    for bound in ["bound-client-4711", "bound-secret-4711", "$argon2"] {
        assert!(
            !slow.iter().any(|line| line.to_string().contains(bound)),
            "{bound} is in {slow:#?}"
        );
    }
}
