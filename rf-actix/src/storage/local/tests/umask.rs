//! A umask belongs to a whole process: each of these is one.

use crate::storage::{LocalStorage, StorageExt, Visibility};
use std::{os::unix::fs::PermissionsExt, path::Path, process::Command};

const ROOT: &str = "RF_TEST_UMASK_ROOT";

/// The process whose umask is odd: this test again. Alone it does nothing.
#[actix_web::test]
async fn the_writer() {
    let Ok(root) = std::env::var(ROOT) else {
        return;
    };
    for (name, visibility) in [("0", Visibility::Private), ("1", Visibility::Public)] {
        let storage = LocalStorage::builder(Path::new(&root).join(name)).visibility(visibility);
        let storage = storage.build().unwrap();
        storage.put("d/small", "x").await.unwrap();
        storage.put("d/large", vec![0; 600_000]).await.unwrap();
        storage.copy("d/small", "d/copy").await.unwrap();
    }
}

#[test]
fn modes_are_exact_whatever_the_umask() {
    for umask in ["000", "077", "027"] {
        let folder = tempfile::tempdir().unwrap();
        let run = Command::new("sh")
            .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().unwrap())
            .args(["storage::local::tests::umask::the_writer", "--exact"])
            .env(ROOT, folder.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        for (disk, of_folder, of_file) in [("0", 0o700, 0o600), ("1", 0o755, 0o644)] {
            let mode = |path: &str| {
                let found = folder.path().join(disk).join(path).metadata().unwrap();
                found.permissions().mode() & 0o7777
            };
            assert_eq!(mode("d"), of_folder, "umask {umask}");
            for file in ["d/small", "d/large", "d/copy"] {
                assert_eq!(mode(file), of_file, "umask {umask}, {file}");
            }
        }
    }
}
