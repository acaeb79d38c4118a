//! Reading: ranges, broken bodies, and one version at a time.

use crate::fault::{DENIED, Fault, FaultServer, MIB, Op, assert_same, pattern};
use futures_util::TryStreamExt;
use rf::storage::{Error, Key, Object, S3Config, S3Storage, Storage, StorageExt};
use std::{sync::Arc, time::Duration};

/// Reads to the end: all bytes, or the error after those that came.
async fn drain(object: Object) -> (Vec<u8>, Option<Error>) {
    let mut stream = object.into_stream();
    let mut bytes = Vec::new();
    loop {
        match stream.try_next().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, None),
            Err(error) => return (bytes, Some(error)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_always_ends_early_is_an_error() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", pattern(300_000)).await.unwrap();
    server.fail(usize::MAX, Op::Get, Fault::Truncated);
    let read = storage.get("a").await;
    assert!(read.is_err(), "{} bytes", read.unwrap().len());
    let (bytes, error) = match storage.read("a").await {
        Ok(object) => drain(object).await,
        Err(error) => (Vec::new(), Some(error)),
    };
    assert!(error.is_some(), "{} bytes and a clean end", bytes.len());
    assert_same(&bytes, &pattern(bytes.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ended_early_is_asked_for_again() {
    let server = FaultServer::start();
    let storage = server.storage();
    // All of it with the metadata, a first part that comes along, and parts ahead of the reader.
    for (size, breaks) in [(1000, 2), (300_000, 2), (17 * MIB, 4)] {
        storage.put("a", pattern(size)).await.unwrap();
        server.fail(breaks, Op::Get, Fault::Truncated);
        assert_same(&storage.get("a").await.unwrap(), &pattern(size));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_attempt_is_one_request_also_where_the_body_ends_early() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        attempts: 1,
        ..server.config()
    })
    .unwrap();
    for size in [1000, 300_000] {
        storage.put("a", pattern(size)).await.unwrap();
        server.ops();
        server.fail(1, Op::Get, Fault::Truncated);
        let error = storage.get("a").await.unwrap_err();
        assert!(error.is_outage(), "{error:?}");
        assert_eq!(server.ops(), [Op::Get]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_weigh_the_condition_of_a_read_gives_no_mixture_either() {
    let server = FaultServer::start();
    let storage = server.storage();
    server.bucket(|bucket| bucket.reads_anything = true);
    storage.put("large", pattern(17 * MIB)).await.unwrap();
    let replace = |bucket: &mut crate::fault::bucket::Bucket| {
        let stored = bucket.objects.get_mut("large").unwrap();
        stored.content = Arc::new(vec![255; 17 * MIB]);
        stored.etag = "another".to_owned();
    };
    server.fail(1, Op::Get, Fault::Then(Arc::new(replace)));
    let (bytes, error) = drain(storage.read("large").await.unwrap()).await;
    assert!(
        matches!(error, Some(Error::PreconditionFailed { .. })),
        "{} bytes, {error:?}",
        bytes.len()
    );
    assert_same(&bytes, &pattern(bytes.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stalls_is_a_timeout() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        idle_timeout: Duration::from_millis(200),
        attempts: 1,
        ..server.config()
    })
    .unwrap();
    storage.put("a", pattern(300_000)).await.unwrap();
    server.fail(usize::MAX, Op::Get, Fault::Stalled);
    let read = tokio::time::timeout(Duration::from_secs(20), storage.get("a"));
    let read = read.await.expect("an end").map(|bytes| bytes.len());
    assert!(matches!(read, Err(Error::Timeout { .. })), "{read:?}");
}

#[tokio::test]
async fn a_missing_file_and_a_refused_one_are_told_apart() {
    let server = FaultServer::start();
    let storage = server.storage();
    let missing = storage.metadata("a").await;
    assert!(
        matches!(missing, Err(Error::NotFound { .. })),
        "{missing:?}"
    );
    assert!(!storage.exists("a").await.unwrap());
    server.fail(2, Op::Head, DENIED);
    let refused = storage.metadata("a").await;
    assert!(
        matches!(refused, Err(Error::PermissionDenied { .. })),
        "{refused:?}"
    );
    let refused = storage.exists("a").await;
    assert!(
        matches!(refused, Err(Error::PermissionDenied { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_missing_bucket_is_no_missing_file() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        bucket: "elsewhere".to_owned(),
        ..server.config()
    })
    .unwrap();
    let read = storage.get("a").await;
    assert!(
        !matches!(read, Ok(_) | Err(Error::NotFound { .. })),
        "{read:?}"
    );
    assert!(storage.check().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_asked_for_as_a_range() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("a", pattern(300_000)).await.unwrap();
    server.ops();
    let part = storage.get_range("a", 100_000..100_010).await.unwrap();
    assert_eq!(part, pattern(300_000)[100_000..100_010]);
    let asked: Vec<_> = server.seen(Op::Get);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("range"), Some("bytes=100000-100009"));
    assert!(server.seen(Op::Head).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_in_ranges_of_one_version() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("large", pattern(17 * MIB)).await.unwrap();
    let (bytes, error) = drain(storage.read("large").await.unwrap()).await;
    assert!(error.is_none(), "{error:?}");
    assert_same(&bytes, &pattern(17 * MIB));
    let etag = storage.metadata("large").await.unwrap().etag.to_string();
    let asked = server.seen(Op::Get);
    assert!(asked.len() > 1, "in one piece");
    assert!(asked.iter().all(|get| get.header("range").is_some()));
    for after in &asked[1..] {
        assert_eq!(after.header("if-match"), Some(etag.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_replaced_on_the_way_is_an_error_and_never_a_mix() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("large", pattern(17 * MIB)).await.unwrap();
    let replace = |bucket: &mut crate::fault::bucket::Bucket| {
        let stored = bucket.objects.get_mut("large").unwrap();
        stored.content = Arc::new(vec![255; 17 * MIB]);
        stored.etag = "another".to_owned();
    };
    server.fail(1, Op::Get, Fault::Then(Arc::new(replace)));
    let (bytes, error) = drain(storage.read("large").await.unwrap()).await;
    assert!(
        matches!(error, Some(Error::PreconditionFailed { .. })),
        "{} bytes, {error:?}",
        bytes.len()
    );
    assert_same(&bytes, &pattern(bytes.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_in_part_asks_for_no_more() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("large", pattern(17 * MIB)).await.unwrap();
    let key = Key::parse("large").unwrap();
    let object = storage.open(&key, 0..1000).await.unwrap();
    let chunks: Vec<_> = object.source.read(0..1000).try_collect().await.unwrap();
    assert_eq!(chunks.concat(), pattern(1000));
    for get in server.seen(Op::Get) {
        let range = get.header("range").unwrap();
        let last = range.split_once('-').unwrap().1.parse::<usize>().unwrap();
        assert!(last < 5 * MIB, "asked for {range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_waits_has_as_many_parts_ahead_as_may_travel() {
    let server = FaultServer::start();
    let storage = server.storage();
    let content = pattern(40 * MIB);
    storage.put("large", content.clone()).await.unwrap();
    server.ops();
    let mut reading = storage.read("large").await.unwrap().into_stream();
    let first = reading.try_next().await.unwrap().unwrap();
    server.until_seen(Op::Get, 4).await;
    // Whatever more were asked for would come before these answers.
    for _ in 0..20 {
        assert!(!storage.exists("other").await.unwrap());
    }
    assert_eq!(server.seen(Op::Get).len(), 4);
    let rest: Vec<_> = reading.try_collect().await.unwrap();
    assert_same(&[&first[..], &rest.concat()].concat(), &content);
}
