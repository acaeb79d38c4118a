//! Disks for the tests of applications: in memory, with asserts.

use super::{
    disk::Disk,
    disks::Disks,
    ext::StorageExt,
    memory::MemoryStorage,
    settings::{DiskSettings, StorageSettings},
};
use futures_util::FutureExt;
use std::{future::Future, ops::Deref};

/// A disk in memory that a test looks into. Derefs to the [`Disk`].
///
/// ```
/// use rf::storage::{Disks, StorageExt};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), rf::storage::Error> {
/// // What the application is given, and what the test keeps.
/// let disks = Disks::fake(["avatars", "reports"]);
/// disks.disk("avatars")?.put("alice.png", "a picture").await?;
///
/// let avatars = disks.faked("avatars");
/// avatars.assert_exists("alice.png");
/// avatars.assert_content("alice.png", "a picture");
/// avatars.assert_missing("bob.png");
/// avatars.assert_count("", 1);
/// disks.faked("reports").assert_empty();
/// # Ok(())
/// # }
/// ```
///
/// A failed assert names what there is instead, at the line of the test.
#[derive(Debug, Clone)]
pub struct FakeDisk(Disk);

impl Disks {
    /// Empty disks in memory, the first one the default, for tests. Links of each are served under `/fake/NAME`.
    ///
    /// # Panics
    /// Without any name.
    #[must_use]
    #[track_caller]
    pub fn fake<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut settings = StorageSettings::default();
        let mut builder = Self::builder();
        for name in names {
            let served = DiskSettings {
                serve: Some(format!("/fake/{name}")),
                ..DiskSettings::default()
            };
            settings.default.get_or_insert_with(|| name.to_owned());
            settings.disks.insert(name.to_owned(), served);
            builder = builder.disk(name, MemoryStorage::new());
        }
        let key: [u8; 32] = std::array::from_fn(|_| rand_byte());
        let built = builder.url_key(&key).settings(settings).build();
        built.unwrap_or_else(|error| panic!("no disks: {error}"))
    }

    /// The disk of a name, with asserts.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn faked(&self, name: &str) -> FakeDisk {
        match self.disk(name) {
            Ok(disk) => FakeDisk(disk),
            Err(error) => panic!("{error}"),
        }
    }
}

fn rand_byte() -> u8 {
    getrandom::u32().expect("the system has random numbers") as u8
}

impl FakeDisk {
    /// # Panics
    /// When there is no such file.
    #[track_caller]
    pub fn assert_exists(&self, key: &str) {
        let found = self.now(self.0.exists(key));
        assert!(found, "there is no file {key:?} on {}", self.shown());
    }

    /// # Panics
    /// When there is no such file, or it holds something else.
    #[track_caller]
    pub fn assert_content(&self, key: &str, expected: impl AsRef<[u8]>) {
        self.assert_exists(key);
        let content = self.now(self.0.get(key));
        let expected = expected.as_ref();
        assert!(
            content == expected,
            "the file {key:?} of the disk {:?} holds {}, expected was {}",
            self.0.name(),
            excerpt(&content),
            excerpt(expected)
        );
    }

    /// # Panics
    /// When there is such a file.
    #[track_caller]
    pub fn assert_missing(&self, key: &str) {
        let found = self.now(self.0.exists(key));
        assert!(!found, "there is a file {key:?} on {}", self.shown());
    }

    /// `""` is the whole disk.
    ///
    /// # Panics
    /// When not exactly so many files are beneath the prefix.
    #[track_caller]
    pub fn assert_count(&self, prefix: &str, files: usize) {
        let found = self.now(self.0.list(prefix)).len();
        assert!(
            found == files,
            "{found} files are beneath {prefix:?}, expected were {files}, on {}",
            self.shown()
        );
    }

    /// # Panics
    /// When there is any file.
    #[track_caller]
    pub fn assert_empty(&self) {
        self.assert_count("", 0);
    }

    /// What memory answers, it answers at once.
    #[track_caller]
    fn now<T>(&self, answer: impl Future<Output = Result<T, super::Error>>) -> T {
        match answer.now_or_never() {
            Some(Ok(value)) => value,
            Some(Err(error)) => panic!("on the disk {:?}: {error}", self.0.name()),
            None => panic!("the disk {:?} is not in memory", self.0.name()),
        }
    }

    #[track_caller]
    fn shown(&self) -> String {
        let files = self.now(self.0.list(""));
        let keys: Vec<_> = files.iter().map(|file| file.key.as_str()).collect();
        let keys = match keys.as_slice() {
            [] => "nothing".to_owned(),
            keys => keys.join(", "),
        };
        format!("the disk {:?}, which holds {keys}", self.0.name())
    }
}

impl Deref for FakeDisk {
    type Target = Disk;
    fn deref(&self) -> &Disk {
        &self.0
    }
}

fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 64;
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    format!("{} bytes {start:?}{more}", bytes.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Disks, FakeDisk, StorageExt};
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        time::Duration,
    };

    /// What an assert says when it fails.
    fn complaint(assert: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(assert)).unwrap_err();
        panic.downcast_ref::<String>().cloned().unwrap()
    }

    async fn filled() -> FakeDisk {
        let disk = Disks::fake(["a"]).faked("a");
        disk.put("x/1", "one").await.unwrap();
        disk.put("x/2", "two").await.unwrap();
        disk
    }

    #[actix_web::test]
    async fn asserts_hold_for_what_is_there() {
        let disk = filled().await;
        disk.assert_exists("x/1");
        disk.assert_content("x/1", "one");
        disk.assert_content("x/2", b"two");
        disk.assert_missing("x");
        disk.assert_missing("x/3");
        disk.assert_count("x/", 2);
        disk.assert_count("", 2);
        disk.assert_count("y/", 0);
        disk.delete("x/1").await.unwrap();
        disk.delete("x/2").await.unwrap();
        disk.assert_empty();
    }

    #[actix_web::test]
    async fn a_failed_assert_names_what_there_is() {
        let disk = filled().await;
        for (said, needed) in [
            (
                complaint(|| disk.assert_exists("y")),
                vec!["\"y\"", "x/1, x/2", "\"a\""],
            ),
            (complaint(|| disk.assert_missing("x/1")), vec!["\"x/1\""]),
            (
                complaint(|| disk.assert_content("x/1", "two")),
                vec!["\"one\"", "\"two\""],
            ),
            (
                complaint(|| disk.assert_content("y", "")),
                vec!["no file \"y\""],
            ),
            (
                complaint(|| disk.assert_count("x/", 3)),
                vec!["2 files", "were 3"],
            ),
            (
                complaint(|| disk.assert_empty()),
                vec!["2 files", "x/1, x/2"],
            ),
            (complaint(|| disk.assert_exists("../y")), vec!["key"]),
            (
                complaint(|| drop(Disks::fake(["a"]).faked("b"))),
                vec!["\"b\""],
            ),
        ] {
            for part in needed {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
    }

    #[actix_web::test]
    async fn fakes_are_apart_and_have_links() {
        let disks = Disks::fake(["a", "b"]);
        assert_eq!(disks.default_disk().name(), "a");
        disks.faked("b").put("x", "").await.unwrap();
        disks.faked("a").assert_empty();
        Disks::fake(["b"]).faked("b").assert_empty();
        let link = disks
            .faked("b")
            .signed_url("x", Duration::from_secs(1))
            .await;
        assert!(link.unwrap().url.starts_with("/fake/b/x?"));
    }
}
