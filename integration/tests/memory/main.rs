//! How much memory files take on their way. Every allocation of this program is counted, also those of the S3 server
//! in it, which holds one small buffer a connection.
#![allow(clippy::unwrap_used, reason = "tests")]

mod server;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use peak_alloc::PeakAlloc;
use rf::storage::{Error, LocalStorage, S3Config, S3Storage, StorageExt, WriteOptions};
use server::Server;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One count for the whole program: one test at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const MIB: usize = 1 << 20;
const PART: usize = 5 * MIB;
const CONCURRENCY: usize = 4;
/// What a stream may hold of itself: parts, and 16 MiB for all the rest.
const BOUND: usize = CONCURRENCY * PART + 16 * MIB;
/// Several times as much as may be held.
const LONG: usize = 200 * MIB;

fn bucket(server: &Server) -> S3Storage {
    S3Storage::new(S3Config {
        bucket: "bucket".to_owned(),
        endpoint: Some(format!("http://{}", server.address)),
        access_key: Some("id".into()),
        secret_key: Some("key".into()),
        part_size: PART as u64,
        concurrency: CONCURRENCY,
        ..S3Config::default()
    })
    .unwrap()
}

/// The most memory that was in use beyond what is now, until the work is done.
async fn grown<T>(work: impl Future<Output = T>) -> (usize, T) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let done = work.await;
    (MEMORY.peak_usage().saturating_sub(before), done)
}

#[test]
fn the_count_sees_what_is_held() {
    let _turn = TURN.blocking_lock();
    let (grown, held) = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(grown(async { vec![7u8; 3 * MIB] }));
    // The harness of the tests lets go of a little meanwhile.
    assert!((2 * MIB..4 * MIB).contains(&grown), "{grown}");
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_stream_to_s3_holds_no_more_than_its_parts() {
    let _turn = TURN.lock().await;
    let server = Server::start(0);
    let storage = bucket(&server);
    // As fast as it is taken, and its length is not told.
    let chunk = Bytes::from(vec![b'x'; 256 * 1024]);
    let count = LONG / chunk.len();
    let content = stream::iter((0..count).map(|_| Ok::<_, Error>(chunk.clone())));
    let put = storage.put_stream("long", content, WriteOptions::new());
    let (grown, written) = grown(put).await;
    assert_eq!(written.unwrap().metadata.size, LONG as u64);
    assert_eq!(server.received(), LONG as u64);
    assert!(grown <= BOUND, "{} MiB", grown / MIB);
    assert!(grown >= PART, "the count saw no part");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_stream_from_s3_holds_no_more_than_its_parts() {
    let _turn = TURN.lock().await;
    let server = Server::start(LONG as u64);
    let storage = bucket(&server);
    let read = async {
        let mut content = storage.read("long").await?.into_stream();
        let mut length = 0;
        while let Some(bytes) = content.try_next().await? {
            length += bytes.len();
            // A reader that is slower than the server.
            tokio::task::yield_now().await;
        }
        Ok::<_, Error>(length)
    };
    let (grown, length) = grown(read).await;
    assert_eq!(length.unwrap(), LONG);
    assert!(grown <= BOUND, "{} MiB", grown / MIB);
    assert!(grown >= PART, "the count saw no part");
}

#[tokio::test]
async fn append_and_prepend_hold_a_few_chunks_of_the_file() {
    let _turn = TURN.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let storage = LocalStorage::new(folder.path()).unwrap();
    let large = std::fs::File::create(folder.path().join("log")).unwrap();
    large.set_len(64 * MIB as u64).unwrap();
    let (grown, written) = grown(async {
        storage.append("log", "behind").await?;
        storage.prepend("log", "before").await
    })
    .await;
    let size = written.unwrap().metadata.size;
    assert_eq!(size, 64 * MIB as u64 + 12);
    assert_eq!(storage.get_range("log", 0..7).await.unwrap(), "before\0");
    let end = storage.get_range("log", size - 7..size).await.unwrap();
    assert_eq!(end, "\0behind");
    assert!(grown <= 2 * MIB, "{} KiB", grown / 1024);
}
