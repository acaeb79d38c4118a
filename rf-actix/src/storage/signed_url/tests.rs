#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Grant, Key, LinkMethod, Refused, SignedUrlOptions, Signer, UrlKeys};
use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

const NOW: u64 = 1_800_000_000;

fn signer_at(seconds: u64, keys: &[&[u8]]) -> Signer {
    let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
    Signer {
        disk: "drive".into(),
        serve: "/files".into(),
        base_url: String::new(),
        keys: UrlKeys::new(&keys).unwrap(),
        clock: Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds)),
    }
}

const OLD: &[u8] = b"an old key of some length";
const NEW: &[u8] = b"a new key of some length!";

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn query(url: &str) -> String {
    url.split_once('?').unwrap().1.to_owned()
}

#[test]
fn a_link_is_good_until_it_expires() {
    let signer = signer_at(NOW, &[NEW]);
    let link = signer
        .sign(
            &key("a b"),
            &SignedUrlOptions::download(Duration::from_secs(60)),
        )
        .unwrap();
    assert!(
        link.url.starts_with("/files/a%20b?expires=1800000060&kid="),
        "{}",
        link.url
    );
    assert_eq!(link.expires_at, UNIX_EPOCH + Duration::from_secs(NOW + 60));
    let query = query(&link.url);
    let at = |seconds| signer_at(seconds, &[NEW]).verify(LinkMethod::Get, &key("a b"), &query);
    assert!(matches!(
        at(NOW + 59),
        Ok(Grant::Download { attachment: false })
    ));
    assert_eq!(at(NOW + 60).unwrap_err(), Refused::Expired);
}

#[test]
fn an_expiry_of_nothing_or_over_a_week_is_refused() {
    let signer = signer_at(NOW, &[NEW]);
    let sign = |expires| signer.sign(&key("a"), &SignedUrlOptions::download(expires));
    assert!(sign(Duration::ZERO).is_err());
    assert!(sign(Duration::from_millis(999)).is_err());
    assert!(sign(Duration::from_secs(7 * 86_400 + 1)).is_err());
    assert!(sign(Duration::from_secs(7 * 86_400)).is_ok());
}

#[test]
fn a_change_of_any_byte_is_refused() {
    let signer = signer_at(NOW, &[NEW]);
    let options = SignedUrlOptions::upload(Duration::from_secs(60))
        .max_size(100)
        .content_type("image/*");
    let query = query(&signer.sign(&key("a"), &options).unwrap().url);
    assert!(signer.verify(LinkMethod::Put, &key("a"), &query).is_ok());
    for index in 0..query.len() {
        let mut bytes = query.clone().into_bytes();
        bytes[index] ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            signer.verify(LinkMethod::Put, &key("a"), &changed).is_err(),
            "{changed}"
        );
    }
    for cut in 0..query.len() {
        assert!(
            signer
                .verify(LinkMethod::Put, &key("a"), &query[..cut])
                .is_err()
        );
    }
    assert!(
        signer
            .verify(LinkMethod::Put, &key("a"), &query.to_uppercase())
            .is_err()
    );
    assert!(
        signer
            .verify(LinkMethod::Put, &key("a"), &query.replace("%2F", "%2f"))
            .is_err()
    );
}

#[test]
fn a_link_is_bound_to_method_disk_and_key() {
    let signer = signer_at(NOW, &[NEW]);
    let query = query(
        &signer
            .sign(
                &key("a"),
                &SignedUrlOptions::download(Duration::from_secs(60)),
            )
            .unwrap()
            .url,
    );
    assert_eq!(
        signer
            .verify(LinkMethod::Put, &key("a"), &query)
            .unwrap_err(),
        Refused::Forged
    );
    assert_eq!(
        signer
            .verify(LinkMethod::Get, &key("b"), &query)
            .unwrap_err(),
        Refused::Forged
    );
    let other = Signer {
        disk: "other".into(),
        ..signer
    };
    assert_eq!(
        other
            .verify(LinkMethod::Get, &key("a"), &query)
            .unwrap_err(),
        Refused::Forged
    );
}

#[test]
fn extra_and_repeated_parameters_are_refused() {
    let signer = signer_at(NOW, &[NEW]);
    let query = query(
        &signer
            .sign(
                &key("a"),
                &SignedUrlOptions::download(Duration::from_secs(60)),
            )
            .unwrap()
            .url,
    );
    for changed in [
        format!("{query}&x=1"),
        format!("{query}&"),
        format!("&{query}"),
        format!("expires=1800000060&{query}"),
        format!("{query}&download=1"),
        format!("download=1&{query}"),
        format!("{query}&max_size=5"),
        query.replacen("expires", "%65xpires", 1),
        String::new(),
    ] {
        assert_eq!(
            signer
                .verify(LinkMethod::Get, &key("a"), &changed)
                .unwrap_err(),
            Refused::Malformed,
            "{changed}"
        );
    }
}

#[test]
fn awkward_keys_hide_no_parameter() {
    let signer = signer_at(NOW, &[NEW]);
    for awkward in [
        "a?expires=9999999999",
        "a#b",
        "a%3Fb",
        "a&download=1",
        "a+b=c/d e",
    ] {
        let url = signer
            .sign(
                &key(awkward),
                &SignedUrlOptions::download(Duration::from_secs(60)),
            )
            .unwrap()
            .url;
        assert_eq!(url.matches('?').count(), 1, "{url}");
        let (path, query) = url.split_once('?').unwrap();
        let back = Key::from_encoded(path.strip_prefix("/files/").unwrap()).unwrap();
        assert_eq!(back.as_str(), awkward);
        assert!(
            signer.verify(LinkMethod::Get, &back, query).is_ok(),
            "{url}"
        );
    }
}

#[test]
fn an_old_key_verifies_and_the_new_one_signs() {
    let sign = |signer: &Signer| {
        query(
            &signer
                .sign(
                    &key("a"),
                    &SignedUrlOptions::download(Duration::from_secs(60)),
                )
                .unwrap()
                .url,
        )
    };
    let (before, both, after) = (
        signer_at(NOW, &[OLD]),
        signer_at(NOW, &[NEW, OLD]),
        signer_at(NOW, &[NEW]),
    );
    let verify =
        |signer: &Signer, query: &str| signer.verify(LinkMethod::Get, &key("a"), query).map(drop);
    assert!(verify(&both, &sign(&before)).is_ok());
    assert!(verify(&after, &sign(&both)).is_ok());
    assert_eq!(verify(&after, &sign(&before)), Err(Refused::UnknownKey));
}

#[test]
fn short_and_missing_keys_are_refused() {
    assert!(UrlKeys::new(&[]).is_err());
    assert!(UrlKeys::new(&[b"short".to_vec()]).is_err());
    assert!(!format!("{:?}", signer_at(NOW, &[NEW])).contains("new key"));
}
