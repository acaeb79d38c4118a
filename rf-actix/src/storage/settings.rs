//! The `[storage]` section of a configuration.

use super::{options::Visibility, secret::Secret};
use serde::{Deserialize, Deserializer};
use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

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
    /// How far past its expiry a signed link is still taken, where the clocks of several hosts differ. Left out: not at
    /// all.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub clock_skew: Duration,
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
    /// Who may read the files of a `local` disk (on the host) or of an `s3` disk (by an ACL) that do not say so
    /// themselves: `private` or `public`.
    #[serde(default)]
    pub visibility: Option<Visibility>,
    /// The bucket of an `s3` disk.
    #[serde(default)]
    pub bucket: Option<String>,
    /// The region of the bucket.
    #[serde(default)]
    pub region: Option<String>,
    /// The address of a service other than AWS, for example `http://127.0.0.1:9000`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The id of the key; left out, keys are looked for where AWS tools look.
    #[serde(default)]
    pub access_key: Option<Secret>,
    /// The key; better in a variable than in a file.
    #[serde(default)]
    pub secret_key: Option<Secret>,
    /// What goes with a key that was lent for a while.
    #[serde(default)]
    pub session_token: Option<Secret>,
    /// The profile of the credentials file to take the keys from.
    #[serde(default)]
    pub profile: Option<String>,
    /// Whether the bucket stands in the path of an address.
    #[serde(default)]
    pub path_style: Option<bool>,
    /// How much of a large file travels in one request, for example `8MiB`.
    #[serde(
        default,
        deserialize_with = "crate::setting::size::option::deserialize"
    )]
    pub part_size: Option<u64>,
    /// How many parts of one file travel at once.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// Whether the service weighs the conditions of a write; AWS does.
    #[serde(default)]
    pub conditions: Option<bool>,
    /// How often a request is tried.
    #[serde(default)]
    pub attempts: Option<u32>,
    /// How long a request may take with all its attempts.
    #[serde(
        default,
        deserialize_with = "crate::setting::duration::option::deserialize"
    )]
    pub deadline: Option<Duration>,
    /// The disk that a `scoped` or `read-only` disk shows.
    #[serde(default)]
    pub disk: Option<String>,
    /// The folder of it that a `scoped` disk shows.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The disk that a `fallback` disk writes to while it can be reached.
    #[serde(default)]
    pub primary: Option<String>,
    /// The disk that keeps what waits for the primary one.
    #[serde(default)]
    pub secondary: Option<String>,
    /// For development: where an `s3` disk keeps its files while nothing says where its keys are. `local` is all that can
    /// be written, and means the folder `root`; the start says so loudly.
    #[serde(default)]
    pub fallback: Option<Driver>,
    /// What a driver of your own wants to know.
    #[serde(default)]
    pub options: BTreeMap<String, serde_json::Value>,
}

/// Where the files of a disk are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driver {
    /// In memory, gone at the end of the process.
    #[default]
    Memory,
    /// In a folder of the host.
    Local,
    /// In a bucket of S3, or of what speaks like it.
    S3,
    /// In a folder of another disk.
    Scoped,
    /// On another disk, where they are only read.
    ReadOnly,
    /// On a primary disk, and on a secondary one while the primary cannot be reached.
    Fallback,
    /// Where a driver of the application keeps them, see [`DisksBuilder::driver`](super::DisksBuilder::driver).
    Other(String),
}

impl Driver {
    /// The name in the configuration.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Memory => "memory",
            Self::Local => "local",
            Self::S3 => "s3",
            Self::Scoped => "scoped",
            Self::ReadOnly => "read-only",
            Self::Fallback => "fallback",
            Self::Other(name) => name,
        }
    }
}

impl<'de> Deserialize<'de> for Driver {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let known = [
            Self::Memory,
            Self::Local,
            Self::S3,
            Self::Scoped,
            Self::ReadOnly,
            Self::Fallback,
        ];
        let found = known.into_iter().find(|driver| driver.as_str() == name);
        Ok(found.unwrap_or(Self::Other(name)))
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
            ("[disks.a]\ndriver = \"ftp\"", "there is no driver \"ftp\""),
            ("[disks.a]\ndriver = \"scoped\"", "disks.a.disk"),
            (
                "[disks.a]\ndriver = \"read-only\"\ndisk = \"b\"",
                "disks.a.disk: there is no disk \"b\"",
            ),
            (
                "[disks.a]\ndriver = \"read-only\"\ndisk = \"a\"",
                "disks.a.disk: \"a\" is made of itself",
            ),
            (
                "[disks.a]\ndriver = \"memory\"\n[disks.b]\ndriver = \"scoped\"\ndisk = \"a\"\nprefix = \"../x\"",
                "disks.b.prefix",
            ),
            ("[disks.a]\ndriver = \"fallback\"", "disks.a.primary"),
            (
                "[disks.a]\ndriver = \"local\"\nroot = \"x\"\nprefix = \"y\"",
                "disks.a.prefix: means nothing to the driver \"local\", leave it out",
            ),
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
            (
                "[disks.a]\ndriver = \"memory\"\nbucket = \"x\"",
                "disks.a.bucket",
            ),
            ("[disks.a]\ndriver = \"memory\"\nbuckett = \"x\"", "buckett"),
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
