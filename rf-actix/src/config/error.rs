//! One line that says where, which key, and what to write instead.

use serde_path_to_error::Path;

/// A configuration that cannot be used, told in one line.
///
/// Its `Display` is `<where>: <key>: <what is wrong and what to write>`; a program that meets one at start prints
/// it and ends with exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{message}", part(.origin), part(.key))]
pub struct ConfigError {
    origin: String,
    key: String,
    message: String,
}

fn part(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}: ")
    }
}

impl ConfigError {
    /// An error of `key` (written with dots, `server.bind`), before it is known where the key was set.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        // What a library says may hold line breaks; the promise is one line.
        let message = message
            .into()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        Self {
            origin: String::new(),
            key: key.into(),
            message,
        }
    }

    /// The same error, with the file or variable that the key was read from.
    #[must_use]
    pub fn at(mut self, origin: impl Into<String>) -> Self {
        self.origin = origin.into();
        self
    }

    /// The key the error is about, written with dots; empty if it is the file as a whole.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn has_origin(&self) -> bool {
        !self.origin.is_empty()
    }

    /// The error of a failed deserialization at `path`.
    pub(super) fn from_serde(path: &Path, error: &toml::de::Error) -> Self {
        let path = path.to_string();
        let path = if path == "." { String::new() } else { path };
        let message = error.message().trim().to_owned();
        match Unknown::parse(&message) {
            Some(unknown) => unknown.refusal(&path),
            None => Self::new(path, in_plain_words(&message).unwrap_or(message)),
        }
    }
}

/// What to write instead, for serde's words about a value of the wrong kind. The value is not repeated: it may be
/// a secret.
fn in_plain_words(message: &str) -> Option<String> {
    if message.starts_with("invalid IP address syntax") {
        return Some("not an IP address, write one, for example \"10.0.0.1\"".to_owned());
    }
    if let Some(rest) = message.strip_prefix("unknown variant `") {
        let (name, known) = rest.split_once("`, expected ")?;
        return Some(format!("`{name}` is not known here, write {known}"));
    }
    if let Some(rest) = message.strip_prefix("missing field `") {
        let name = rest.strip_suffix('`')?;
        return Some(format!("`{name}` is missing, write it here"));
    }
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (_, expected) = rest.rsplit_once(", expected ")?;
    let wanted = match expected {
        "a boolean" => "true or false",
        "a string" => "text in quotes, for example \"name\"",
        "a sequence" => "a list, for example [\"10.0.0.1\"]",
        "usize" | "u8" | "u16" | "u32" | "u64" => "a number, for example 2",
        "IpAddr" => "an IP address, for example \"10.0.0.1\"",
        "a map" => "a table, for example { ttl = \"1h\" }",
        table if table.starts_with("struct ") || table.contains(" enum ") => {
            "a table, for example { ttl = \"1h\" }"
        }
        other => other,
    };
    Some(format!("a value of another kind is needed, write {wanted}"))
}

/// serde's words for a key that no section has: ``unknown field `bnd`, expected one of `bind`, `workers` ``.
struct Unknown<'a> {
    name: &'a str,
    known: Vec<&'a str>,
}

impl<'a> Unknown<'a> {
    fn parse(message: &'a str) -> Option<Self> {
        let rest = message.strip_prefix("unknown field `")?;
        let (name, rest) = rest.split_once('`')?;
        let known = rest.split('`').skip(1).step_by(2).collect();
        Some(Self { name, known })
    }

    fn refusal(&self, path: &str) -> ConfigError {
        let key = match path {
            _ if path == self.name || path.ends_with(&format!(".{}", self.name)) => path.to_owned(),
            "" => self.name.to_owned(),
            parent => format!("{parent}.{}", self.name),
        };
        let near = self
            .known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, self.name), known))
            .filter(|(distance, _)| *distance <= 2.max(self.name.len() / 3))
            .min();
        let known = self.known.join(", ");
        match near {
            Some((_, near)) => ConfigError::new(
                key,
                format!("unknown key, did you mean `{near}`? (known here: {known})"),
            ),
            None if known.is_empty() => ConfigError::new(key, "unknown key, remove it"),
            None => ConfigError::new(key, format!("unknown key, remove it (known here: {known})")),
        }
    }
}
