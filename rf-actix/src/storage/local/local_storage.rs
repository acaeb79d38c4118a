//! `LocalStorage` itself: options, and the way from async calls to the blocking pool.

use super::{
    attribute::Attribute,
    list,
    publish::{Publisher, failed, full_or, stat},
    read::{self, open_file},
    root::Root,
    stage::{Staged, sweep},
    writer::{LocalWriter, State},
};
use crate::storage::{
    checked::Checked,
    error::Error,
    key::{Key, Prefix},
    metadata::{Metadata, Page},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{MAX_PAGE, Object, SignedUrl, Storage, Writer},
};
use async_trait::async_trait;
use rustix::fs::Mode;
use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files in a folder of the host.
///
/// ```
/// use rf::storage::{LocalStorage, StorageExt};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// # let folder = tempfile::tempdir().expect("a folder");
/// let storage = LocalStorage::new(folder.path().join("files"))?;
/// storage.put("notes/today.txt", "milk, bread").await?;
/// assert_eq!(storage.read_string("notes/today.txt").await?, "milk, bread");
/// # Ok(())
/// # }
/// ```
///
/// A reader sees a whole file, the old one or the new one, also after a crash of the process at any moment.
/// Files and folders are keys as they stand, so a key cannot be both a file and a folder of others.
///
/// Of several processes on one folder, exactly one wins a [`create`](crate::storage::StorageExt::create). That a version is
/// still the one that was named ([`Condition::IfMatch`]) holds among the writers of one `LocalStorage` and its clones
/// only.
///
/// Cloning is cheap; clones share the root.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) root: Arc<Root>,
    /// Of the root, without links: two roots may lie one within the other.
    path: PathBuf,
    pub(super) publisher: Publisher,
    visibility: Visibility,
}

/// Makes a [`LocalStorage`].
#[derive(Debug, Clone)]
pub struct LocalStorageBuilder {
    root: PathBuf,
    durable: bool,
    visibility: Visibility,
}

impl LocalStorage {
    /// Opens a folder, making it when it is not there, with private files and without syncing.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made or written to.
    pub fn new(root: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder(root).build()
    }

    /// Opens a folder with options.
    pub fn builder(root: impl AsRef<Path>) -> LocalStorageBuilder {
        LocalStorageBuilder {
            root: root.as_ref().to_owned(),
            durable: false,
            visibility: Visibility::Private,
        }
    }

    #[cfg(test)]
    pub(super) fn without_openat2(self) -> Self {
        let inner = Arc::into_inner(self.inner).expect("a fresh storage");
        let root = Arc::into_inner(inner.root)
            .expect("a fresh storage")
            .without_openat2();
        Self {
            inner: Arc::new(Inner {
                root: Arc::new(root),
                ..inner
            }),
        }
    }
}

impl LocalStorageBuilder {
    /// Whether a write is on the medium before it is acknowledged: file and folder are synced.
    ///
    /// Off by default, because it makes small writes some 160 times slower; a crash of the process loses nothing
    /// either way. A power cut may lose the last seconds: a write of then may be undone, or leave its name with a file
    /// that is empty or lacks its end.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// Who may read files that do not say so themselves. Folders follow the disk.
    #[must_use]
    pub fn visibility(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// Opens the folder and removes what killed processes left staged.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made or written to.
    pub fn build(self) -> Result<LocalStorage, Error> {
        let open = |source| Error::Io {
            op: "opening the root folder of the disk",
            source,
        };
        let root = Root::open(&self.root).map_err(open)?;
        let path = self.root.canonicalize().map_err(open)?;
        let swept = sweep(&root).map_err(open)?;
        if swept > 0 {
            log::info!(target: "rf::storage", "removed {swept} unfinished uploads of an earlier run");
        }
        let folder_mode = match self.visibility {
            Visibility::Private => Mode::RWXU,
            Visibility::Public => Mode::from_raw_mode(0o755),
        };
        let inner = Inner {
            root: Arc::new(root),
            path,
            publisher: Publisher::new(self.durable, folder_mode),
            visibility: self.visibility,
        };
        Ok(LocalStorage {
            inner: Arc::new(inner),
        })
    }
}

impl LocalStorage {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || work(&inner)).await
    }
}

#[async_trait]
impl Storage for LocalStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            links: false,
            nested: false,
            ..Capabilities::ALL
        }
    }

    fn place(&self, key: &Key) -> Option<String> {
        Some(format!("local {:?}", self.inner.path.join(key.as_str())))
    }

    async fn open(&self, key: &Key, _: Range<u64>) -> Result<Object, Error> {
        if let Some(object) = read::open_cached(&self.inner.root, key) {
            return Ok(object);
        }
        let key = key.clone();
        self.run(move |inner| read::open(&inner.root, &key)).await
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        let key = key.clone();
        self.run(move |inner| stat(&inner.root, &key)).await
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let writer = LocalWriter {
            inner: Arc::clone(&self.inner),
            key: key.clone(),
            mode: mode(options.visibility.unwrap_or(self.inner.visibility)),
            attribute: Attribute::new(options.content_type.clone(), options.user.clone())?,
            condition: options.condition.clone(),
            state: State::default(),
        };
        Ok(Checked::over(Box::new(writer), key, &options))
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        let (key, condition) = (key.clone(), condition.clone());
        self.run(move |inner| inner.publisher.remove(&inner.root, &key, &condition))
            .await
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let keys = keys.to_vec();
        let count = keys.len();
        let removed = self.run(move |inner| {
            let remove = |key| inner.publisher.remove(&inner.root, key, &Condition::Always);
            Ok(keys.iter().map(remove).collect())
        });
        removed.await.unwrap_or_else(|error| {
            let reason = error.to_string();
            let lost = || Error::Io {
                op: "running a blocking call",
                source: std::io::Error::other(reason.clone()),
            };
            (0..count).map(|_| Err(lost())).collect()
        })
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let (prefix, cursor) = (prefix.clone(), cursor.map(str::to_owned));
        let limit = limit.clamp(1, MAX_PAGE);
        self.run(move |inner| list::page(&inner.root, &prefix, depth, cursor.as_deref(), limit))
            .await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let (from, to) = (from.clone(), to.clone());
        self.run(move |inner| {
            let (file, stat) = open_file(&inner.root, &from)?;
            let attribute = Attribute::read(&file, &from)?;
            if from == to {
                return Ok(attribute.into_metadata(to, &stat));
            }
            let mode = Mode::from_raw_mode(stat.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
            let staged = Staged::create(Arc::clone(&inner.root), mode)?;
            std::io::copy(&mut &file, &mut &staged.file)
                .map_err(|source| full_or("copying a file", source))?;
            let attribute = attribute.keeping_type_of(&from);
            let written =
                inner
                    .publisher
                    .publish(&inner.root, staged, &to, attribute, &Condition::Always)?;
            Ok(written.metadata)
        })
        .await
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        let (from, to) = (from.clone(), to.clone());
        self.run(move |inner| match from == to {
            true => stat(&inner.root, &to),
            false => inner.publisher.rename(&inner.root, &from, &to),
        })
        .await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        let key = key.clone();
        self.run(move |inner| {
            let (_, stat) = open_file(&inner.root, &key)?;
            let everybody = Mode::from_raw_mode(stat.st_mode).contains(Mode::ROTH);
            Ok(match everybody {
                true => Visibility::Public,
                false => Visibility::Private,
            })
        })
        .await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        let key = key.clone();
        self.run(move |inner| {
            let (file, _) = open_file(&inner.root, &key)?;
            rustix::fs::fchmod(&file, mode(visibility))
                .map_err(|errno| failed("changing who may read a file", &key, errno))
        })
        .await
    }

    fn public_url(&self, _: &Key) -> Result<String, Error> {
        Err(Error::Unsupported {
            op: "the address of a file in a folder without a `Disk` that has a `url`",
        })
    }

    async fn presign(&self, _: &Key, _: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        Err(Error::Unsupported {
            op: "signing a link for a folder without a served `Disk` round it",
        })
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        let folder = folder.clone();
        self.run(move |inner| inner.publisher.sync_beneath(&inner.root, folder.as_str()))
            .await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.run(|inner| {
            let staged = Staged::create(Arc::clone(&inner.root), Mode::RUSR | Mode::WUSR)?;
            std::io::Write::write_all(&mut &staged.file, b"probe")
                .map_err(|source| full_or("writing to the disk", source))
        })
        .await
    }
}

fn mode(visibility: Visibility) -> Mode {
    Mode::from_raw_mode(match visibility {
        Visibility::Private => 0o600,
        Visibility::Public => 0o644,
    })
}

/// Runs work that waits for the medium on the pool for such work.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|gone| Error::Io {
            op: "running a blocking call",
            source: std::io::Error::other(gone),
        })?
}
