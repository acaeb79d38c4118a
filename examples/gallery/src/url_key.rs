//! The secret that signs links: made at the first start, kept in a file, so that links outlive a restart.

use rf::config::ConfigError;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

const LENGTH: usize = 32;

/// Reads the key in `file`, or makes one that only the owner may read.
pub(crate) fn read_or_make(file: &Path) -> Result<Vec<u8>, ConfigError> {
    let found = match read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(file).and_then(|()| read(file))
        }
        found => found,
    };
    found.map_err(|error| {
        let message = format!(
            "the key file {} cannot be used ({error}); make its folder writable, or set the key here",
            file.display()
        );
        ConfigError::new("storage.url_key", message)
    })
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    match hex::decode(fs::read_to_string(file)?.trim()) {
        Ok(key) if key.len() >= LENGTH => Ok(key),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it holds no key of 64 hexadecimal digits",
        )),
    }
}

/// Written beside and linked into place, so that of two processes that start at once neither reads half a key.
fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut key = [0; LENGTH];
    getrandom::fill(&mut key).map_err(io::Error::from)?;
    let staged = file.with_extension(format!("{}.new", std::process::id()));
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
        let file = dir.path().join("var/gallery.key");
        let made = read_or_make(&file).unwrap();
        assert_eq!(made.len(), LENGTH);
        assert_eq!(read_or_make(&file).unwrap(), made);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gallery.key");
        fs::write(&file, "hello").unwrap();
        let refused = read_or_make(&file).unwrap_err().to_string();
        assert!(refused.starts_with("storage.url_key: "), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "hello");
    }
}
