//! Conditional requests (RFC 9110 §13), in the order of §13.2.2.

use crate::storage::metadata::{ETag, Metadata};
use actix_web::http::{
    Method,
    header::{self, HeaderMap, HeaderName},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Answer as without conditions.
    Proceed,
    /// 304: the client has it.
    NotModified,
    /// 412: the file is not what the client thought.
    Failed,
}

/// Weighs the conditions against the file there is, if any.
pub(crate) fn weigh(method: &Method, headers: &HeaderMap, current: Option<&Metadata>) -> Verdict {
    // §13.2.2 steps 1 and 2.
    if let Some(tags) = Tags::of(headers, header::IF_MATCH) {
        if !current.is_some_and(|file| tags.hold_strong(&file.etag)) {
            return Verdict::Failed;
        }
    } else if let Some(moment) = date(headers, header::IF_UNMODIFIED_SINCE)
        && current.is_none_or(|file| to_the_second(file.last_modified) > moment)
    {
        return Verdict::Failed;
    }
    // Steps 3 and 4.
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if let Some(tags) = Tags::of(headers, header::IF_NONE_MATCH) {
        if current.is_some_and(|file| tags.hold_weak(&file.etag)) {
            return if reads {
                Verdict::NotModified
            } else {
                Verdict::Failed
            };
        }
    } else if reads
        && let Some(moment) = date(headers, header::IF_MODIFIED_SINCE)
        && current.is_some_and(|file| to_the_second(file.last_modified) <= moment)
    {
        return Verdict::NotModified;
    }
    Verdict::Proceed
}

/// Whether a `Range` counts: step 5, `If-Range` (§13.1.5). What does not hold means the whole file.
pub(super) fn range_counts(headers: &HeaderMap, file: &Metadata, now: SystemTime) -> bool {
    let Some(value) = headers.get(header::IF_RANGE) else {
        return true;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let value = value.trim();
    if value.starts_with('"') || value.starts_with("W/") {
        return value == file.etag.to_string();
    }
    // A date is a strong validator only when the file cannot have changed twice in its second (§8.8.2.2).
    let modified = to_the_second(file.last_modified);
    httpdate::parse_http_date(value).is_ok_and(|moment| moment == modified)
        && now
            .duration_since(modified)
            .is_ok_and(|age| age >= Duration::from_secs(2))
}

/// Dates in headers know no fractions (§5.6.7).
fn to_the_second(time: SystemTime) -> SystemTime {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A date that stands once and can be read; anything else is as if it were not there (§13.1.3).
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// `*` or a list of entity tags.
enum Tags {
    Any,
    /// Whether each is weak, and its opaque part.
    List(Vec<(bool, String)>),
}

impl Tags {
    /// All lines of the header together (§5.3). A list that cannot be read holds no tag.
    fn of(headers: &HeaderMap, name: HeaderName) -> Option<Self> {
        let mut list = Vec::new();
        let mut present = false;
        for value in headers.get_all(name) {
            present = true;
            let Ok(text) = value.to_str() else { continue };
            if text.trim() == "*" {
                return Some(Self::Any);
            }
            list.extend(read_tags(text));
        }
        present.then_some(Self::List(list))
    }

    /// Strong comparison (§8.8.3.2): a weak tag is equal to none.
    fn hold_strong(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags
                .iter()
                .any(|(weak, opaque)| !weak && opaque == etag.as_str()),
        }
    }

    fn hold_weak(&self, etag: &ETag) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(|(_, opaque)| opaque == etag.as_str()),
        }
    }
}

/// The tags of one line; a comma may stand inside of the quotes.
fn read_tags(line: &str) -> Vec<(bool, String)> {
    let mut tags = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let Some((opaque, after)) = quoted
            .strip_prefix('"')
            .and_then(|inner| inner.split_once('"'))
        else {
            return tags;
        };
        tags.push((weak, opaque.to_owned()));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn file() -> Metadata {
        let modified = UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        Metadata::new(
            "a".parse().unwrap(),
            5,
            "text/plain".into(),
            modified,
            ETag::new("tag,1"),
        )
    }

    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        map
    }

    #[test]
    fn conditions_are_weighed_in_their_order() {
        use Verdict::{Failed, NotModified, Proceed};
        let tag = "\"tag,1\"";
        for (lines, verdict) in [
            (&[][..], Proceed),
            (&[("if-match", tag)], Proceed),
            (&[("if-match", "*")], Proceed),
            (&[("if-match", "\"x\", \"tag,1\"")], Proceed),
            (&[("if-match", "W/\"tag,1\"")], Failed),
            (&[("if-match", "\"x\"")], Failed),
            (&[("if-match", "tag,1")], Failed),
            (&[("if-unmodified-since", THEN)], Proceed),
            (&[("if-unmodified-since", BEFORE)], Failed),
            (&[("if-unmodified-since", "yesterday")], Proceed),
            (
                &[("if-match", tag), ("if-unmodified-since", BEFORE)],
                Proceed,
            ),
            (&[("if-none-match", tag)], NotModified),
            (&[("if-none-match", "W/\"tag,1\"")], NotModified),
            (
                &[("if-none-match", "\"x\""), ("if-none-match", tag)],
                NotModified,
            ),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"x\"")], Proceed),
            (&[("if-modified-since", THEN)], NotModified),
            (&[("if-modified-since", BEFORE)], Proceed),
            (
                &[("if-none-match", "\"x\""), ("if-modified-since", THEN)],
                Proceed,
            ),
            (&[("if-match", "\"x\""), ("if-none-match", tag)], Failed),
        ] {
            assert_eq!(
                weigh(&Method::GET, &headers(lines), Some(&file())),
                verdict,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn writes_fail_where_reads_are_not_modified() {
        let file = file();
        let put = |lines, current| weigh(&Method::PUT, &headers(lines), current);
        assert_eq!(put(&[("if-none-match", "*")], Some(&file)), Verdict::Failed);
        assert_eq!(put(&[("if-none-match", "*")], None), Verdict::Proceed);
        assert_eq!(put(&[("if-match", "*")], None), Verdict::Failed);
        assert_eq!(
            put(&[("if-modified-since", THEN)], Some(&file)),
            Verdict::Proceed
        );
        assert_eq!(put(&[("if-unmodified-since", THEN)], None), Verdict::Failed);
    }

    #[test]
    fn a_range_counts_for_the_same_file_only() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777 + 60);
        let counts = |value: &str| range_counts(&headers(&[("if-range", value)]), &file(), now);
        assert!(range_counts(&headers(&[]), &file(), now));
        assert!(counts("\"tag,1\""));
        assert!(!counts("W/\"tag,1\""));
        assert!(!counts("\"other\""));
        assert!(counts(THEN));
        assert!(!counts(BEFORE));
        assert!(!counts("nonsense"));
        let young = UNIX_EPOCH + Duration::from_secs(784_111_778);
        assert!(!range_counts(
            &headers(&[("if-range", THEN)]),
            &file(),
            young
        ));
    }
}
