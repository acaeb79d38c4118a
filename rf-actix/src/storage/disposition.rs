//! `Content-Disposition` (RFC 6266): whether a browser shows or saves a file, and under which name.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in an extended value (RFC 8187 §3.2.1, `attr-char`).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The value of the header; `filename*` is added where the plain name cannot say it.
pub(super) fn disposition(attachment: bool, name: &str) -> String {
    let kind = if attachment { "attachment" } else { "inline" };
    // Not only quotes and line ends: `%` is decoded in plain names by some browsers, and order marks turn
    // `exe.gpj` into `jpg.exe` on screen.
    let harmless =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | '/') || c == ' ';
    let plain: String = name
        .chars()
        .map(|c| if harmless(c) { c } else { '_' })
        .collect();
    if plain == name {
        format!("{kind}; filename=\"{plain}\"")
    } else {
        format!(
            "{kind}; filename=\"{plain}\"; filename*=UTF-8''{}",
            utf8_percent_encode(name, EXTENDED)
        )
    }
}

/// Whether a browser may show a type in place. What it would run there (HTML, SVG, XML), and what it does not know, is
/// saved instead. So is PDF, which Chromium does not show under the sandbox every file is served with.
pub(super) fn shown_inline(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("image", kind)) => !kind.contains("svg") && !kind.ends_with("xml"),
        Some(("audio" | "video", _)) => true,
        _ => matches!(essence.as_str(), "text/plain" | "application/json"),
    }
}

#[cfg(test)]
mod tests {
    use super::{disposition, shown_inline};

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(
            disposition(false, "a b.txt"),
            "inline; filename=\"a b.txt\""
        );
        assert_eq!(
            disposition(true, "a\"; x=\"y.txt"),
            "attachment; filename=\"a_; x=_y.txt\"; filename*=UTF-8''a%22%3B%20x%3D%22y.txt"
        );
        assert_eq!(
            disposition(true, "ü%41.txt"),
            "attachment; filename=\"__41.txt\"; filename*=UTF-8''%C3%BC%2541.txt"
        );
        assert_eq!(
            disposition(true, "a\r\nb"),
            "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"
        );
    }

    #[test]
    fn what_carries_script_is_not_shown_inline() {
        for saved in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "image/svg+xml",
            "text/xml",
            "application/xhtml+xml",
            "application/pdf",
            "x",
        ] {
            assert!(!shown_inline(saved), "{saved}");
        }
        for shown in ["image/png", "video/mp4", "text/plain; charset=utf-8"] {
            assert!(shown_inline(shown), "{shown}");
        }
    }
}
