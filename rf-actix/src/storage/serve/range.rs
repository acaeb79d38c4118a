//! The `Range` header (RFC 9110 §14).

use actix_web::http::header::{self, HeaderMap};
use std::ops::Range;

/// More ranges than this in one request serve nobody but those who want to make a server work hard (§17.15).
const MOST: usize = 16;

/// What a `Range` header asks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole file: no range, one we do not understand, or too many.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Several stretches that neither overlap nor touch, in the order of the file.
    Parts(Vec<Range<u64>>),
    /// 416: nothing of it lies in the file.
    Outside,
}

/// Reads the header against the size of the file.
///
/// A server may ignore any `Range` (§14.2): what is of another unit, cannot be read or asks for more than 16 ranges
/// gets the whole file.
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
    if !unit.eq_ignore_ascii_case("bytes") || set.split(',').count() > MOST {
        return None;
    }
    let mut parts = Vec::new();
    for one in set.split(',') {
        match spec(one.trim(), size)? {
            Wanted::Part(part) => parts.push(part),
            // §14.1.2: the set is satisfiable if one of its ranges is.
            Wanted::Outside => {}
            whole => return Some(whole),
        }
    }
    let mut parts = coalesced(parts);
    Some(match parts.len() {
        0 => Wanted::Outside,
        1 => Wanted::Part(parts.remove(0)),
        _ => Wanted::Parts(parts),
    })
}

fn spec(text: &str, size: u64) -> Option<Wanted> {
    let (first, last) = text.split_once('-')?;
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

/// In the order of the file; what overlaps or touches is one (§15.3.7.2).
fn coalesced(mut parts: Vec<Range<u64>>) -> Vec<Range<u64>> {
    parts.sort_by_key(|part| part.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(parts.len());
    for part in parts {
        match joined.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
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

    fn of(text: &str, size: u64) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, text.parse().unwrap());
        wanted(&headers, size)
    }

    #[test]
    fn several_ranges_are_put_in_order_and_joined() {
        let parts = |parts: &[(u64, u64)]| {
            Wanted::Parts(parts.iter().map(|&(start, end)| start..end).collect())
        };
        for (text, expected) in [
            ("bytes=1-2,4-5", parts(&[(1, 3), (4, 6)])),
            ("bytes=4-5 , 1-2", parts(&[(1, 3), (4, 6)])),
            ("bytes=0-0,-1", parts(&[(0, 1), (9, 10)])),
            ("bytes=0-3,2-5,7-", parts(&[(0, 6), (7, 10)])),
            ("bytes=1-2,3-4", Wanted::Part(1..5)),
            ("bytes=0-,5-6", Wanted::Part(0..10)),
            ("bytes=2-2,2-2", Wanted::Part(2..3)),
            ("bytes=50-,1-2", Wanted::Part(1..3)),
            ("bytes=50-,-0", Wanted::Outside),
            ("bytes=1-2,", Wanted::Whole),
            ("bytes=1-2,5-4", Wanted::Whole),
            ("bytes=1-2,x", Wanted::Whole),
        ] {
            assert_eq!(of(text, 10), expected, "{text}");
        }
        assert_eq!(of("bytes=-1,0-0", 0), Wanted::Whole);
        let many = |count: usize| {
            let list: Vec<_> = (0..count).map(|n| format!("{}-{}", n * 2, n * 2)).collect();
            of(&format!("bytes={}", list.join(",")), 100)
        };
        assert!(matches!(many(16), Wanted::Parts(parts) if parts.len() == 16));
        assert_eq!(many(17), Wanted::Whole);
    }

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
            ("lines=1-2", 10, Wanted::Whole),
            ("bytes=a-b", 10, Wanted::Whole),
            ("bytes=+1-2", 10, Wanted::Whole),
            ("bytes=--1", 10, Wanted::Whole),
            ("bytes=-", 10, Wanted::Whole),
            ("bytes", 10, Wanted::Whole),
            ("bytes=0-", 0, Wanted::Outside),
            ("bytes=-5", 0, Wanted::Whole),
        ] {
            assert_eq!(of(text, size), expected, "{text} of {size}");
        }
    }
}
