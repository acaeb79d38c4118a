//! What stands in a text, found out in one pass over its bytes: most texts hold nothing that needs a second look.

/// A byte that JSON, or a terminal, does not take as it is; bytes of characters beyond ASCII are left to whoever decodes them.
const UNPLAIN: u8 = 1;
/// What stands before a value that a name gives away, and in every URL.
const SEPARATOR: u8 = 2;
/// Credentials may begin behind it.
const BLANK: u8 = 4;

/// How the words before credentials end: `Bearer …`, `Basic …`.
const SCHEMES: [u32; 2] = [u32::from_be_bytes(*b"arer"), u32::from_be_bytes(*b"asic")];

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            0..=0x1f | b'"' | b'\\' | 0x7f.. => UNPLAIN,
            b':' | b'=' => SEPARATOR,
            b' ' => BLANK,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// What stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// JSON has it as it is.
    pub(super) plain: bool,
    /// Something in it may be a secret: [`Redactor::text`](crate::logging::redact::Redactor::text) is to look.
    pub(super) suspicious: bool,
}

impl Scan {
    pub(super) fn of(text: &str) -> Self {
        let (mut found, mut scheme) = (0, false);
        // The last four bytes, in lower case when they are letters.
        let mut tail = 0_u32;
        for byte in text.bytes() {
            let class = CLASSES[usize::from(byte)];
            found |= class;
            scheme |= class == BLANK && SCHEMES.contains(&tail);
            tail = tail << 8 | u32::from(byte | 0x20);
        }
        Self {
            plain: found & UNPLAIN == 0,
            suspicious: scheme || found & SEPARATOR != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::redact::Redactor;
    use std::borrow::Cow;

    #[test]
    fn a_plain_text_is_one_that_json_has_as_it_is() {
        for character in (0..=0x2ff).filter_map(char::from_u32) {
            let text = format!("a{character}b");
            let json = serde_json::Value::from(text.as_str()).to_string();
            let as_it_is = json.len() == text.len() + 2;
            let plain = as_it_is && character.is_ascii() && character != '\u{7f}';
            assert_eq!(Scan::of(&text).plain, plain, "{character:?}");
        }
        assert!(Scan::of("").plain);
    }

    #[test]
    fn whatever_the_redactor_replaces_is_suspicious() {
        for text in [
            "password=hunter2",
            "\"password\": \"hunter2\"",
            "cookie: a",
            "basic dXNlcjpwYXNzd29yZA==",
            "Bearer abcdefghijkl.mno",
            "BASIC dXNlcjpwYXNzd29yZA==",
            "BEARER abcdefghijkl.mno",
            "postgres://app:hunter2@db/app",
            "https://user@host/",
            "?code=abc",
        ] {
            assert!(
                matches!(Redactor::default().text(text), Cow::Owned(_)),
                "{text}"
            );
            assert!(Scan::of(text).suspicious, "{text}");
        }
        for text in [
            "",
            "order placed",
            "topic closed",
            "/items/4",
            "Mozilla/5.0 (X11) Gecko",
            "r",
            "c",
            " ",
        ] {
            assert!(!Scan::of(text).suspicious, "{text}");
        }
    }
}
