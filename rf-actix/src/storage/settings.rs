//! The `[storage]` section of a configuration.

use super::options::Visibility;
use serde::{Deserialize, Deserializer, de::Error};
use std::{collections::BTreeMap, fmt, path::PathBuf};

/// The `[storage]` section of a configuration.
///
/// ```
/// use rf::storage::StorageSettings;
///
/// let settings: StorageSettings = serde_json::from_str(r#"{
///     "default": "drive",
///     "disks": { "drive": { "driver": "local", "root": "var/drive", "serve": "/files", "max_size": "5GiB" } }
/// }"#)?;
/// assert_eq!(settings.disks["drive"].max_size, Some(5 << 30));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageSettings {
    /// The disk for those who name none; may be left out when there is only one.
    pub default: Option<String>,
    /// Signs the links of served disks; left out, the application hands one in.
    pub url_key: Option<UrlKeySetting>,
    /// The disks, by name.
    pub disks: BTreeMap<String, DiskSettings>,
}

/// The secret that signs links, as it is written. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct UrlKeySetting(String);

impl UrlKeySetting {
    /// From text.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The bytes of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for UrlKeySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlKeySetting(…)")
    }
}

/// A `[storage.disks.NAME]` section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSettings {
    /// Where the files are. Must be written.
    pub driver: Driver,
    /// The folder of a `local` disk.
    #[serde(default)]
    pub root: Option<PathBuf>,
    /// The path of signed links, for example `/files`; left out, the disk has none.
    #[serde(default)]
    pub serve: Option<String>,
    /// Where public files are found by everybody, for example `https://cdn.example.com`; see
    /// [`StorageExt::url`](super::StorageExt::url).
    #[serde(default)]
    pub url: Option<String>,
    /// The most bytes a file may have, for example `5GiB`.
    #[serde(
        default,
        deserialize_with = "crate::setting::size::option::deserialize"
    )]
    pub max_size: Option<u64>,
    /// Whether a write is on the medium before it is acknowledged; see
    /// [`LocalStorageBuilder::durable`](super::LocalStorageBuilder::durable) for why not.
    #[serde(default)]
    pub durable: bool,
    /// Who on the host may read the files of a `local` disk: `private` (left out) or `public`.
    #[serde(default)]
    pub visibility: Option<Visibility>,
}

/// Where the files of a disk are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driver {
    /// In memory, gone at the end of the process.
    #[default]
    Memory,
    /// In a folder of the host.
    Local,
}

impl<'de> Deserialize<'de> for Driver {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match String::deserialize(from)?.as_str() {
            "local" => Ok(Self::Local),
            "memory" => Ok(Self::Memory),
            planned @ ("s3" | "scoped" | "read-only" | "fallback") => {
                Err(D::Error::custom(format!(
                    "the driver {planned:?} is not supported yet, write \"local\" or \"memory\""
                )))
            }
            other => Err(D::Error::custom(format!(
                "unknown driver {other:?}, write \"local\" or \"memory\""
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::Disks;
    use super::StorageSettings;

    fn refusal(text: &str) -> String {
        match toml::from_str::<StorageSettings>(text) {
            Err(error) => error.message().to_owned(),
            Ok(settings) => Disks::from_settings(&settings, b"0123456789abcdef")
                .unwrap_err()
                .to_string(),
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (text, named) in [
            ("", "disks: "),
            ("nonsense = 1", "nonsense"),
            ("[disks.a]\ndriver = \"s3\"", "\"s3\" is not supported yet"),
            ("[disks.a]\ndriver = \"ftp\"", "unknown driver \"ftp\""),
            ("[disks.a]\nserve = \"/a\"", "driver"),
            ("[disks.a]\ndriver = \"local\"", "disks.a.root"),
            (
                "[disks.a]\ndriver = \"local\"\nroot = \"/dev/null/x\"",
                "disks.a.root",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nroot = \"x\"",
                "disks.a.root",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\ndurable = true",
                "disks.a.durable",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nvisibility = \"public\"",
                "disks.a.visibility",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nvisibility = \"some\"",
                "some",
            ),
            ("[disks.a]\ndriver = \"memory\"\nbucket = \"x\"", "bucket"),
            ("[disks.a]\ndriver = \"memory\"\nmax_size = \"big\"", "big"),
            (
                "[disks.a]\ndriver = \"memory\"\nserve = \"files\"",
                "disks.a.serve",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nserve = \"/\"",
                "disks.a.serve",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nserve = \"/f/\"",
                "disks.a.serve",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nserve = \"/f/../g\"",
                "disks.a.serve",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\nserve = \"/{x}\"",
                "disks.a.serve",
            ),
            (
                "default = \"b\"\n[disks.a]\ndriver = \"memory\"",
                "default: there is no disk \"b\"",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\n[disks.b]\ndriver = \"memory\"",
                "default: ",
            ),
            (
                "url_key = \"short\"\n[disks.a]\ndriver = \"memory\"\nserve = \"/f\"",
                "url_key",
            ),
            (
                "default = \"a\"\n[disks.a]\ndriver = \"memory\"\nserve = \"/f\"\n[disks.b]\ndriver = \"memory\"\nserve = \"/f/g\"",
                "disks.b.serve",
            ),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(named), "{text:?} said {refusal:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings: StorageSettings =
            toml::from_str("url_key = \"hush-hush-hush-hush\"").unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
