//! Where the browser goes after signing in: a path of this origin, nothing else.

/// A path with its query on the server's own origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo(String);

impl ReturnTo {
    /// The longest one kept: an authorization request with a long `state` fits.
    const LONGEST: usize = 8 * 1024;

    /// Accepts what every browser resolves to this origin (RFC 9700 §4.11: no open redirector).
    ///
    /// `//evil` is another host, and so is `/\evil` to a browser; control characters are removed by browsers before
    /// they look, so `/\t/evil` is `//evil`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('/')?;
        let foreign = rest.starts_with(['/', '\\']);
        let printable = text
            .bytes()
            .all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
        (!foreign && printable && text.len() <= Self::LONGEST).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_origin_is_kept_as_it_is() {
        for right in [
            "/",
            "/a",
            "/oauth/authorize?state=a%2Fb%00&x=//y",
            "/a//b",
            "/a#b",
        ] {
            assert_eq!(
                ReturnTo::parse(right).as_ref().map(ReturnTo::as_str),
                Some(right)
            );
        }
    }

    #[test]
    fn everything_that_could_leave_this_origin_is_refused() {
        for wrong in [
            "",
            "//evil",
            "/\\evil",
            "\\/evil",
            "https://evil",
            "https:evil",
            "javascript:alert(1)",
            "evil",
            " /a",
            "/\t/evil",
            "/\n/evil",
            "/a\r\nSet-Cookie: x",
            "/\0",
            "/é",
            "/a\\b",
            "/a b",
        ] {
            assert_eq!(ReturnTo::parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(9000))), None);
    }
}
