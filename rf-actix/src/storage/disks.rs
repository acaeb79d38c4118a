//! `Disks`: the disks of an application, by name.

use super::{
    disk::Disk,
    error::Error,
    event::{Event, Observer},
    local::LocalStorage,
    memory::MemoryStorage,
    settings::{DiskSettings, Driver, StorageSettings},
    signed_url::{Clock, Signer, UrlKeys},
    storage::Storage,
    wrap::Observed,
};
use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

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
    url_keys: Vec<Vec<u8>>,
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

    /// A key for signed links: the first one signs, all verify. At least 16 random bytes; an
    /// empty one is none.
    #[must_use]
    pub fn url_key(mut self, key: &[u8]) -> Self {
        if !key.is_empty() {
            self.url_keys.push(key.to_vec());
        }
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
            mut storages,
            mut url_keys,
            base_url,
            observer,
            clock,
        } = self;
        if let Some(key) = &settings.url_key {
            url_keys.insert(0, key.as_bytes().to_vec());
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
        for (name, rule) in rules {
            let disk: Arc<str> = name.as_str().into();
            let storage = match storages.remove(&name) {
                Some(storage) => storage,
                None => open(&name, &rule)?,
            };
            let storage = match &observer {
                Some(observer) => {
                    Arc::new(Observed::over(storage, Arc::clone(&disk), observer.clone()))
                }
                None => storage,
            };
            let signer = match rule.serve {
                Some(serve) => Some(Signer {
                    disk: Arc::clone(&disk),
                    serve,
                    base_url: base_url.clone(),
                    keys: UrlKeys::new(&url_keys)?,
                    clock: Arc::clone(&clock),
                }),
                None => None,
            };
            disks.insert(
                name,
                Disk::new(disk, storage, rule.max_size, signer, rule.url),
            );
        }
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
            inner: Arc::new(Inner { disks, default }),
        })
    }
}

impl fmt::Debug for DisksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisksBuilder")
            .field("settings", &self.settings)
            .field("storages", &self.storages)
            .field("url_keys", &self.url_keys.len())
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

fn open(name: &str, rule: &DiskSettings) -> Result<Arc<dyn Storage>, Error> {
    let refused = |key: &str, text: &str| Err(Error::Config(format!("disks.{name}.{key}: {text}")));
    match rule.driver {
        Driver::Local => {
            let Some(root) = &rule.root else {
                return refused(
                    "root",
                    "a local disk needs a folder, for example root = \"var/drive\"",
                );
            };
            let builder = LocalStorage::builder(root)
                .durable(rule.durable)
                .visibility(rule.visibility.unwrap_or_default());
            let storage = builder.build().map_err(|error| match error {
                Error::Io { source, .. } => {
                    Error::Config(format!("disks.{name}.root: cannot open {root:?}: {source}"))
                }
                error => error,
            })?;
            Ok(Arc::new(storage))
        }
        Driver::Memory => {
            if rule.root.is_some() {
                return refused("root", "a disk in memory has no folder, leave it out");
            }
            if rule.durable {
                return refused("durable", "a disk in memory keeps nothing, leave it out");
            }
            if rule.visibility.is_some() {
                return refused("visibility", "a disk in memory has none, leave it out");
            }
            Ok(Arc::new(MemoryStorage::new()))
        }
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
