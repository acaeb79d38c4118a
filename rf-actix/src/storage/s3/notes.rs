//! The notes beside a file, as headers carry them.
//!
//! A header is ASCII, its name in whatever case a proxy likes, and runs of spaces in it do not survive. So names are
//! small letters, and of a value everything is escaped (RFC 3986 §2.1) that is not plain.

use crate::storage::error::Error;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::collections::{BTreeMap, HashMap};

/// A name of ours among them: which write it was, see [`Beside`](super::beside::Beside).
pub(super) const MARK: &str = "rf-write";
/// The bound S3 sets, names and values together as they are sent.
const MAX_NOTES: usize = 2048;
/// `%` itself as well, so that what is read back is what was written.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'"');

/// # Errors
/// [`Error::TooLarge`] above 2 KiB, [`Error::Unsupported`] for a name no header can have.
pub(super) fn encode(
    notes: &BTreeMap<String, String>,
) -> Result<Option<HashMap<String, String>>, Error> {
    let mut total = 0;
    let mut encoded = HashMap::with_capacity(notes.len());
    for (name, value) in notes {
        if !is_name(name) {
            return Err(Error::Unsupported {
                op: "a note whose name is not of small letters, digits, `-` and `_`, or is `rf-write`",
            });
        }
        let value = utf8_percent_encode(value, ESCAPED).to_string();
        total += name.len() + value.len();
        encoded.insert(name.clone(), value);
    }
    if total > MAX_NOTES {
        return Err(Error::TooLarge {
            what: "the notes beside the file",
            limit: MAX_NOTES as u64,
        });
    }
    Ok((!encoded.is_empty()).then_some(encoded))
}

/// Notes that others wrote need not be escaped: what is no escape stands for itself.
pub(super) fn decode(headers: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    let decoded = |(name, value): (String, String)| {
        let text = match percent_decode_str(&value).decode_utf8() {
            Ok(text) => text.into_owned(),
            Err(_) => value,
        };
        (name.to_ascii_lowercase(), text)
    };
    let notes = headers.into_iter().flatten().map(decoded);
    notes.filter(|(name, _)| name != MARK).collect()
}

/// Whether so many bytes more are within the bound.
pub(super) fn have_room_for(encoded: Option<&HashMap<String, String>>, more: usize) -> bool {
    let lengths = encoded.into_iter().flatten();
    let taken: usize = lengths.map(|(name, value)| name.len() + value.len()).sum();
    taken + more <= MAX_NOTES
}

/// What the note of that name says, in whatever case a proxy likes.
pub(super) fn mark(headers: Option<&HashMap<String, String>>) -> Option<&str> {
    let mut notes = headers.into_iter().flatten();
    notes.find_map(|(name, value)| name.eq_ignore_ascii_case(MARK).then_some(value.as_str()))
}

fn is_name(name: &str) -> bool {
    if name == MARK {
        return false;
    }
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::storage::error::Error;
    use std::collections::BTreeMap;

    fn notes(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_note_comes_back_as_it_was() {
        for value in ["", "mé 😀", "100%", "%41", " a  b ", "a\r\nb: c", "\"x\""] {
            let sent = encode(&notes("who", value)).expect("a note");
            let header = &sent.as_ref().expect("a header")["who"];
            assert!(header.chars().all(|c| c.is_ascii_graphic()), "{header:?}");
            assert_eq!(decode(sent), notes("who", value));
        }
        assert_eq!(encode(&BTreeMap::new()).expect("no note"), None);
    }

    #[test]
    fn a_note_of_another_writer_is_read_as_far_as_it_goes() {
        let foreign = |value: &str| Some(notes("Who", value).into_iter().collect());
        assert_eq!(decode(foreign("50% off")), notes("who", "50% off"));
        assert_eq!(decode(foreign("%ff")), notes("who", "%ff"));
    }

    #[test]
    fn a_name_no_header_has_is_refused() {
        for name in ["", "Who", "a b", "é", "a:b", "a\nb", super::MARK] {
            let refused = encode(&notes(name, "x"));
            assert!(
                matches!(refused, Err(Error::Unsupported { .. })),
                "{name:?}"
            );
        }
    }

    #[test]
    fn two_kibibytes_count_as_they_are_sent() {
        assert!(encode(&notes("n", &"x".repeat(2047))).is_ok());
        let large = |value: &str| {
            matches!(
                encode(&notes("n", value)),
                Err(Error::TooLarge { limit: 2048, .. })
            )
        };
        assert!(large(&"x".repeat(2048)));
        assert!(large(&"é".repeat(400)));
    }
}
