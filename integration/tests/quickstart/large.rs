//! A file that is larger than what the program may take.

use super::{
    app::{App, client},
    files::put,
};
use reqwest::Body;

#[tokio::test]
async fn a_large_file_passes_through_in_little_memory() {
    const MIB: usize = 1 << 20;
    let app = App::start();
    let token = app.service_token("files:read files:write").await;
    // What the program takes for itself, with the hash of a secret; the file must not add its size to it.
    assert_eq!(
        put(&app, &token, "small", Body::from(vec![1; MIB])).await,
        201
    );
    let before = app.peak_memory();
    let chunks = (0..256).map(|number| Ok::<_, std::io::Error>(vec![number as u8; MIB]));
    let body = Body::wrap_stream(futures_util::stream::iter(chunks));
    assert_eq!(put(&app, &token, "large", body).await, 201);
    let mut answer = client()
        .get(app.url("/api/files/large"))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let mut read = 0;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        assert!(
            chunk
                .iter()
                .enumerate()
                .all(|(at, byte)| *byte == ((read + at) / MIB) as u8)
        );
        read += chunk.len();
    }
    assert_eq!(read, 256 * MIB);
    let grown = app.peak_memory() - before;
    assert!(
        grown < 16 * MIB as u64,
        "{} MiB on top of {}",
        grown / MIB as u64,
        before / MIB as u64
    );
}
