//! The media type of content: what its first bytes tell, and where they tell nothing, the name.

use super::error::Error;

/// So many first bytes are enough for every format known.
pub(super) const HEAD: usize = 8 * 1024;

const UNKNOWN: &str = "application/octet-stream";

/// What content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detected {
    /// The media type.
    pub(super) content_type: &'static str,
    /// The usual extension of the type, where the bytes tell it.
    pub(super) extension: Option<&'static str>,
}

/// The type the extension tells.
pub(super) fn by_name(name: &str) -> &'static str {
    mime_guess::from_path(name).first_raw().unwrap_or(UNKNOWN)
}

/// The type of content whose first bytes are given.
///
/// Magic bytes win. Formats without any (text, JSON, CSS …) count by extension, but only for content that is text:
/// a program called `photo.jpg` or `notes.txt` is neither.
pub(super) fn by_content(head: &[u8], name: &str) -> Detected {
    if let Some(magic) = infer::get(head) {
        return Detected {
            content_type: magic.mime_type(),
            extension: Some(magic.extension()),
        };
    }
    let told = by_name(name);
    match (is_text(head), is_textual(told)) {
        (true, true) => Detected {
            content_type: told,
            extension: None,
        },
        (true, false) => Detected {
            content_type: "text/plain",
            extension: Some("txt"),
        },
        (false, _) => Detected {
            content_type: UNKNOWN,
            extension: None,
        },
    }
}

/// Whether a type is on an allow list of `image/png` and `image/*` patterns; an empty list allows all.
///
/// What a browser would run (HTML, SVG, XML) is only allowed by its full name: `image/*` means pictures.
pub(super) fn is_accepted(found: &str, accepted: &[String]) -> bool {
    accepted.is_empty()
        || accepted
            .iter()
            .any(|pattern| match pattern.strip_suffix("/*") {
                Some("*") => true,
                Some(family) => {
                    !is_active(found)
                        && found
                            .split_once('/')
                            .is_some_and(|(of, _)| of.eq_ignore_ascii_case(family))
                }
                None => found.eq_ignore_ascii_case(pattern),
            })
}

/// The patterns that allow what both lists allow, in the one text a link holds.
///
/// # Errors
/// [`Error::MediaType`] when nothing is left.
pub(super) fn narrowed(asked: &str, accepted: &[String]) -> Result<String, Error> {
    let mut both = Vec::new();
    for pattern in patterns(asked) {
        if is_accepted(pattern, accepted) {
            both.push(pattern);
            continue;
        }
        let wide = [pattern.to_owned()];
        let narrow = accepted.iter().filter(|narrow| is_accepted(narrow, &wide));
        both.extend(narrow.map(String::as_str));
    }
    if both.is_empty() {
        return Err(Error::media_type(asked, accepted.join(", ")));
    }
    Ok(both.join(","))
}

/// The patterns of a list in one text.
pub(super) fn patterns(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

/// Types that carry script.
fn is_active(essence: &str) -> bool {
    essence.ends_with("xml")
        || matches!(
            essence,
            "text/html" | "text/javascript" | "application/javascript"
        )
}

fn is_textual(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/toml"
                | "application/x-sh"
        )
}

fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character cut in two by the end of what we look at.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{by_content, is_accepted, narrowed};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn magic_bytes_win_over_the_name() {
        assert_eq!(by_content(PNG, "page.html").content_type, "image/png");
        assert_eq!(
            by_content(
                &[b"\x7fELF\x02\x01\x01".as_slice(), &[0; 60]].concat(),
                "photo.jpg"
            )
            .content_type,
            "application/x-executable"
        );
        assert_eq!(
            by_content(b"\x01\x02\x03", "photo.jpg").content_type,
            "application/octet-stream"
        );
        assert_eq!(by_content(b"hello", "photo.jpg").content_type, "text/plain");
        assert_eq!(by_content(b"{}", "a.json").content_type, "application/json");
        assert_eq!(by_content(b"body {}", "a.css").content_type, "text/css");
        assert_eq!(by_content(b"", "a.txt").content_type, "text/plain");
    }

    #[test]
    fn what_a_browser_runs_is_accepted_by_its_full_name_only() {
        let list = |patterns: &[&str]| patterns.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        assert!(is_accepted("image/png", &list(&["image/*"])));
        assert!(!is_accepted("image/svg+xml", &list(&["image/*"])));
        assert!(is_accepted(
            "image/svg+xml",
            &list(&["image/*", "image/svg+xml"])
        ));
        assert!(!is_accepted("text/html", &list(&["text/*"])));
        assert!(!is_accepted("imagex/png", &list(&["image/*"])));
        assert!(is_accepted("text/html", &[]));
    }

    #[test]
    fn what_is_asked_for_is_narrowed_to_what_is_accepted() {
        let list = ["image/*".to_owned(), "application/pdf".to_owned()];
        for (asked, both) in [
            ("image/png", "image/png"),
            ("image/*", "image/*"),
            ("*/*", "image/*,application/pdf"),
            ("application/*, text/plain", "application/pdf"),
            ("text/css,image/gif", "image/gif"),
        ] {
            assert_eq!(narrowed(asked, &list).unwrap(), both, "{asked}");
        }
        for asked in ["text/plain", "image/svg+xml", "video/*", ""] {
            assert!(narrowed(asked, &list).is_err(), "{asked}");
        }
    }
}
