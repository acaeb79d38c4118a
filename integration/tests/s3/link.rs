//! Links that work without credentials, tried by a client that knows nothing of S3.

use crate::{
    fault::{FaultServer, SECRET_KEY},
    server::Server,
};
use rf::storage::{Error, S3Config, S3Storage, SignedUrl, SignedUrlOptions, StorageExt};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Keys that trip what is careless about text.
const AWKWARD: [&str; 14] = [
    "a b",
    "a+b",
    "100%",
    "a#b",
    "a?b=c&d",
    "x&y=z",
    "~'(a)*!",
    "ünï/çödé",
    "😀/😀.png",
    "%2e%2e",
    "%3F",
    "[a]{b}",
    "a..b",
    "a=b;c,d:e@f$g",
];

/// Does what a link says, with a body.
fn follow(link: &SignedUrl, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    let method = link.method.parse().unwrap();
    let request = reqwest::Client::new().request(method, &link.url);
    link.headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        })
        .body(body)
}

/// Posts what a link says, as a browser does.
fn post(link: &SignedUrl, content: &[u8]) -> reqwest::RequestBuilder {
    let form = link
        .fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(name.clone(), value.clone())
        });
    let file = reqwest::multipart::Part::bytes(content.to_vec()).file_name("x.txt");
    reqwest::Client::new()
        .post(&link.url)
        .multipart(form.part("file", file))
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_keys_are_read_through_links_on_a_server_that_checks() {
    let server = Server::start();
    let storage = server.storage();
    for key in AWKWARD {
        storage.put(key, format!("content of {key}")).await.unwrap();
    }
    for key in AWKWARD {
        let link = storage.signed_url(key, HOUR).await.unwrap();
        assert_eq!(link.method, "GET");
        let answer = reqwest::get(&link.url).await.unwrap();
        assert_eq!(answer.status(), 200, "{key}");
        let text = answer.text().await.unwrap();
        assert_eq!(text, format!("content of {key}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_keys_are_written_through_links_on_a_server_that_checks() {
    let server = Server::start();
    let storage = server.storage();
    for key in AWKWARD {
        let link = storage
            .signed_url_with(key, SignedUrlOptions::upload(HOUR))
            .await
            .unwrap();
        assert_eq!(link.method, "PUT");
        let answer = follow(&link, key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{key}");
        assert_eq!(storage.read_string(key).await.unwrap(), key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_changed_is_refused() {
    let server = Server::start();
    let storage = server.storage();
    storage.put("mine", "x").await.unwrap();
    storage.put("other", "secret").await.unwrap();
    let link = storage.signed_url("mine", HOUR).await.unwrap().url;
    let mut other_signature = link.clone();
    let last = other_signature.pop().unwrap();
    other_signature.push(if last == '0' { '1' } else { '0' });
    for changed in [
        link.replace("/mine", "/other"),
        link.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"),
        other_signature,
    ] {
        assert_ne!(changed, link);
        let status = reqwest::get(&changed).await.unwrap().status();
        assert_eq!(status, 403, "{changed}");
    }
    let put = reqwest::Client::new().put(&link).body("y").send();
    assert_eq!(put.await.unwrap().status(), 403);
    assert_eq!(storage.get("mine").await.unwrap(), "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_upload_holds_the_type_and_the_length_it_was_signed_for() {
    let server = Server::start();
    let storage = server.storage();
    let options = SignedUrlOptions::upload(HOUR)
        .content_type("image/png")
        .content_length(5);
    let link = storage.signed_url_with("typed", options).await.unwrap();
    let other = reqwest::Client::new()
        .put(&link.url)
        .header("content-type", "text/html")
        .body("hello");
    assert_eq!(other.send().await.unwrap().status(), 403, "another type");
    let longer = reqwest::Client::new()
        .put(&link.url)
        .header("content-type", "image/png")
        .body("hello, world");
    assert_eq!(longer.send().await.unwrap().status(), 403, "another length");
    assert!(!storage.exists("typed").await.unwrap());
    let answer = follow(&link, "hello").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let known = storage.metadata("typed").await.unwrap();
    assert_eq!((known.content_type.as_str(), known.size), ("image/png", 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_browser_uploads_what_its_policy_allows() {
    let server = Server::start();
    let storage = server.storage();
    let options = SignedUrlOptions::form(HOUR)
        .max_size(10)
        .content_type("text/plain");
    let link = storage
        .signed_url_with("form/ü & more.txt", options)
        .await
        .unwrap();
    assert_eq!(link.method, "POST");
    let answer = post(&link, b"hello").send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{status}: {:?}", answer.text().await);
    let stored = storage.get("form/ü & more.txt").await.unwrap();
    assert_eq!(stored, "hello");
    let answer = post(&link, b"eleven byte").send().await.unwrap();
    assert_eq!(answer.status(), 400, "{:?}", answer.text().await);
    let stored = storage.get("form/ü & more.txt").await.unwrap();
    assert_eq!(stored, "hello", "the larger file was taken");
    // Another key than the policy was signed for.
    let mut other = link.clone();
    for (name, value) in &mut other.fields {
        if name == "key" {
            *value = "elsewhere".to_owned();
        }
    }
    let answer = post(&other, b"hello").send().await.unwrap();
    assert!(answer.status().is_client_error(), "{:?}", answer.status());
    assert!(!storage.exists("elsewhere").await.unwrap());
}

#[tokio::test]
async fn a_link_lives_between_a_second_and_seven_days() {
    let storage = FaultServer::start().storage();
    for expires in [0, 7 * 24 * 3600 + 1] {
        let expires = Duration::from_secs(expires);
        for options in [
            SignedUrlOptions::download(expires),
            SignedUrlOptions::upload(expires),
            SignedUrlOptions::form(expires),
        ] {
            let link = storage.signed_url_with("a", options).await;
            assert!(matches!(link, Err(Error::InvalidExpiry { .. })), "{link:?}");
        }
    }
}

#[tokio::test]
async fn a_link_shows_no_secret_and_its_debug_no_signature() {
    let server = FaultServer::start();
    let storage = S3Storage::new(S3Config {
        session_token: Some("token/of+a=session".into()),
        ..server.config()
    })
    .unwrap();
    let link = storage.signed_url("a", HOUR).await.unwrap();
    assert!(!link.url.contains(SECRET_KEY));
    assert!(
        link.url
            .contains("X-Amz-Security-Token=token%2Fof%2Ba%3Dsession"),
        "{}",
        link.url
    );
    assert!(!format!("{link:?}").contains("X-Amz-Signature"));
}

#[tokio::test]
async fn an_attachment_is_answered_as_one() {
    let server = FaultServer::start();
    let storage = server.storage();
    storage.put("d/größe.txt", "x").await.unwrap();
    let options = SignedUrlOptions::download(HOUR).attachment(true);
    let link = storage.signed_url_with("d/größe.txt", options).await;
    let answer = reqwest::get(link.unwrap().url).await.unwrap();
    let told = &answer.headers()["content-disposition"];
    assert!(told.to_str().unwrap().starts_with("attachment"), "{told:?}");
}
