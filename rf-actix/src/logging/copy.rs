//! A copy of every line that is rendered, for a run of tests whose lines are to be searched afterwards.
//!
//! With the feature `testing`, the variable `TEST_LOG_COPY` names the file. It is apart from the outputs, so that
//! their counts are the same with and without it.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    sync::OnceLock,
};

static COPY: OnceLock<Option<File>> = OnceLock::new();

/// # Panics
///
/// When the file cannot be written: a search that finds nothing has to mean something.
pub(crate) fn line(line: &str) {
    let copy = COPY.get_or_init(|| {
        let path = std::env::var_os("TEST_LOG_COPY")?;
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        Some(opened.expect("TEST_LOG_COPY names a file that can be written"))
    });
    if let Some(mut copy) = copy.as_ref() {
        copy.write_all(line.as_bytes())
            .expect("TEST_LOG_COPY has room for every line");
    }
}
