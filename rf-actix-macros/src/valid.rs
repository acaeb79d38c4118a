//! What a literal may say: the rules that turn a typo into a compile error.
//!
//! Every function answers with the text of the complaint; where it stands in the source is the caller's business.

/// The placeholder that ends a wildcard scope.
const WILDCARD: &str = ":*";

/// A required scope: a scope token (RFC 6749 §3.3), or a family of them such as `files:*`.
pub(crate) fn scope(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("a scope cannot be empty".into());
    }
    if text.contains(' ') {
        return Err(format!(
            "`{text}` holds a space, which separates scopes: write all({list}) or any({list})",
            list = text
                .split_whitespace()
                .map(|scope| format!("\"{scope}\""))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    // scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    if let Some(bad) = text
        .chars()
        .find(|c| !matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
    {
        return Err(format!(
            "a scope cannot hold {bad:?}: only printable ASCII without space, quote and backslash (RFC 6749 §3.3)"
        ));
    }
    let stem = text.strip_suffix(WILDCARD).unwrap_or(text);
    if stem.contains('*') || stem.is_empty() {
        return Err(format!(
            "`{text}` has its `*` in the wrong place: a wildcard stands alone after the last colon, as in `files:*`"
        ));
    }
    Ok(())
}

/// The name of a disk, as `[storage.disks.<name>]` has it.
pub(crate) fn disk_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("a disk's name cannot be empty".into());
    }
    match text
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
    {
        Some(bad) => Err(format!(
            "a disk's name cannot hold {bad:?}: only ASCII letters, digits, `-` and `_`"
        )),
        None => Ok(()),
    }
}

/// A number of bytes, such as `5MiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let complaint = || {
        format!(
            "`{text}` is not a size, write for example \"64KiB\", \"5MiB\" or a number of bytes"
        )
    };
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| complaint())?;
    let unit = text[digits.len()..].trim_start().to_ascii_lowercase();
    let factor: u64 = match unit.as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1000_u64.pow(2),
        "gb" => 1000_u64.pow(3),
        "tb" => 1000_u64.pow(4),
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(complaint()),
    };
    match number.checked_mul(factor) {
        Some(0) => Err("a limit of no bytes refuses every upload".into()),
        Some(bytes) => Ok(bytes),
        None => Err(format!("`{text}` does not fit in 64 bits")),
    }
}

/// A comma-separated list of media types (RFC 9110 §8.3.1), each possibly a range such as `image/*`.
pub(crate) fn media_types(text: &str) -> Result<Vec<String>, String> {
    text.split(',')
        .map(|range| {
            let range = range.trim();
            let right = range.split_once('/').is_some_and(|(kind, subtype)| {
                (kind == "*" && subtype == "*" || is_token(kind))
                    && (subtype == "*" || is_token(subtype))
            });
            if right {
                Ok(range.to_ascii_lowercase())
            } else {
                Err(format!(
                    "`{range}` is not a media type, write for example \"image/*\" or \"image/png, application/pdf\""
                ))
            }
        })
        .collect()
}

/// A token (RFC 9110 §5.6.2), less the star, which is a wildcard here.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte))
}

/// The most pixels of a side.
pub(crate) fn pixels(number: u32) -> Result<u32, String> {
    match number {
        0 => Err("a limit of no pixels refuses every image".into()),
        number => Ok(number),
    }
}

/// How uploads are named; answers with the variant of `rf::storage::Naming`.
pub(crate) fn naming(text: &str) -> Result<&'static str, String> {
    match text {
        "hash" => Ok("Hash"),
        "uuid" => Ok("Uuid"),
        "original" => Ok("Original"),
        "dated" => Ok("Dated"),
        _ => Err(format!(
            "unknown naming `{text}`, write \"hash\", \"uuid\", \"dated\" or \"original\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_token_of_rfc_6749_or_a_family_of_them() {
        for right in [
            "read",
            "files:read",
            "files:*",
            "a:b:*",
            "https://x/y",
            "!#[]~",
        ] {
            assert_eq!(scope(right), Ok(()), "{right}");
        }
        for wrong in [
            "", " ", "a b", "a\"b", "a\\b", "é", "a\tb", "\u{7f}", "*", ":*", "f*s", "*:read",
            "a:*:b", "files*",
        ] {
            assert!(scope(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_scopes_in_one_literal_are_answered_with_what_to_write() {
        let complaint = scope("files:read files:write").err().unwrap_or_default();
        assert!(
            complaint.contains(r#"all("files:read", "files:write")"#),
            "{complaint}"
        );
    }

    #[test]
    fn a_size_has_decimal_and_binary_units() {
        assert_eq!(size("5"), Ok(5));
        assert_eq!(size("5B"), Ok(5));
        assert_eq!(size("5 MiB"), Ok(5 << 20));
        assert_eq!(size("5mb"), Ok(5_000_000));
        assert_eq!(size("1TiB"), Ok(1 << 40));
        for wrong in [
            "",
            "MiB",
            "5 apples",
            "-5",
            "1.5MiB",
            "0",
            "0KiB",
            "99999999TiB",
            "5éé",
        ] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn media_types_are_split_and_may_be_ranges() {
        assert_eq!(
            media_types("Image/*, application/pdf"),
            Ok(vec!["image/*".to_owned(), "application/pdf".to_owned()])
        );
        assert!(media_types("*/*").is_ok());
        for wrong in [
            "",
            "image",
            "image/",
            "/png",
            "*/png",
            "image/p*g",
            "image/png,",
            "a b/c",
        ] {
            assert!(media_types(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_disk_is_named_like_its_settings_table() {
        assert_eq!(disk_name("user-avatars_2"), Ok(()));
        assert!(disk_name("").is_err());
        assert!(disk_name("a/b").is_err());
        assert!(disk_name("a.b").is_err());
    }

    #[test]
    fn an_unknown_naming_is_answered_with_the_known_ones() {
        assert_eq!(naming("hash"), Ok("Hash"));
        assert_eq!(naming("dated"), Ok("Dated"));
        assert!(naming("Hash").is_err_and(|complaint| complaint.contains("\"uuid\"")));
    }
}
