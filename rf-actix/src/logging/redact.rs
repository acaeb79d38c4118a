//! Secrets do not reach a line: by the key of a value, and by what a text looks like.
//!
//! A value under a telling key (`password`, `client_secret`, `X-Api-Key`, …) is replaced as a whole, also deep
//! inside nested values. Inside texts the same names give away `name=value`, `"name": "value"` and header lines,
//! and URLs lose their userinfo and the parameters that carry credentials (RFC 6750 section 5.3 and RFC 9700
//! section 4.3.2 tell why they end up in logs).

mod sql;
mod value;

pub(crate) use self::sql::sql;
use self::value::{Before, value};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// What is written instead of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Words that make any key with them a secret: `password_hash`, `clientSecret`, `Set-Cookie`.
const WORDS: [&str; 13] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "token",
    "authorization",
    "cookie",
    "cookies",
    "credential",
    "credentials",
];

/// `key` is a secret only after one of these: `X-Api-Key`, `private_key`.
const KEY_KINDS: [&str; 6] = [
    "api",
    "private",
    "access",
    "secret",
    "signing",
    "encryption",
];

/// Of keys with the word `token`, those that say something about one without holding it.
const HARMLESS_AFTER_TOKEN: [&str; 6] = ["type", "endpoint", "count", "ttl", "format", "kind"];

/// Credentials only as parameters of a URL or a form; as a word in a sentence they are harmless (`code=404`).
const PARAMETERS: [&str; 8] = [
    "code",
    "code_verifier",
    "assertion",
    "client_assertion",
    "id_token_hint",
    "signature",
    "x-amz-signature",
    "sig",
];

/// How far the end of a userinfo is looked for that should have been encoded, in bytes.
const LONGEST_USERINFO: usize = 256;

/// What is replaced: the names above, and those an application adds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor(Option<Arc<[String]>>);

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Redactor {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self((!names.is_empty()).then(|| names.into()))
    }

    /// Whether values under this key are replaced.
    pub(crate) fn is_secret_key(&self, key: &str) -> bool {
        is_secret_key(key) || self.is_added(key)
    }

    /// Whether an application added this name.
    #[inline]
    pub(crate) fn is_added(&self, key: &str) -> bool {
        match &self.0 {
            None => false,
            Some(names) => names.iter().any(|name| name.eq_ignore_ascii_case(key)),
        }
    }
}

/// Whether values under this key are replaced, whatever an application adds.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let mut previous = "";
    let mut token = false;
    for word in words(key) {
        let is = |known: &&str| word.eq_ignore_ascii_case(known);
        if token && HARMLESS_AFTER_TOKEN.iter().any(&is) {
            return false;
        }
        token = word.eq_ignore_ascii_case("token");
        if !token && WORDS.iter().any(is) {
            return true;
        }
        let kind = |known: &&str| previous.eq_ignore_ascii_case(known);
        if word.eq_ignore_ascii_case("apikey")
            || word.eq_ignore_ascii_case("key") && KEY_KINDS.iter().any(kind)
        {
            return true;
        }
        if previous.eq_ignore_ascii_case("token") {
            return true;
        }
        previous = word;
    }
    token
}

/// `clientSecret`, `client_secret` and `Client-Secret` are all `client`, `secret`; `DBSecret2` is `DB`, `Secret`, `2`.
fn words(key: &str) -> impl Iterator<Item = &str> {
    let bytes = key.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        while start < bytes.len() && !bytes[start].is_ascii_alphanumeric() {
            start += 1;
        }
        if start >= bytes.len() {
            return None;
        }
        let mut end = start + 1;
        while end < bytes.len() && bytes[end].is_ascii_alphanumeric() && !begins_word(bytes, end) {
            end += 1;
        }
        // Only ASCII bytes lie between, so both ends are character boundaries.
        let word = key.get(start..end);
        start = end;
        word
    })
}

/// Whether a word begins at this letter or digit, which has one before it.
fn begins_word(bytes: &[u8], at: usize) -> bool {
    let (before, here) = (bytes[at - 1], bytes[at]);
    let capital = here.is_ascii_uppercase();
    before.is_ascii_digit() != here.is_ascii_digit()
        || capital && before.is_ascii_lowercase()
        || capital && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase)
}

impl Redactor {
    /// Replaces what is secret inside a nested value.
    pub(crate) fn nested(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.text(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.nested(item)),
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    if self.is_secret_key(key) {
                        if !value.is_null() && !value.is_boolean() {
                            *value = Value::String(REDACTED.to_owned());
                        }
                    } else {
                        self.nested(value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces what is secret inside a text; borrows when there is nothing to replace.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut clean: Option<String> = None;
        let mut copied = 0;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let Some(next) = bytes[at..]
                .iter()
                .position(|byte| matches!(byte, b':' | b'=' | b' '))
            else {
                break;
            };
            at += next;
            let secret = match bytes[at] {
                b':' if bytes[at..].starts_with(b"://") => userinfo(text, at + 3),
                b':' | b'=' => self.named(text, at),
                b' ' => scheme(text, at),
                _ => None,
            };
            at += 1;
            if let Some((start, end)) = secret
                && start >= copied
                && start < end
            {
                let out = clean.get_or_insert_with(|| String::with_capacity(text.len()));
                out.push_str(&text[copied..start]);
                out.push_str(REDACTED);
                copied = end;
                at = at.max(end);
            }
        }
        match clean {
            None => Cow::Borrowed(text),
            Some(mut out) => {
                out.push_str(&text[copied..]);
                Cow::Owned(out)
            }
        }
    }

    /// The value after the `=` or `:` at `at`, when the name before it is that of a secret.
    fn named(&self, text: &str, at: usize) -> Option<(usize, usize)> {
        let before = text[..at].trim_end_matches(' ');
        let quoted_name = before.ends_with(['"', '\'']);
        let name_end = before.trim_end_matches(['"', '\'', '\\']).len();
        let name = &before[..name_end];
        let name = &name[name
            .rfind(|c: char| !is_name(c))
            .map_or(0, |i| i + char_len(name, i))..];
        if name.is_empty() {
            return None;
        }
        let assigned = text.as_bytes()[at] == b'=';
        let parameter = assigned && is_parameter(name, &before[..name_end - name.len()]);
        if !parameter && !self.is_secret_key(name) {
            return None;
        }
        let before = Before {
            text: &text[..=at],
            header: (!assigned && !quoted_name && is_header(name)).then_some(name),
            // In a sentence `token: x` is more often a parser's message than a credential.
            delimited: !assigned && !quoted_name && name.eq_ignore_ascii_case("token"),
        };
        let found = value(&before, &text[at + 1..])?;
        Some((at + 1 + found.start, at + 1 + found.end))
    }
}

/// `user:password` of a URL whose authority starts here (RFC 3986 section 3.2.1).
fn userinfo(text: &str, start: usize) -> Option<(usize, usize)> {
    let rest = &text[start..];
    let ends = |c: char| matches!(c, '"' | '\'' | '<' | '>') || c.is_whitespace();
    let authority = rest
        .find(|c| matches!(c, '/' | '?' | '#') || ends(c))
        .map_or(rest, |end| &rest[..end]);
    let end = authority.rfind('@').or_else(|| {
        // What is no port is a password, with something in it that should have been encoded.
        let (host, port) = authority.split_once(':')?;
        if host.starts_with('[') || port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Not to the end of whatever somebody wrote, for each of its addresses.
        let near = &rest[..rest.floor_char_boundary(LONGEST_USERINFO)];
        near.find(ends).map_or(near, |end| &near[..end]).find('@')
    });
    end.map(|at| (start, start + at))
}

/// The credentials after `Bearer` or `Basic` (RFC 6750 section 2.1, RFC 7617 section 2).
fn scheme(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = &text.as_bytes()[..at];
    let is_last_word = |word: &[u8]| {
        before
            .split_at_checked(at.wrapping_sub(word.len()))
            .is_some_and(|(rest, last)| {
                last.eq_ignore_ascii_case(word) && !rest.last().is_some_and(u8::is_ascii_alphabetic)
            })
    };
    if !is_last_word(b"bearer") && !is_last_word(b"basic") {
        return None;
    }
    let rest = &text[at + 1..];
    let length = rest
        .find(|c: char| {
            !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=')
        })
        .unwrap_or(rest.len());
    // Shorter runs are words: "bearer token", "basic auth".
    (length >= 12).then_some((at + 1, at + 1 + length))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Whether this is a parameter with credentials, of a URL, a form, or a query as actix shows it: `?"code=…"`.
fn is_parameter(name: &str, before: &str) -> bool {
    (before.is_empty() || before.ends_with(['?', '&']) || before.ends_with("?\""))
        && PARAMETERS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
}

fn is_header(name: &str) -> bool {
    words(name).any(|word| {
        word.eq_ignore_ascii_case("authorization") || word.eq_ignore_ascii_case("cookie")
    })
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests;
