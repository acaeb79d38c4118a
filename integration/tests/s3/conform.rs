//! What every backend must do, done over S3.

use crate::{
    fault::{FaultServer, Op},
    server::Server,
};
use rf::storage::{
    Prefix, S3Config, S3Storage, Scoped, Storage, StorageExt, Visibility, conformance,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_of_a_storage_is_kept_on_a_server_that_checks_signatures() {
    let server = Server::start();
    conformance::run(&server.storage()).await;
    assert_eq!(server.left_over(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_of_a_storage_is_kept_with_conditions_and_with_visibility() {
    let server = FaultServer::start();
    for visibility in [None, Some(Visibility::Private)] {
        let storage = S3Storage::new(S3Config {
            visibility,
            ..server.config()
        })
        .unwrap();
        assert!(storage.capabilities().conditions);
        conformance::run(&storage).await;
    }
    server.until_no_upload_is_open().await;
}

#[tokio::test]
async fn a_file_moved_onto_itself_through_a_scope_stays() {
    let server = FaultServer::start();
    for conditions in [true, false] {
        let storage = S3Storage::new(S3Config {
            conditions,
            ..server.config()
        });
        let storage = storage.unwrap();
        let avatars = Scoped::new(storage.clone(), Prefix::parse("avatars").unwrap());
        avatars.put("a.png", "a picture").await.unwrap();
        let moved = avatars.move_across("a.png", &storage, "avatars/a.png");
        assert_eq!(moved.await.unwrap().metadata.key.as_str(), "avatars/a.png");
        // Another handle on the same bucket.
        let again = server.storage();
        let moved = again.move_across("avatars/a.png", &avatars, "a.png");
        moved.await.unwrap();
        assert_eq!(avatars.get("a.png").await.unwrap(), "a picture");
    }
}

#[tokio::test]
async fn a_path_style_bucket_stands_in_the_path() {
    let server = FaultServer::start();
    server.storage().put("a b/c", "x").await.unwrap();
    assert_eq!(server.seen(Op::Put)[0].path, "/bucket/a%20b/c");
}

#[tokio::test]
async fn an_endpoint_on_a_path_keeps_it() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        endpoint: Some(format!("http://{}/behind/gateway", server.address)),
        ..server.config()
    })
    .unwrap();
    storage.put("a/b", "x").await.unwrap();
    assert_eq!(storage.get("a/b").await.unwrap(), "x");
    storage.copy("a/b", "a/c").await.unwrap();
    assert_eq!(storage.list("").await.unwrap().len(), 2);
    assert_eq!(server.seen(Op::Put)[0].path, "/behind/gateway/bucket/a/b");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_by_a_server_that_checks() {
    let server = Server::start();
    let storage = S3Storage::new(S3Config {
        secret_key: Some("another-secret".into()),
        ..server.config()
    })
    .unwrap();
    let refused = storage.put("a", "x").await;
    assert!(
        matches!(refused, Err(rf::storage::Error::PermissionDenied { .. })),
        "{refused:?}"
    );
}
