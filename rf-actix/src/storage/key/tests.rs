#![allow(clippy::unwrap_used, reason = "tests")]

use super::{Key, Prefix};

#[test]
fn what_climbs_or_is_absolute_is_refused() {
    for bad in [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a/..",
        "\\",
        "a\\b",
        "..\\a",
        "a\0b",
        "a\nb",
        "a\u{7f}",
        "a\u{85}b",
        "C:",
        "c:/x",
        "a/c:x",
        "a.",
        "a ",
        "a./b",
        "a /b",
        "nul",
        "NUL.txt",
        "a/Com1",
        "lpt9.log",
        "con .txt",
        "COM¹",
        ".rf-staging",
        ".rf-staging/x",
        "a/.RF-x",
    ] {
        assert!(Key::parse(bad).is_err(), "{bad:?} was taken");
    }
}

#[test]
fn awkward_names_are_kept_as_they_are() {
    for good in [
        "a",
        "a b",
        " a",
        "a+b",
        "100%",
        "a#b",
        "a?b",
        "x&y=z",
        "~",
        "'(a)*'",
        "ünï/çödé",
        "😀/😀.png",
        ".hidden",
        "...a",
        "ab:c/_:",
        "e\u{301}",
        "é",
        "com10",
        "console",
        "a..b",
        "%2e%2e",
        "*",
    ] {
        let key = Key::parse(good).unwrap();
        assert_eq!(key.as_str(), good);
        assert_eq!(
            Key::from_encoded(&key.to_encoded()).unwrap(),
            key,
            "{good:?}"
        );
    }
}

#[test]
fn two_spellings_of_one_letter_are_two_keys() {
    let (composed, decomposed) = ("\u{e9}", "e\u{301}");
    let [one, other] = [composed, decomposed].map(|text| Key::parse(text).unwrap());
    assert_ne!(one, other);
    assert_eq!((one.as_str(), other.as_str()), (composed, decomposed));
    // Nothing is trimmed either.
    assert_eq!(Key::parse(" a").unwrap().as_str(), " a");
}

#[test]
fn lengths_are_bounded() {
    assert!(Key::parse("x".repeat(255)).is_ok());
    assert!(Key::parse("x".repeat(256)).is_err());
    let long = [
        "x".repeat(255),
        "y".repeat(255),
        "z".repeat(255),
        "w".repeat(255),
    ]
    .join("/");
    assert_eq!(long.len(), 1023);
    assert!(Key::parse(format!("{long}a")).is_err());
    let key = Key::parse(long).unwrap();
    assert!(Prefix::parse("p").unwrap().join(&key).is_err());
}

#[test]
fn a_path_is_decoded_exactly_once() {
    let parse = |tail: &str| Key::from_encoded(tail).map(|key| key.as_str().to_owned());
    assert_eq!(parse("a%20b/c").unwrap(), "a b/c");
    assert_eq!(parse("%252e%252e").unwrap(), "%2e%2e");
    assert_eq!(parse("a%252Fb").unwrap(), "a%2Fb");
    assert_eq!(parse("a+b").unwrap(), "a+b");
    for bad in [
        "%2e%2e", "%2e%2e/a", "a%2fb", "a%2Fb", "a%5cb", "a%00b", "%ff", "%", "a%2", "%zz",
        "%%32%66", "a/%2e/b",
    ] {
        assert!(parse(bad).is_err(), "{bad:?} was taken");
    }
}

#[test]
fn prefixes_match_by_whole_segments() {
    let prefix = Prefix::parse("a/b/").unwrap();
    assert_eq!(prefix, Prefix::parse("a/b").unwrap());
    let key = |text: &str| Key::parse(text).unwrap();
    assert!(prefix.holds(&key("a/b/c")));
    assert!(!prefix.holds(&key("a/bc")));
    assert!(!prefix.holds(&key("a/b")));
    assert_eq!(prefix.strip(&key("a/b/c")).unwrap(), key("c"));
    assert_eq!(prefix.strip(&key("a/bc/d")), None);
    assert!(Prefix::parse("../a").is_err());
    assert!(Prefix::parse("a//").is_err());
    assert!(Prefix::parse("").unwrap().holds(&key("x")));
}

#[test]
fn the_folder_of_a_name_is_its_own() {
    let folder = |name: &str| Prefix::for_name(name).map(|prefix| prefix.as_str().to_owned());
    assert_eq!(folder("demo").unwrap(), "demo");
    assert_eq!(folder("a/../b").unwrap(), "a=2f=2e=2e=2fb");
    assert_eq!(folder("nul").unwrap(), "=6eul");
    assert_ne!(folder("a=2f").unwrap(), folder("a/").unwrap());
    assert!(folder("").is_err());
    assert!(folder(&"é".repeat(80)).is_err());
}

#[test]
fn a_provisional_key_is_what_nobody_can_write() {
    let key = Key::provisional();
    assert_ne!(key, Key::provisional());
    assert!(Key::parse(key.as_str()).is_err());
    let beneath = Prefix::parse("a/b").unwrap().join(&key).unwrap();
    assert_eq!(beneath.as_str(), format!("a/b/{key}"));
    let long = "x/".repeat(500) + "x";
    assert!(Prefix::parse(&long).unwrap().join(&key).is_err());
}
