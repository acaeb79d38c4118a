//! The `Range` header (RFC 9110 §14).

use actix_web::http::header::{self, HeaderMap};
use std::ops::Range;

/// What a `Range` header asks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file: no range, one we do not understand, or several.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// 416: nothing of it lies in the file.
    Outside,
}

/// Reads the header against the size of the file.
///
/// A server may ignore any `Range` (§14.2). We answer one range; what asks for several, is of another unit or
/// cannot be read gets the whole file: several parts in one response serve almost nobody but those who want to
/// make a server work hard.
pub(super) fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let mut values = headers.get_all(header::RANGE);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Wanted::Whole;
    };
    value
        .to_str()
        .ok()
        .and_then(|text| read(text, size))
        .unwrap_or(Wanted::Whole)
}

fn read(text: &str, size: u64) -> Option<Wanted> {
    let (unit, set) = text.trim().split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") || set.contains(',') {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    if first.is_empty() {
        let length = number(last)?;
        return Some(match (length, size) {
            (0, _) => Wanted::Outside,
            // The last bytes of an empty file are all of it, which no `Content-Range` can say.
            (_, 0) => Wanted::Whole,
            _ => Wanted::Part(size.saturating_sub(length)..size),
        });
    }
    let first = number(first)?;
    let end = match last {
        "" => u64::MAX,
        last => number(last)?.saturating_add(1),
    };
    if end <= first && end != u64::MAX {
        return None;
    }
    Some(if first < size {
        Wanted::Part(first..end.min(size))
    } else {
        Wanted::Outside
    })
}

/// Digits only; a number too large for us is larger than any file.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{HeaderMap, Wanted, header, wanted};

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let huge = "bytes=0-99999999999999999999999";
        let far = "bytes=99999999999999999999999-";
        for (text, size, expected) in [
            ("bytes=0-0", 10, Wanted::Part(0..1)),
            ("bytes=0-9", 10, Wanted::Part(0..10)),
            ("bytes=0-10", 10, Wanted::Part(0..10)),
            (huge, 10, Wanted::Part(0..10)),
            ("bytes=9-", 10, Wanted::Part(9..10)),
            ("bytes=10-", 10, Wanted::Outside),
            (far, 10, Wanted::Outside),
            ("bytes=5-4", 10, Wanted::Whole),
            ("bytes=-1", 10, Wanted::Part(9..10)),
            ("bytes=-0", 10, Wanted::Outside),
            ("bytes=-11", 10, Wanted::Part(0..10)),
            ("BYTES=1-2", 10, Wanted::Part(1..3)),
            ("bytes= 1-2 ", 10, Wanted::Part(1..3)),
            ("bytes=1-2,4-5", 10, Wanted::Whole),
            ("lines=1-2", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes=--1", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes", 10, Wanted::Whole),
            ("bytes=0-", 0, Wanted::Outside),
            ("bytes=-5", 0, Wanted::Whole),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(header::RANGE, text.parse().unwrap());
            assert_eq!(wanted(&headers, size), expected, "{text} of {size}");
        }
    }
}
