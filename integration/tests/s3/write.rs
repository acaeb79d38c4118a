//! Writing: how many requests, of what size, with which headers.

use crate::fault::{
    DENIED, Fault, FaultServer, MIB, Op, SECRET_KEY, SLOW_DOWN, assert_same, pattern,
};
use futures_util::{future::join_all, poll};
use rf::storage::{
    Condition, Error, Key, S3Config, S3Storage, Storage, StorageExt, Visibility, WriteOptions,
};

#[tokio::test]
async fn a_small_file_is_one_request_up_and_one_down() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("small.txt", pattern(70_000)).await.unwrap();
    assert_eq!(server.ops(), [Op::Put]);
    assert_same(&storage.get("small.txt").await.unwrap(), &pattern(70_000));
    assert_eq!(server.ops(), [Op::Get]);
}

#[tokio::test]
async fn an_empty_file_is_a_plain_put() {
    let server = FaultServer::start();
    let storage = server.storage();
    let writer = storage
        .writer(&Key::parse("empty").unwrap(), WriteOptions::new())
        .await
        .unwrap();
    assert_eq!(writer.commit().await.unwrap().metadata.size, 0);
    assert_eq!(server.ops(), [Op::Put]);
    assert_eq!(storage.get("empty").await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_parts_that_s3_takes() {
    let server = FaultServer::start();
    let storage = server.storage();
    let content = pattern(17 * MIB);
    let key = Key::parse("large.bin").unwrap();
    let options = WriteOptions::new().content_type("x/y").note("who", "mé");
    let mut writer = storage.writer(&key, options).await.unwrap();
    // Chunks that fit no part.
    for chunk in content.chunks(1_000_003) {
        writer.write(chunk.to_vec().into()).await.unwrap();
    }
    let written = writer.commit().await.unwrap();
    let mut parts = server.seen(Op::Part);
    parts.sort_by_key(|part| part.part_number());
    let numbers: Vec<u32> = parts.iter().map(|part| part.part_number()).collect();
    assert_eq!(numbers, (1..=parts.len() as u32).collect::<Vec<_>>());
    let (last, others) = parts.split_last().unwrap();
    assert!(others.iter().all(|part| part.body.len() >= 5 * MIB));
    assert!(!last.body.is_empty(), "an empty part");
    assert_eq!(server.seen(Op::Create).len(), 1);
    assert_eq!(server.seen(Op::Complete).len(), 1);
    assert_same(&storage.get("large.bin").await.unwrap(), &content);
    let known = storage.metadata("large.bin").await.unwrap();
    assert_eq!(known.etag, written.metadata.etag);
    assert_eq!(
        (
            known.size,
            known.content_type.as_str(),
            known.user["who"].as_str()
        ),
        (17 * MIB as u64, "x/y", "mé")
    );
    server.until_no_upload_is_open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_exactly_some_parts_has_no_empty_one() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("even", pattern(10 * MIB)).await.unwrap();
    let parts = server.seen(Op::Part);
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.body.len() == 5 * MIB));
    assert_same(&storage.get("even").await.unwrap(), &pattern(10 * MIB));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_a_slow_server_with_as_many_parts_as_may_travel() {
    let server = FaultServer::start();
    let storage = server.storage();
    let key = Key::parse("slow").unwrap();
    let mut writer = storage.writer(&key, WriteOptions::new()).await.unwrap();
    server.fail(usize::MAX, Op::Part, Fault::Held);
    let content = pattern(MIB);
    let taken = std::cell::Cell::new(0);
    {
        let mut writing = std::pin::pin!(async {
            for _ in 0..40 {
                writer.write(content.clone().into()).await.unwrap();
                taken.set(taken.get() + MIB);
            }
        });
        tokio::select! {
            () = &mut writing => panic!("all of it was taken, and no part has arrived"),
            () = server.until_seen(Op::Part, 4) => {}
        }
        // Whatever more were on its way would come before these answers.
        for _ in 0..20 {
            assert!(poll!(&mut writing).is_pending());
            assert!(!storage.exists("other").await.unwrap());
        }
        assert_eq!(server.seen(Op::Part).len(), 4);
        assert!(taken.get() <= 4 * 5 * MIB, "{} MiB", taken.get() / MIB);
        server.release();
        writing.await;
    }
    writer.commit().await.unwrap();
    assert_same(&storage.get("slow").await.unwrap(), &content.repeat(40));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_creators_one_wins() {
    let server = FaultServer::start();
    let storage = server.storage();
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    // Half of them by parts.
    let inputs: Vec<Vec<u8>> = (0..16u8)
        .map(|n| vec![n; if n % 8 == 0 { 6 * MIB } else { 1000 }])
        .collect();
    let puts = inputs
        .iter()
        .map(|input| storage.put_with("one", input.clone(), create.clone()));
    let results = join_all(puts).await;
    let won: Vec<usize> = (0..16).filter(|&n| results[n].is_ok()).collect();
    assert_eq!(won.len(), 1, "{results:?}");
    for lost in results.iter().filter(|result| result.is_err()) {
        assert!(matches!(lost, Err(Error::AlreadyExists { .. })), "{lost:?}");
    }
    assert_same(&storage.get("one").await.unwrap(), &inputs[won[0]]);
    server.until_no_upload_is_open().await;
}

#[tokio::test]
async fn conditions_are_refused_where_they_are_switched_off() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        conditions: false,
        ..server.config()
    })
    .unwrap();
    assert!(!storage.capabilities().conditions);
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let refused = storage.put_with("a", "x", create).await;
    assert!(
        matches!(refused, Err(Error::Unsupported { .. })),
        "{refused:?}"
    );
    assert_eq!(server.ops(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acl_is_sent_unless_visibility_is_set() {
    let server = FaultServer::start();
    let plain = server.storage();
    plain.put("a", "x").await.unwrap();
    plain.put("b", pattern(6 * MIB)).await.unwrap();
    plain.copy("a", "c").await.unwrap();
    plain.move_to("c", "d").await.unwrap();
    for op in [Op::Put, Op::Create, Op::Copy] {
        for seen in server.seen(op) {
            assert_eq!(seen.header("x-amz-acl"), None, "{op:?}");
        }
    }
    let refused = plain.change_visibility("a", Visibility::Public).await;
    assert!(
        matches!(refused, Err(Error::Unsupported { .. })),
        "{refused:?}"
    );
    assert!(server.seen(Op::PutAcl).is_empty() && server.seen(Op::GetAcl).is_empty());
    let public = S3Storage::new(S3Config {
        visibility: Some(Visibility::Public),
        ..server.config()
    })
    .unwrap();
    server.ops();
    public.put("a", "x").await.unwrap();
    public.put("b", pattern(6 * MIB)).await.unwrap();
    for op in [Op::Put, Op::Create] {
        assert_eq!(server.seen(op)[0].header("x-amz-acl"), Some("public-read"));
    }
    let private = WriteOptions::new().visibility(Visibility::Private);
    public.put_with("c", "x", private).await.unwrap();
    assert_eq!(server.seen(Op::Put)[1].header("x-amz-acl"), Some("private"));
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_beyond_ascii_come_back_as_they_were() {
    for storage in [
        &FaultServer::start() as &dyn HasStorage,
        &crate::server::Server::start(),
    ] {
        let storage = storage.storage();
        let notes = [
            ("title", "Größe 😀"),
            ("plain", "as it is"),
            ("odd", "=?UTF-8?B?bm90?= 100% a=b; c"),
            ("edge", " lead and trail "),
        ];
        let options = notes
            .iter()
            .fold(WriteOptions::new(), |options, (name, value)| {
                options.note(*name, *value)
            });
        storage.put_with("n", "x", options).await.unwrap();
        let known = storage.metadata("n").await.unwrap().user;
        for (name, value) in notes {
            assert_eq!(known[name], value);
        }
        let copied = storage.copy("n", "m").await.unwrap().user;
        assert_eq!(copied, known);
    }
}

trait HasStorage {
    fn storage(&self) -> S3Storage;
}

impl HasStorage for FaultServer {
    fn storage(&self) -> S3Storage {
        Self::storage(self)
    }
}

impl HasStorage for crate::server::Server {
    fn storage(&self) -> S3Storage {
        Self::storage(self)
    }
}

#[tokio::test]
async fn more_than_two_kibibytes_of_notes_are_refused_before_a_byte_is_sent() {
    let server = FaultServer::start();
    let options = WriteOptions::new().note("much", "ö".repeat(1024));
    let refused = server.storage().put_with("n", "x", options).await;
    assert!(
        matches!(refused, Err(Error::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!(server.ops(), []);
}

#[tokio::test]
async fn a_copy_that_answers_200_and_an_error_is_an_error() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        attempts: 1,
        ..server.config()
    })
    .unwrap();
    storage.put("a", "x").await.unwrap();
    server.fail(1, Op::Copy, Fault::ErrorIn200);
    let copied = storage.copy("a", "b").await;
    assert!(
        matches!(&copied, Err(Error::Backend { code, .. }) if code == "InternalError"),
        "{copied:?}"
    );
    server.fail(1, Op::Copy, Fault::ErrorIn200);
    let moved = storage.move_to("a", "b").await;
    assert!(moved.is_err(), "{moved:?}");
    assert_eq!(
        storage.get("a").await.unwrap(),
        "x",
        "the source of a move that failed is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_does_not_match_publishes_nothing() {
    let server = FaultServer::start();
    let storage = server.storage();
    for size in [10, 6 * MIB] {
        let options = WriteOptions::new().sha256([7; 32]);
        let refused = storage.put_with("sum", pattern(size), options).await;
        assert!(
            matches!(refused, Err(Error::Checksum { .. })),
            "{refused:?}"
        );
        assert!(!storage.exists("sum").await.unwrap());
    }
    server.until_no_upload_is_open().await;
}

#[tokio::test]
async fn what_is_refused_says_so_without_the_secret() {
    let server = FaultServer::start();
    server.fail(1, Op::Put, DENIED);
    let error = server.storage().put("a", "x").await.unwrap_err();
    assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(SECRET_KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_answer_was_lost_has_created_the_file() {
    let server = FaultServer::start();
    let storage = server.storage();
    let create = || WriteOptions::new().condition(Condition::IfAbsent);
    for (op, size) in [(Op::Put, 10), (Op::Complete, 6 * MIB)] {
        let key = format!("new-{size}");
        server.fail(1, op, Fault::Lost);
        let options = create().note("who", "me");
        let put = storage.put_with(&key, pattern(size), options).await;
        let written = put.unwrap();
        assert_eq!(written.created, Some(true));
        assert_eq!(server.seen(op).len(), 2, "the answer was not lost");
        let known = storage.metadata(&key).await.unwrap();
        assert_eq!(known.etag, written.metadata.etag);
        assert_eq!(known.user, written.metadata.user, "a note of ours shows");
        let again = storage.put_with(&key, pattern(size), create()).await;
        assert!(
            matches!(again, Err(Error::AlreadyExists { .. })),
            "{again:?}"
        );
        // The same for a version that is replaced.
        server.fail(1, op, Fault::Lost);
        let options = WriteOptions::new().condition(Condition::IfMatch(known.etag));
        let replaced = storage.put_with(&key, pattern(size + 1), options).await;
        assert_eq!(replaced.unwrap().metadata.size, size as u64 + 1);
        server.ops();
    }
    server.until_no_upload_is_open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_was_tried_twice_is_not_taken_for_that_of_another() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("new", "the same bytes").await.unwrap();
    server.fail(1, Op::Put, SLOW_DOWN);
    let create = WriteOptions::new().condition(Condition::IfAbsent);
    let put = storage.put_with("new", "the same bytes", create).await;
    assert!(matches!(put, Err(Error::AlreadyExists { .. })), "{put:?}");
    assert_eq!(server.seen(Op::Put).len(), 3);
}
