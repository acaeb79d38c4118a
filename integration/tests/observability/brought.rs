//! What an app brings to the parts of its suite, where the configuration has no word for it.

use rf::{
    Suite,
    config::Sources,
    logging::ErrorReport,
    oauth2::{Client, Event, GrantType},
};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn an_app_brings_to_each_part_what_no_configuration_can_say() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let config = format!(
        "[database]\nurl = \"sqlite://{place}/a.db\"\n\
         [storage]\nurl_key = \"0123456789abcdef0123456789abcdef\"\n\
         [storage.disks.drive]\ndriver = \"local\"\nroot = \"{place}/drive\"\n\
         [logging]\npanics = false\n\
         [[logging.outputs]]\nfile = \"{place}/app.log\"\n"
    );
    let config = Sources::default().text("rf.toml", &config).load().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (reported, observed) = (Arc::clone(&told), Arc::clone(&told));
    let suite = Suite::builder(config)
        .logger(|logger| logger.context("zone", "eu"))
        .logger(move |logger| {
            logger.on_error(move |report: &ErrorReport<'_>| {
                reported.lock().unwrap().push(report.message().to_owned());
            })
        })
        .metrics(|metrics| metrics.const_label("zone", "eu"))
        .oauth2(move |oauth2| {
            oauth2.observer(move |event| {
                if let Event::ClientRegistered { client_id } = event {
                    observed.lock().unwrap().push(client_id.to_string());
                }
            })
        })
        .build()
        .await
        .unwrap();
    rf::error!("out of tea");
    let client = Client {
        id: "robot".into(),
        secret: Some("a secret of many letters".into()),
        grants: vec![GrantType::ClientCredentials],
        scopes: "tea".parse().unwrap(),
        ..Client::default()
    };
    suite.oauth2().register_client(client).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["out of tea", "robot"]);
    let text = suite.metrics().encode();
    assert!(
        text.contains("log_records_total{level=\"ERROR\",zone=\"eu\"} 1\n"),
        "{text}"
    );
    suite.logger().flush().unwrap();
    let text = std::fs::read_to_string(folder.path().join("app.log")).unwrap();
    let line = text.lines().find(|line| line.contains("out of tea"));
    let line = line.expect("outputs of the configuration are there too");
    assert!(line.contains("\"zone\":\"eu\""), "{line}");
}
