//! `Disks`: the disks of an application, by name.

use super::{
    disk::Disk,
    error::Error,
    event::{Event, Observer},
    key_file,
    open::{DriverFn, Opener},
    settings::{DiskSettings, Driver, StorageSettings},
    signed_url::{Clock, Signer, UrlKeys},
    storage::Storage,
    wrap::{Fallback, Observed},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

/// The disks of an application, by name. Cloning is cheap.
///
/// ```
/// use rf::storage::{Disks, MemoryStorage, StorageExt};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// let disks = Disks::builder().disk("notes", MemoryStorage::new()).build()?;
/// let notes = disks.disk("notes")?;
/// notes.put("today.txt", "milk").await?;
/// assert!(disks.default_disk().exists("today.txt").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Disks {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    disks: BTreeMap<String, Disk>,
    default: Disk,
    fallbacks: BTreeMap<String, Fallback>,
    /// The disks that have a fallback.
    primaries: BTreeSet<String>,
}

impl Disks {
    /// Begins a set of disks.
    #[must_use]
    pub fn builder() -> DisksBuilder {
        DisksBuilder::default()
    }

    /// The disks of a configuration. The key signs links; settings that hold one win.
    ///
    /// # Errors
    /// See [`DisksBuilder::build`].
    pub fn from_settings(settings: &StorageSettings, url_key: &[u8]) -> Result<Self, Error> {
        Self::builder()
            .url_key(url_key)
            .settings(settings.clone())
            .build()
    }

    /// The disk of a name.
    ///
    /// # Errors
    /// [`Error::Config`] names the disks there are.
    pub fn disk(&self, name: &str) -> Result<Disk, Error> {
        self.inner
            .disks
            .get(name)
            .cloned()
            .ok_or_else(|| unknown(name, &self.inner.disks))
    }

    /// The disk for those who name none.
    #[must_use]
    pub fn default_disk(&self) -> Disk {
        self.inner.default.clone()
    }

    /// All disks, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Disk> {
        self.inner.disks.values()
    }

    /// The disks of the driver `fallback`, by name, to look at their [`state`](Fallback::state) or to wait until they
    /// have [`settled`](Fallback::settled).
    pub fn fallbacks(&self) -> impl Iterator<Item = (&str, &Fallback)> {
        let fallbacks = self.inner.fallbacks.iter();
        fallbacks.map(|(name, fallback)| (name.as_str(), fallback))
    }

    /// Whether a disk of the driver `fallback` takes over for this one while it cannot be reached.
    #[must_use]
    pub fn has_fallback(&self, name: &str) -> bool {
        self.inner.primaries.contains(name)
    }

    /// The disk whose signed links a raw request path belongs to, and the raw rest of that path.
    pub(super) fn served<'p>(&self, path: &'p str) -> Option<(&Disk, &'p str)> {
        self.iter().find_map(|disk| {
            let tail = path.strip_prefix(disk.served_path()?)?.strip_prefix('/')?;
            Some((disk, tail))
        })
    }
}

/// Makes [`Disks`].
#[derive(Default)]
pub struct DisksBuilder {
    settings: StorageSettings,
    storages: BTreeMap<String, Arc<dyn Storage>>,
    drivers: BTreeMap<String, DriverFn>,
    url_keys: Vec<Vec<u8>>,
    url_key_file: Option<PathBuf>,
    base_url: String,
    observer: Option<Observer>,
    clock: Option<Clock>,
}

impl DisksBuilder {
    /// The disks of a configuration; its `url_key` goes before the keys given otherwise.
    #[must_use]
    pub fn settings(mut self, settings: StorageSettings) -> Self {
        self.settings = settings;
        self
    }

    /// A disk on a storage made elsewhere. A disk of that name in the settings takes its rules from there
    /// (`serve`, `max_size`), and its files from here.
    #[must_use]
    pub fn disk(mut self, name: impl Into<String>, storage: impl Storage) -> Self {
        self.storages.insert(name.into(), Arc::new(storage));
        self
    }

    /// A driver of your own, by the name disks ask for it with. It is handed the settings of a disk, where
    /// [`options`](DiskSettings::options) is its own.
    ///
    /// ```
    /// use rf::storage::{Disks, MemoryStorage, StorageSettings};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let settings: StorageSettings = serde_json::from_str(r#"{ "disks": { "notes": { "driver": "scratch" } } }"#)?;
    /// let disks = Disks::builder()
    ///     .driver("scratch", |_settings| Ok(Box::new(MemoryStorage::new())))
    ///     .settings(settings)
    ///     .build()?;
    /// assert_eq!(disks.default_disk().name(), "notes");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn driver(
        mut self,
        name: impl Into<String>,
        open: impl Fn(&DiskSettings) -> Result<Box<dyn Storage>, Error> + Send + Sync + 'static,
    ) -> Self {
        self.drivers.insert(name.into(), Arc::new(open));
        self
    }

    /// A key for signed links: the first one signs, all verify. At least 16 random bytes; an
    /// empty one is none.
    #[must_use]
    pub fn url_key(mut self, key: &[u8]) -> Self {
        if !key.is_empty() {
            self.url_keys.push(key.to_vec());
        }
        self
    }

    /// Where a key for signed links is kept when neither the settings nor [`url_key`](Self::url_key) give one: made at the first
    /// start, 256 random bits, readable by the owner only. So links outlive a restart.
    #[must_use]
    pub fn url_key_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.url_key_file = Some(file.into());
        self
    }

    /// Scheme and host signed links start with, for example `https://files.example.com`; left out, links are
    /// paths. The `Host` of a request never counts: a client writes it.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Is told of every operation on every disk, on the thread that ran it: it must not block.
    #[must_use]
    pub fn observer(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer::new(tell));
        self
    }

    /// Where the expiry of links takes the time from, for tests.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Opens all disks.
    ///
    /// # Errors
    /// [`Error::Config`] names the key of the settings and what to write; [`Error::Io`] when a folder cannot be
    /// opened.
    pub fn build(self) -> Result<Disks, Error> {
        let Self {
            settings,
            storages,
            drivers,
            mut url_keys,
            url_key_file,
            base_url,
            observer,
            clock,
        } = self;
        if let Some(key) = &settings.url_key {
            url_keys.insert(0, key.as_bytes().to_vec());
        }
        if let (true, Some(file)) = (url_keys.is_empty(), url_key_file) {
            url_keys.push(key_file::read_or_make(&file)?);
        }
        let base_url = base_url.trim_end_matches('/').to_owned();
        if !(base_url.is_empty()
            || base_url.starts_with("https://")
            || base_url.starts_with("http://"))
        {
            return Err(Error::Config(format!(
                "the base URL {base_url:?} must start with https:// or http://"
            )));
        }
        let clock = clock.unwrap_or_else(|| Arc::new(SystemTime::now));
        let mut disks = BTreeMap::new();
        let mut rules = settings.disks;
        for name in storages.keys() {
            rules.entry(name.clone()).or_default();
        }
        refuse_shared_paths(&rules)?;
        let mut opener = Opener::new(&rules, storages, &drivers);
        for (name, rule) in &rules {
            let disk: Arc<str> = name.as_str().into();
            let storage = opener.open(name)?;
            let storage = match &observer {
                Some(observer) => {
                    Arc::new(Observed::over(storage, Arc::clone(&disk), observer.clone()))
                }
                None => storage,
            };
            let signer = match &rule.serve {
                Some(serve) => Some(Signer {
                    disk: Arc::clone(&disk),
                    serve: serve.clone(),
                    base_url: base_url.clone(),
                    keys: UrlKeys::new(&url_keys)?,
                    clock: Arc::clone(&clock),
                    skew: settings.clock_skew,
                }),
                None => None,
            };
            let (max_size, url) = (opener.max_size(name), rule.url.clone());
            disks.insert(
                name.clone(),
                Disk::new(disk, storage, max_size, signer, url),
            );
        }
        let fallbacks = opener.fallbacks;
        let covering = rules
            .values()
            .filter(|rule| rule.driver == Driver::Fallback);
        let primaries = covering.filter_map(|rule| rule.primary.clone()).collect();
        let default = match (&settings.default, disks.len()) {
            (Some(name), _) => {
                disks
                    .get(name)
                    .cloned()
                    .ok_or_else(|| match unknown(name, &disks) {
                        Error::Config(text) => Error::Config(format!("default: {text}")),
                        error => error,
                    })?
            }
            (None, 1) => disks.values().next().cloned().expect("there is one"),
            (None, 0) => {
                return Err(Error::Config(
                    "disks: write at least one, [storage.disks.NAME]".to_owned(),
                ));
            }
            (None, _) => {
                return Err(Error::Config(
                    "default: write the name of one of the disks".to_owned(),
                ));
            }
        };
        Ok(Disks {
            inner: Arc::new(Inner {
                disks,
                default,
                fallbacks,
                primaries,
            }),
        })
    }
}

impl fmt::Debug for DisksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisksBuilder")
            .field("settings", &self.settings)
            .field("storages", &self.storages)
            .field("drivers", &self.drivers.keys())
            .field("url_keys", &self.url_keys.len())
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Two disks on one URL would answer for each other.
fn refuse_shared_paths(rules: &BTreeMap<String, DiskSettings>) -> Result<(), Error> {
    let mut served: Vec<(&str, &str)> = Vec::new();
    for (name, rule) in rules {
        let Some(path) = rule.serve.as_deref() else {
            continue;
        };
        let refused = |text: String| Err(Error::Config(format!("disks.{name}.serve: {text}")));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
        let segments = path
            .strip_prefix('/')
            .map(|rest| rest.split('/').all(|s| !matches!(s, "" | "." | "..")));
        if segments != Some(true) || !path.chars().all(plain) {
            return refused(format!("{path:?} is no path, write for example \"/files\""));
        }
        let under = |one: &str, other: &str| {
            one == other || one.strip_prefix(other).is_some_and(|r| r.starts_with('/'))
        };
        if let Some((other, _)) = served
            .iter()
            .find(|(_, taken)| under(path, taken) || under(taken, path))
        {
            return refused(format!(
                "{path:?} overlaps the path of the disk {other:?}, write another one"
            ));
        }
        served.push((name, path));
    }
    Ok(())
}

fn unknown(name: &str, disks: &BTreeMap<String, Disk>) -> Error {
    let known = disks
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    Error::Config(format!("there is no disk {name:?}, write one of: {known}"))
}
