//! Answers that are documents, looked at before rusoto parses them.
//!
//! Its parser turns for ever on one that ends early or is no XML, takes nothing at all for an empty list, and an
//! `<Error>` under `200`, which S3 sends when work fails after it has begun to answer, for success.

use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};

/// What a document turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Document {
    Whole,
    /// A refusal, and the status it would have had in time.
    Refusal(u16),
    Broken,
}

/// The status S3 sends with a code.
pub(in crate::storage::s3) fn status_of(code: &str) -> u16 {
    match code {
        "AccessDenied" => 403,
        "NoSuchBucket" | "NoSuchKey" | "NoSuchUpload" | "NoSuchVersion" => 404,
        "ConditionalRequestConflict" => 409,
        "PreconditionFailed" => 412,
        "ServiceUnavailable" | "SlowDown" => 503,
        _ => 500,
    }
}

pub(super) fn look(body: &[u8]) -> Document {
    let mut reader = Reader::from_reader(body);
    let (mut path, mut root, mut code) = (Vec::new(), None, String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                let name = tag.local_name().as_ref().to_vec();
                root.get_or_insert_with(|| name.clone());
                path.push(name);
            }
            Ok(Event::Empty(tag)) => {
                root.get_or_insert_with(|| tag.local_name().as_ref().to_vec());
            }
            Ok(Event::End(_)) => drop(path.pop()),
            Ok(Event::Text(text)) => match std::str::from_utf8(&text) {
                Ok(text) if text.chars().all(is_char) => {
                    if path.last().is_some_and(|name| name == b"Code") && path.len() == 2 {
                        code.push_str(text);
                    }
                }
                _ => return Document::Broken,
            },
            Ok(Event::GeneralRef(reference)) if !is_known(&reference) => return Document::Broken,
            Ok(Event::Eof) => {
                return match root.as_deref() {
                    _ if !path.is_empty() => Document::Broken,
                    None => Document::Broken,
                    Some(b"Error") => Document::Refusal(status_of(&code)),
                    Some(_) => Document::Whole,
                };
            }
            Ok(Event::DocType(_)) | Err(_) => return Document::Broken,
            Ok(_) => {}
        }
    }
}

/// XML 1.0 §2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// XML 1.0 §4.6, and characters by number.
fn is_known(reference: &BytesRef<'_>) -> bool {
    match reference.resolve_char_ref() {
        Ok(Some(c)) => is_char(c),
        Ok(None) => matches!(&**reference, b"amp" | b"lt" | b"gt" | b"apos" | b"quot"),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, look};

    #[test]
    fn what_the_parser_would_turn_on_is_broken() {
        for body in [
            "",
            "<?xml version=\"1.0\"?>",
            "<List><Key>a</Key>",
            "<List><Key>a</List>",
            "<html><br></html>",
            "<List>&nbsp;</List>",
            "<List>&#1;</List>",
            "<List>\u{1}</List>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>",
        ] {
            assert_eq!(look(body.as_bytes()), Document::Broken, "{body:?}");
        }
        assert_eq!(look(b"<List>\xff</List>"), Document::Broken);
    }

    #[test]
    fn an_error_has_the_status_of_its_code() {
        let refusal = |code: &str| look(format!("<Error><Code>{code}</Code></Error>").as_bytes());
        assert_eq!(refusal("InternalError"), Document::Refusal(500));
        assert_eq!(refusal("SlowDown"), Document::Refusal(503));
        assert_eq!(refusal("PreconditionFailed"), Document::Refusal(412));
        let errors = "<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>";
        assert_eq!(look(errors.as_bytes()), Document::Whole);
    }

    #[test]
    fn a_list_is_whole() {
        let list = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<L xmlns=\"x\"><K>a &amp; &#233;</K><Empty/></L>\n";
        assert_eq!(look(list.as_bytes()), Document::Whole);
    }
}
