#![allow(clippy::unwrap_used, reason = "tests")]

mod condition;
mod flaky;
mod listing;
mod outage;
mod replay;
mod storm;

use self::flaky::Flaky;
use super::Fallback;
use crate::storage::{LocalStorage, MemoryStorage, Storage, StorageExt, conformance};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// A primary that fails when told to, and a folder that outlives the process.
struct Place {
    primary: Flaky,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            primary: Flaky::over(MemoryStorage::new()),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn local(&self) -> LocalStorage {
        LocalStorage::new(self.folder.path()).unwrap()
    }

    /// As an application that starts does.
    fn open(&self) -> Fallback {
        self.open_on(Arc::new(self.local()))
    }

    fn open_on(&self, secondary: Arc<dyn Storage>) -> Fallback {
        Fallback::builder("drive", self.primary.shared(), secondary)
            .backoff(Duration::from_millis(1), Duration::from_millis(5))
            .build()
            .unwrap()
    }

    /// The files that wait on the secondary.
    async fn waiting(&self) -> Vec<String> {
        let files = self.local().list("").await.unwrap();
        files.into_iter().map(|file| file.key.to_string()).collect()
    }

    /// The files on the primary, whatever it answers now.
    async fn arrived(&self) -> Vec<(String, Vec<u8>)> {
        let mut arrived = Vec::new();
        for file in self.primary.files.list("").await.unwrap() {
            let content = self.primary.files.get(&file.key).await.unwrap();
            arrived.push((file.key.to_string(), content.to_vec()));
        }
        arrived
    }
}

/// Waits until something holds of the state.
async fn until(files: &Fallback, holds: impl Fn(super::FallbackState) -> bool) {
    let mut state = files.shared.watch();
    state.wait_for(|state| holds(*state)).await.unwrap();
}

#[actix_web::test]
async fn a_healthy_fallback_conforms_and_leaves_nothing_on_the_secondary() {
    let memory: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let files = Fallback::builder("m", Arc::new(MemoryStorage::new()), Arc::clone(&memory));
    conformance::run(&files.build().unwrap()).await;
    assert!(memory.list("").await.unwrap().is_empty());
    let place = Place::new();
    conformance::run(&place.open()).await;
    assert!(place.waiting().await.is_empty());
}

#[actix_web::test]
async fn several_disks_share_a_secondary() {
    let memory: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let (one, other) = (
        Flaky::over(MemoryStorage::new()),
        Flaky::over(MemoryStorage::new()),
    );
    let open = |name: &str, primary: &Flaky| {
        let builder = Fallback::builder(name, primary.shared(), Arc::clone(&memory));
        builder.build().unwrap()
    };
    let (here, there) = (open("one", &one), open("other", &other));
    one.down();
    here.put("a", "1").await.unwrap();
    let reopened = open("other", &other);
    reopened.settled().await.unwrap();
    assert!(!there.exists("a").await.unwrap() && !reopened.exists("a").await.unwrap());
    assert_eq!(here.get("a").await.unwrap(), "1");
    let kept = memory.list("fallback-one").await.unwrap();
    assert_eq!(
        kept[0].key.as_str(),
        "fallback-one/pending/00000000000000000001"
    );
}
