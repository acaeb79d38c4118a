#![allow(clippy::unwrap_used, reason = "tests")]

mod folder;
mod note;
mod race;
mod umask;

use super::{
    LocalStorage,
    attribute::Attribute,
    stage::Staged,
    writer::{LocalWriter, State},
};
use crate::storage::{
    Condition, Error, Key, Storage, StorageExt, Visibility, WriteOptions, Writer, conformance,
};
use rustix::fs::Mode;
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::{TempDir, tempdir};

fn fresh() -> (TempDir, LocalStorage) {
    let folder = tempdir().unwrap();
    let storage = LocalStorage::new(folder.path().join("a")).unwrap();
    (folder, storage)
}

/// With the kernel's resolution and with our own.
fn both() -> [(TempDir, LocalStorage); 2] {
    let (other, walking) = fresh();
    [fresh(), (other, walking.without_openat2())]
}

fn staged(folder: &Path) -> usize {
    fs::read_dir(folder.join("a/.rf-staging")).unwrap().count()
}

#[actix_web::test]
async fn it_conforms() {
    for (folder, storage) in both() {
        conformance::run(&storage).await;
        assert_eq!(staged(folder.path()), 0, "the suite left staged files");
        assert_eq!(
            fs::read_dir(folder.path().join("a")).unwrap().count(),
            1,
            "empty folders are left"
        );
    }
}

#[actix_web::test]
async fn durable_writes_conform() {
    let folder = tempdir().unwrap();
    let storage = LocalStorage::builder(folder.path())
        .durable(true)
        .build()
        .unwrap();
    conformance::run(&storage).await;
}

#[actix_web::test]
async fn links_that_lead_out_are_refused() {
    for (folder, storage) in both() {
        let outside = folder.path().join("ab");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "secret").unwrap();
        let root = folder.path().join("a");
        symlink(&outside, root.join("folder")).unwrap();
        symlink(outside.join("secret"), root.join("file")).unwrap();
        symlink("nowhere", root.join("broken")).unwrap();
        symlink("../ab/secret", root.join("relative")).unwrap();
        storage.put("real", "real").await.unwrap();
        for key in ["folder/secret", "file", "broken", "relative"] {
            let denied = |error: Error| {
                assert!(
                    matches!(error, Error::PermissionDenied { .. }),
                    "{key}: {error:?}"
                )
            };
            denied(storage.get(key).await.unwrap_err());
            denied(storage.put(key, "x").await.unwrap_err());
            denied(storage.delete(key).await.unwrap_err());
            denied(storage.copy(key, "stolen").await.unwrap_err());
            denied(storage.move_to(key, "stolen").await.unwrap_err());
            denied(storage.move_to("real", key).await.unwrap_err());
        }
        assert!(storage.put("folder/new", "x").await.is_err());
        assert!(storage.list("folder").await.is_err());
        let listed = storage.list("").await.unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(
            fs::read_to_string(outside.join("secret")).unwrap(),
            "secret"
        );
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        assert_eq!(staged(folder.path()), 0);
    }
}

#[test]
fn a_folder_swapped_for_a_link_does_not_lead_out() {
    for (folder, storage) in both() {
        let (root, outside) = (folder.path().join("a"), folder.path().join("ab"));
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("f"), "secret").unwrap();
        fs::create_dir(root.join("d")).unwrap();
        fs::write(root.join("d/f"), "mine").unwrap();
        symlink(&outside, root.join("link")).unwrap();
        let done = AtomicBool::new(false);
        /// Ends the swapping also when the test fails.
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let (mut read, mut refused) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                use rustix::fs::{CWD, RenameFlags, renameat_with};
                while !done.load(Ordering::Relaxed) {
                    renameat_with(
                        CWD,
                        root.join("d"),
                        CWD,
                        root.join("link"),
                        RenameFlags::EXCHANGE,
                    )
                    .unwrap();
                }
            });
            let _end = End(&done);
            actix_web::rt::System::new().block_on(async {
                while read < 100 || refused < 100 {
                    match storage.get("d/f").await {
                        Ok(content) => {
                            assert_eq!(content, "mine");
                            read += 1;
                        }
                        Err(Error::PermissionDenied { .. }) => refused += 1,
                        Err(error) => panic!("{error:?}"),
                    }
                    let _ = storage.put("d/f", "mine").await;
                    let _ = storage.put("d/new", "mine").await;
                    let _ = storage.delete("d/new").await;
                    for prefix in ["", "d"] {
                        match storage.list(prefix).await {
                            Ok(files) => assert!(files.iter().all(|f| f.size == 4), "{files:?}"),
                            Err(Error::PermissionDenied { .. }) => {}
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                }
            });
        });
        assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), "secret");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }
}

#[actix_web::test]
async fn what_is_no_file_is_not_there() {
    for (folder, storage) in both() {
        let root = folder.path().join("a");
        let pipe = rustix::fs::openat(
            rustix::fs::CWD,
            &root,
            rustix::fs::OFlags::DIRECTORY,
            0.into(),
        )
        .unwrap();
        rustix::fs::mknodat(&pipe, "pipe", rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        for key in ["pipe", "socket", "folder", "pipe/x"] {
            assert!(
                matches!(storage.get(key).await, Err(Error::NotFound { .. })),
                "{key}"
            );
        }
        assert!(storage.list("").await.unwrap().is_empty());
        assert!(matches!(
            storage.put("folder", "x").await,
            Err(Error::InvalidKey { .. })
        ));
        storage.put("file", "x").await.unwrap();
        assert!(matches!(
            storage.put("file/x", "x").await,
            Err(Error::InvalidKey { .. })
        ));
        assert!(matches!(
            storage.get("file/x").await,
            Err(Error::NotFound { .. })
        ));
        storage.delete("file/x").await.unwrap();
        storage.delete("folder").await.unwrap();
        assert!(root.join("folder").exists());
    }
}

#[actix_web::test]
async fn modes_are_exact_before_a_file_is_seen() {
    let folder = tempdir().unwrap();
    let mode = |path: &str| {
        fs::metadata(folder.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    let private = LocalStorage::new(folder.path().join("private")).unwrap();
    private.put("d/f", "x").await.unwrap();
    assert_eq!((mode("private/d"), mode("private/d/f")), (0o700, 0o600));
    let public = LocalStorage::builder(folder.path().join("public"))
        .visibility(Visibility::Public)
        .build()
        .unwrap();
    public.put("d/f", "x").await.unwrap();
    assert_eq!((mode("public/d"), mode("public/d/f")), (0o755, 0o644));
    let mut writer = public
        .writer(&"d/g".parse().unwrap(), WriteOptions::new())
        .await
        .unwrap();
    writer.write(vec![0; 300_000].into()).await.unwrap();
    // Waits for the one before.
    writer.write(vec![0; 300_000].into()).await.unwrap();
    let staged = fs::read_dir(folder.path().join("public/.rf-staging"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(
        staged.metadata().unwrap().permissions().mode() & 0o7777,
        0o644
    );
}

#[actix_web::test]
async fn a_start_sweeps_what_is_dead_and_leaves_what_is_alive() {
    let (folder, storage) = fresh();
    let key: Key = "big".parse().unwrap();
    let mut writer = storage.writer(&key, WriteOptions::new()).await.unwrap();
    writer.write(vec![7; 300_000].into()).await.unwrap();
    writer.write(vec![7; 300_000].into()).await.unwrap();
    fs::write(
        folder.path().join("a/.rf-staging/dead"),
        "left by a killed process",
    )
    .unwrap();
    assert_eq!(staged(folder.path()), 2);
    let _second = LocalStorage::new(folder.path().join("a")).unwrap();
    assert_eq!(staged(folder.path()), 1);
    writer.commit().await.unwrap();
    assert_eq!(storage.get("big").await.unwrap(), vec![7; 600_000]);
}

#[test]
fn a_dropped_writer_leaves_nothing_behind() {
    let (folder, storage) = fresh();
    actix_web::rt::System::new().block_on(async {
        let mut writer = storage
            .writer(&"big".parse().unwrap(), WriteOptions::new())
            .await
            .unwrap();
        writer.write(vec![7; 300_000].into()).await.unwrap();
        writer.write(vec![7; 300_000].into()).await.unwrap();
        assert_eq!(staged(folder.path()), 1);
        drop(writer);
    });
    // The end of the runtime waits for the blocking pool, where the file is written and removed.
    assert_eq!(staged(folder.path()), 0);
}

#[actix_web::test]
async fn type_and_notes_survive_a_restart() {
    let (folder, storage) = fresh();
    let options = WriteOptions::new()
        .content_type("image/png")
        .note("by", "me");
    let written = storage
        .put_with("photo", "x", options)
        .await
        .unwrap()
        .metadata;
    drop(storage);
    let again = LocalStorage::new(folder.path().join("a")).unwrap();
    assert_eq!(again.metadata("photo").await.unwrap(), written);
    let notes = WriteOptions::new().note("long", "x".repeat(2048));
    assert!(matches!(
        again.put_with("photo", "y", notes).await,
        Err(Error::TooLarge { .. })
    ));
}

#[actix_web::test]
async fn files_put_there_by_others_are_served_too() {
    let (folder, storage) = fresh();
    fs::write(folder.path().join("a/page.html"), "<p>").unwrap();
    let first = storage.metadata("page.html").await.unwrap();
    assert_eq!(first.content_type, "text/html");
    fs::write(folder.path().join("a/page.html"), "<p>changed").unwrap();
    assert_ne!(
        storage.metadata("page.html").await.unwrap().etag,
        first.etag
    );
}

#[actix_web::test]
async fn a_file_cut_while_it_is_read_is_an_error() {
    let (folder, storage) = fresh();
    storage.put("big", vec![7; 600_000]).await.unwrap();
    let opened = storage.read("big").await.unwrap();
    fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("a/big"))
        .unwrap()
        .set_len(300_000)
        .unwrap();
    let read: Result<Vec<_>, _> =
        futures_util::TryStreamExt::try_collect(opened.into_stream()).await;
    assert!(matches!(read, Err(Error::Io { .. })), "{read:?}");
}

/// On the device that is always full.
fn full_writer(storage: &LocalStorage) -> Box<dyn Writer> {
    let mode = Mode::RUSR | Mode::WUSR;
    let mut staged = Staged::create(Arc::clone(&storage.inner.root), mode).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    staged.file = full.unwrap();
    Box::new(LocalWriter {
        inner: Arc::clone(&storage.inner),
        key: "file".parse().unwrap(),
        mode,
        attribute: Attribute::default(),
        condition: Condition::Always,
        state: State {
            staged: Some(staged),
            ..State::default()
        },
    })
}

#[actix_web::test]
async fn a_full_disk_says_so_and_keeps_the_old_file() {
    let (folder, storage) = fresh();
    storage.put("file", "old").await.unwrap();
    let mut writer = full_writer(&storage);
    writer.write(vec![7; 300_000].into()).await.unwrap();
    let written = writer.write(vec![7; 300_000].into()).await;
    assert!(matches!(written, Err(Error::NoSpace)), "{written:?}");
    let written = writer.write("more".into()).await;
    assert!(
        matches!(written, Err(Error::Interrupted { .. })),
        "{written:?}"
    );
    assert!(
        writer.commit().await.is_err(),
        "a file with a hole in it was published"
    );
    // What the last write could not say, the commit says.
    let mut writer = full_writer(&storage);
    writer.write(vec![7; 300_000].into()).await.unwrap();
    let written = writer.commit().await;
    assert!(matches!(written, Err(Error::NoSpace)), "{written:?}");
    assert_eq!(storage.get("file").await.unwrap(), "old");
    assert_eq!(staged(folder.path()), 0);
}

#[test]
fn without_extended_attributes_only_what_the_name_tells_is_kept() {
    let bare = fs::File::open("/proc/self/comm").unwrap();
    let key: Key = "a.txt".parse().unwrap();
    let write = |content_type: Option<&str>, notes: &[(&str, &str)]| {
        let notes = notes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Attribute::new(content_type.map(str::to_owned), notes.collect())
            .unwrap()
            .write(&bare, &key)
    };
    write(None, &[]).unwrap();
    write(Some("text/plain"), &[]).unwrap();
    assert!(matches!(
        write(Some("image/png"), &[]),
        Err(Error::Unsupported { .. })
    ));
    assert!(matches!(
        write(None, &[("by", "me")]),
        Err(Error::Unsupported { .. })
    ));
}

#[actix_web::test]
async fn messages_name_no_path_of_the_host() {
    let (folder, storage) = fresh();
    let host = folder.path().to_str().unwrap().to_owned();
    fs::create_dir(folder.path().join("a/d")).unwrap();
    for error in [
        storage.get("none").await.unwrap_err(),
        storage.put("d", "x").await.unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(&host), "{text}");
    }
}
