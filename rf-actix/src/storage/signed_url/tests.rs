#![allow(clippy::unwrap_used, reason = "tests")]

use super::{
    Grant, Key, LinkMethod, Prefix, Refused, SignedUrl, SignedUrlOptions, Signer, UrlKeys,
};
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
        skew: Duration::ZERO,
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
            &Prefix::default(),
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
        Ok((_, Grant::Download { attachment: false }))
    ));
    assert_eq!(at(NOW + 60).unwrap_err(), Refused::Expired);
}

#[test]
fn an_expiry_of_nothing_or_over_a_week_is_refused() {
    let signer = signer_at(NOW, &[NEW]);
    let sign = |expires| {
        signer.sign(
            &Prefix::default(),
            &key("a"),
            &SignedUrlOptions::download(expires),
        )
    };
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
        .content_type("image/*")
        .content_length(99)
        .sha256([0xab; 32]);
    let query = query(
        &signer
            .sign(&Prefix::default(), &key("a"), &options)
            .unwrap()
            .url,
    );
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
fn what_an_upload_must_be_comes_back_as_it_was_signed() {
    let signer = signer_at(NOW, &[NEW]);
    let upload = |options: SignedUrlOptions| {
        options
            .max_size(100)
            .content_type("image/*")
            .content_length(99)
            .sha256([0xab; 32])
    };
    for (options, method, http) in [
        (SignedUrlOptions::upload(MINUTE), LinkMethod::Put, "PUT"),
        (SignedUrlOptions::form(MINUTE), LinkMethod::Post, "POST"),
    ] {
        let signed = upload(options);
        let link = signer.sign(&Prefix::default(), &key("a"), &signed).unwrap();
        assert_eq!(link.method, http);
        assert!(link.fields.is_empty() && link.headers.is_empty());
        let query = query(&link.url);
        let verified = signer.verify(method, &key("a"), &query).unwrap().1;
        let (Grant::Upload(back) | Grant::Form(back)) = verified else {
            panic!("a link to write");
        };
        assert_eq!(back.max_size, Some(100));
        assert_eq!(back.content_type.as_deref(), Some("image/*"));
        assert_eq!(back.content_length, Some(99));
        assert_eq!(back.sha256, Some([0xab; 32]));
        for other in [LinkMethod::Get, LinkMethod::Put, LinkMethod::Post] {
            let verified = signer.verify(other, &key("a"), &query);
            assert_eq!(verified.is_ok(), other == method, "{other:?}");
        }
    }
}

#[test]
fn a_link_is_bound_to_method_disk_and_key() {
    let signer = signer_at(NOW, &[NEW]);
    let query = query(
        &signer
            .sign(
                &Prefix::default(),
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
                &Prefix::default(),
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
                &Prefix::default(),
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
                    &Prefix::default(),
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

const MINUTE: Duration = Duration::from_secs(60);

fn beneath(signer: &Signer, folder: &str, text: &str) -> SignedUrl {
    let options = SignedUrlOptions::download(MINUTE);
    let folder = Prefix::parse(folder).unwrap();
    signer.sign(&folder, &key(text), &options).unwrap()
}

fn sealed(query: &str) -> &str {
    let parameters = query.split('&');
    let mut sealed = parameters.filter(|parameter| parameter.starts_with("sealed="));
    sealed.next().unwrap()
}

#[test]
fn a_link_into_a_folder_shows_the_key_and_carries_the_folder() {
    let signer = signer_at(NOW, &[NEW]);
    for options in [
        SignedUrlOptions::download(MINUTE),
        SignedUrlOptions::upload(MINUTE).max_size(5),
        SignedUrlOptions::form(MINUTE),
    ] {
        let method = match options.grant {
            Grant::Download { .. } => LinkMethod::Get,
            Grant::Upload(_) => LinkMethod::Put,
            Grant::Form(_) => LinkMethod::Post,
        };
        let folder = Prefix::parse("users/zoë").unwrap();
        let shown = key("日本/a b.txt");
        let link = signer.sign(&folder, &shown, &options).unwrap();
        let (path, query) = link.url.split_once('?').unwrap();
        assert_eq!(path, format!("/files/{}", shown.to_encoded()));
        assert!(!link.url.contains("users") && !link.url.contains("%C3%AB"));
        assert_eq!(signer.verify(method, &shown, query).unwrap().0, folder);
        assert!(!format!("{link:?}").contains("sealed"), "{link:?}");
    }
    let whole = beneath(&signer, "", "a");
    assert!(!whole.url.contains("sealed"));
    let (folder, _) = signer
        .verify(LinkMethod::Get, &key("a"), &query(&whole.url))
        .unwrap();
    assert!(folder.is_empty());
}

#[test]
fn two_links_into_one_folder_have_nothing_in_common() {
    let signer = signer_at(NOW, &[NEW]);
    let (one, two) = (
        query(&beneath(&signer, "users/1", "a").url),
        query(&beneath(&signer, "users/1", "a").url),
    );
    assert_ne!(sealed(&one), sealed(&two));
}

#[test]
fn a_seal_can_be_neither_taken_off_nor_put_on_nor_exchanged() {
    let signer = signer_at(NOW, &[NEW]);
    let mine = query(&beneath(&signer, "users/1", "a").url);
    let theirs = query(&beneath(&signer, "users/2", "a").url);
    let whole = query(&beneath(&signer, "", "a").url);
    let refused = |query: &str| {
        signer
            .verify(LinkMethod::Get, &key("a"), query)
            .unwrap_err()
    };
    let taken_off = mine.replacen(&format!("&{}", sealed(&mine)), "", 1);
    let put_on = whole.replacen("&kid=", &format!("&{}&kid=", sealed(&mine)), 1);
    let exchanged = mine.replacen(sealed(&mine), sealed(&theirs), 1);
    let emptied = mine.replacen(sealed(&mine), "sealed=", 1);
    let garbled = mine.replacen(sealed(&mine), "sealed=users%2F2", 1);
    for changed in [&taken_off, &put_on, &exchanged, &emptied, &garbled] {
        assert_eq!(refused(changed), Refused::Forged, "{changed}");
    }
    let repeated = mine.replacen("&kid=", &format!("&{}&kid=", sealed(&mine)), 1);
    assert_eq!(refused(&repeated), Refused::Malformed);
    for index in 0..mine.len() {
        let mut bytes = mine.clone().into_bytes();
        bytes[index] ^= 1;
        refused(&String::from_utf8(bytes).unwrap());
    }
}

#[test]
fn the_shown_key_is_bound_to_its_folder() {
    let signer = signer_at(NOW, &[NEW]);
    let query = query(&beneath(&signer, "a", "b/c").url);
    for other in ["c", "a/b/c", "b", "b/d"] {
        let refused = signer.verify(LinkMethod::Get, &key(other), &query);
        assert_eq!(refused.unwrap_err(), Refused::Forged, "{other}");
    }
}

#[test]
fn an_old_key_opens_and_the_new_one_seals() {
    let (before, both, after) = (
        signer_at(NOW, &[OLD]),
        signer_at(NOW, &[NEW, OLD]),
        signer_at(NOW, &[NEW]),
    );
    let folder = |signer: &Signer, link: SignedUrl| {
        let granted = signer.verify(LinkMethod::Get, &key("a"), &query(&link.url));
        granted.map(|(folder, _)| folder.as_str().to_owned())
    };
    assert_eq!(folder(&both, beneath(&before, "u/1", "a")).unwrap(), "u/1");
    assert_eq!(folder(&after, beneath(&both, "u/1", "a")).unwrap(), "u/1");
    assert_eq!(
        folder(&after, beneath(&before, "u/1", "a")),
        Err(Refused::UnknownKey)
    );
}

#[test]
fn folder_and_key_must_fit_together() {
    let folder = Prefix::parse(&["f".repeat(255).as_str(); 3].join("/")).unwrap();
    let long = key(&"k".repeat(255));
    let signer = signer_at(NOW, &[NEW]);
    let options = SignedUrlOptions::download(MINUTE);
    assert!(signer.sign(&folder, &long, &options).is_ok());
    let deeper = key(&["k".repeat(255).as_str(); 2].join("/"));
    assert!(signer.sign(&folder, &deeper, &options).is_err());
}

#[test]
fn short_and_missing_keys_are_refused() {
    assert!(UrlKeys::new(&[]).is_err());
    assert!(UrlKeys::new(&[b"short".to_vec()]).is_err());
    assert!(!format!("{:?}", signer_at(NOW, &[NEW])).contains("new key"));
}

mod skew;
