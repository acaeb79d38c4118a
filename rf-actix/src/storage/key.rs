//! `Key`: the validated name of a file on a disk, and `Prefix`: the folders a key may start with.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::{borrow::Borrow, fmt, str::FromStr};

/// The longest key, in bytes: the bound S3 sets.
const MAX_KEY: usize = 1024;
/// The longest segment, in bytes: the bound of Linux file systems.
const MAX_SEGMENT: usize = 255;
/// Names the backends use for themselves.
const RESERVED: &str = ".rf-";

/// What must be escaped in the path of a URL (RFC 3986 §3.3: `pchar` and `/` stand for themselves).
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'+');

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key {reason}")]
#[non_exhaustive]
pub struct InvalidKey {
    /// What is wrong with it, as the rest of a sentence.
    pub reason: &'static str,
}

/// The name of a file on a disk: segments parted by `/`, never absolute, never climbing.
///
/// What a key must not hold is refused, never repaired: empty, `.` and `..` segments, a leading or trailing `/`,
/// `\`, control characters, drive letters, device names (`NUL`, `com1.txt`), a trailing dot or space, and names
/// starting with `.rf-`, which the backends keep for themselves. Nothing is trimmed or normalised, so two
/// spellings are two keys. Keys are at most 1024 bytes long, a segment at most 255.
///
/// ```
/// use rf::storage::Key;
///
/// let key: Key = "reports/2026 (final).pdf".parse()?;
/// assert_eq!(key.name(), "2026 (final).pdf");
/// assert!("../etc/passwd".parse::<Key>().is_err());
/// # Ok::<(), rf::storage::InvalidKey>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Reads a key as it is written.
    ///
    /// # Errors
    /// [`InvalidKey`] says what it holds that no key may.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidKey> {
        let text = text.into();
        check(&text).map_err(|reason| InvalidKey { reason })?;
        Ok(Self(text))
    }

    /// Reads a key from the raw tail of a request path, undoing percent-encoding exactly once (RFC 3986 §2.4).
    ///
    /// `%2F` never becomes a separator and `%2e%2e` is as much a `..` as the plain one. Hand in what the client
    /// sent: actix-web's `match_info` has undone a part of the encoding already, which cannot be told apart
    /// afterwards. [`request_key`](super::request_key) finds the raw tail of a request.
    ///
    /// # Errors
    /// [`InvalidKey`], also for a broken escape and for bytes that are not UTF-8.
    pub fn from_encoded(tail: &str) -> Result<Self, InvalidKey> {
        let invalid = |reason| InvalidKey { reason };
        let mut decoded = String::with_capacity(tail.len());
        for (index, segment) in tail.split('/').enumerate() {
            if !escapes_are_whole(segment) {
                return Err(invalid("holds a broken percent escape"));
            }
            let segment = percent_decode_str(segment)
                .decode_utf8()
                .map_err(|_| invalid("is not UTF-8"))?;
            if segment.contains('/') {
                return Err(invalid("holds an escaped separator"));
            }
            if index > 0 {
                decoded.push('/');
            }
            decoded.push_str(&segment);
        }
        Self::parse(decoded)
    }

    /// A key for a file whose name is known only at the end, to begin a [`Writer`](super::Writer) with: a new one each
    /// time, which nobody can ask for and no listing shows.
    #[must_use]
    pub fn provisional() -> Self {
        Self(format!("{RESERVED}staged/{}", uuid::Uuid::now_v7()))
    }

    #[cfg(feature = "s3")]
    pub(super) fn is_provisional(&self) -> bool {
        self.segments().any(|segment| segment.starts_with(RESERVED))
    }

    /// The key as the path of a URL, without a leading slash.
    #[must_use]
    pub fn to_encoded(&self) -> String {
        utf8_percent_encode(&self.0, PATH).to_string()
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment: the name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The segments before the last one, empty for a key without folders.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The segments, in order.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

/// The folders a key starts with: nothing, or whole segments.
///
/// `uploads` and `uploads/` are the same prefix; neither is one of `uploads-old/x`. Glob characters mean
/// themselves.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// Reads a prefix; the empty one stands for the whole disk.
    ///
    /// # Errors
    /// [`InvalidKey`] for what [`Key::parse`] refuses, save one trailing `/`.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            return Ok(Self::default());
        }
        Key::parse(text).map(|key| Self(key.0))
    }

    /// The folder of a name that came from outside (a user, a client): one segment, and never that of another name.
    ///
    /// Letters, digits, `-` and `_` stand for themselves, any other byte becomes `=` and two hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidKey`] for an empty name and for one whose folder would be longer than 255 bytes.
    pub fn for_name(name: &str) -> Result<Self, InvalidKey> {
        let mut folder = String::with_capacity(name.len());
        // A device name stays one whatever follows, so its first letter is escaped.
        let device = is_device(name);
        for (index, byte) in name.bytes().enumerate() {
            let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if plain && !(device && index == 0) {
                folder.push(char::from(byte));
            } else {
                folder.push_str(&format!("={byte:02x}"));
            }
        }
        Key::parse(folder).map(|key| Self(key.0))
    }

    /// The prefix, without a trailing slash; empty for the whole disk.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this stands for the whole disk.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key beneath this prefix.
    ///
    /// # Errors
    /// [`InvalidKey`] when both together are too long.
    pub fn join(&self, key: &Key) -> Result<Key, InvalidKey> {
        if self.is_empty() {
            return Ok(key.clone());
        }
        // All segments were looked at; a provisional key is beneath the prefix what it was.
        let joined = format!("{}/{}", self.0, key.0);
        check_length(&joined).map_err(|reason| InvalidKey { reason })?;
        Ok(Key(joined))
    }

    /// The prefix beneath this one.
    ///
    /// # Errors
    /// [`InvalidKey`] when both together are too long.
    pub fn nest(&self, inner: &Self) -> Result<Self, InvalidKey> {
        match (self.is_empty(), inner.is_empty()) {
            (true, _) => Ok(inner.clone()),
            (_, true) => Ok(self.clone()),
            _ => Self::parse(&format!("{}/{}", self.0, inner.0)),
        }
    }

    /// The rest of a key beneath this prefix; `None` for a key that is not beneath it.
    #[must_use]
    pub fn strip(&self, key: &Key) -> Option<Key> {
        if self.is_empty() {
            return Some(key.clone());
        }
        let rest = key.0.strip_prefix(&self.0)?.strip_prefix('/')?;
        Some(Key(rest.to_owned()))
    }

    /// The folder right beneath this prefix that the key lies in; `None` for a key that lies in none.
    #[must_use]
    pub fn folder_of(&self, key: &Key) -> Option<Self> {
        let rest = match self.is_empty() {
            true => key.as_str(),
            false => key.0.strip_prefix(&self.0)?.strip_prefix('/')?,
        };
        let (folder, _) = rest.split_once('/')?;
        let end = key.0.len() - rest.len() + folder.len();
        Some(Self(key.0[..end].to_owned()))
    }

    /// Whether the key is beneath this prefix.
    #[must_use]
    pub fn holds(&self, key: &Key) -> bool {
        self.is_empty()
            || key
                .0
                .strip_prefix(&self.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    check_length(text)?;
    text.split('/').try_for_each(check_segment)
}

fn check_length(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_KEY {
        return Err("is longer than 1024 bytes");
    }
    Ok(())
}

fn check_segment(segment: &str) -> Result<(), &'static str> {
    let bytes = segment.as_bytes();
    match segment {
        "" => return Err("holds an empty segment or starts or ends with a slash"),
        "." | ".." => return Err("holds a segment of dots"),
        _ => {}
    }
    if bytes.len() > MAX_SEGMENT {
        return Err("holds a segment longer than 255 bytes");
    }
    if segment.chars().any(char::is_control) {
        return Err("holds a control character");
    }
    if segment.contains('\\') {
        return Err("holds a backslash");
    }
    if segment.ends_with(['.', ' ']) {
        return Err("holds a segment ending in a dot or a space");
    }
    if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        return Err("holds a drive letter");
    }
    if is_device(segment) {
        return Err("holds the name of a device");
    }
    if segment
        .get(..RESERVED.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
    {
        return Err("holds a name starting with \".rf-\", which is reserved");
    }
    Ok(())
}

/// The names Windows keeps for devices, whatever extension follows: a file copied there must not become one.
fn is_device(segment: &str) -> bool {
    let stem = segment
        .split(['.', ':'])
        .next()
        .unwrap_or(segment)
        .trim_end();
    let is = |name: &str| stem.eq_ignore_ascii_case(name);
    if ["con", "prn", "aux", "nul", "conin$", "conout$"]
        .into_iter()
        .any(is)
    {
        return true;
    }
    let mut chars = stem.chars().rev();
    chars
        .next()
        .is_some_and(|last| matches!(last, '0'..='9' | '¹' | '²' | '³'))
        && ["moc", "tpl"].into_iter().any(|name| {
            chars
                .clone()
                .map(|c| c.to_ascii_lowercase())
                .eq(name.chars())
        })
}

fn escapes_are_whole(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = InvalidKey;
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Key {
    type Error = InvalidKey;
    fn try_from(text: &str) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;
    fn try_from(text: String) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

impl TryFrom<&String> for Key {
    type Error = InvalidKey;
    fn try_from(text: &String) -> Result<Self, InvalidKey> {
        Self::parse(text.as_str())
    }
}

impl From<&Self> for Key {
    fn from(key: &Self) -> Self {
        key.clone()
    }
}

impl TryFrom<&str> for Prefix {
    type Error = InvalidKey;
    fn try_from(text: &str) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

impl TryFrom<&String> for Prefix {
    type Error = InvalidKey;
    fn try_from(text: &String) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
