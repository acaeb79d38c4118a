//! A secret of this installation, made once and kept in a file.

use super::error::Error;
use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Bytes of a key; as many as the hash of the MAC it is for gives.
const LENGTH: usize = 32;

/// Reads the key in `file`, or makes one that only the owner may read.
///
/// Of several processes that start at once one makes the file and the others read it.
pub(super) fn read_or_make(file: &Path) -> Result<Vec<u8>, Error> {
    let refused = |error: io::Error| {
        Error::Config(format!(
            "url_key: the key file {} cannot be used ({error}); make its folder writable, or set the key here",
            file.display()
        ))
    };
    match read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read.map_err(refused),
    }
    make(file).map_err(refused)?;
    read(file).map_err(refused)
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = String::new();
    fs::File::open(file)?.read_to_string(&mut text)?;
    match hex::decode(text.trim()) {
        Ok(key) if key.len() >= LENGTH => Ok(key),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it holds no key of 64 hexadecimal digits",
        )),
    }
}

/// Written beside and linked into place, so that nobody ever reads half a key.
fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut key = [0; LENGTH];
    getrandom::fill(&mut key).map_err(io::Error::from)?;
    let staged = file.with_extension(format!("{}.new", hex::encode(&key[..8])));
    let mut open = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&staged)?;
    open.write_all(hex::encode(key).as_bytes())?;
    open.sync_all()?;
    let linked = fs::hard_link(&staged, file);
    fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{LENGTH, read_or_make};
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("var/url.key");
        let made = read_or_make(&file).unwrap();
        assert_eq!(made.len(), LENGTH);
        assert_eq!(read_or_make(&file).unwrap(), made);
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(dir.path().join("var")).unwrap().count(),
            1,
            "nothing staged is left"
        );
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("url.key");
        fs::write(&file, "hello").unwrap();
        assert!(
            read_or_make(&file)
                .unwrap_err()
                .to_string()
                .starts_with("url_key: ")
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), "hello");
    }

    #[test]
    fn processes_that_start_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("url.key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| read_or_make(&file).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
