//! What uploads may be.

use super::{
    inspect::{self, Hooks, Inspector, ScanContext},
    measure::Dimensions,
};
use crate::storage::naming::Naming;
use std::{future::Future, sync::Arc};

/// What uploads to a disk may be, and what they are called.
#[derive(Debug, Clone)]
pub struct UploadPolicy {
    pub(in crate::storage) max_size: Option<u64>,
    /// Exactly so many bytes: what a signed link may ask for.
    pub(in crate::storage) length: Option<u64>,
    pub(in crate::storage) accept: Vec<String>,
    pub(in crate::storage) naming: Naming,
    pub(super) dimensions: Dimensions,
    pub(super) hooks: Hooks,
    pub(super) max_files: usize,
    pub(super) max_fields: usize,
}

impl Default for UploadPolicy {
    fn default() -> Self {
        Self {
            max_size: None,
            length: None,
            accept: Vec::new(),
            naming: Naming::Original,
            dimensions: Dimensions::default(),
            hooks: Hooks::default(),
            max_files: 32,
            max_fields: 64,
        }
    }
}

impl UploadPolicy {
    /// Any type, under its own name, as large as the disk allows; at most 32 files and 64 text fields a form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The most bytes of a file; the limit of the disk counts as well.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Takes files of this type, for example `image/*` or `application/pdf`; call it again for more.
    ///
    /// The first bytes of a file tell its type, not the sender. What a browser would run (HTML, SVG, XML) is only
    /// taken by its full name.
    #[must_use]
    pub fn accept(mut self, pattern: impl Into<String>) -> Self {
        self.accept.push(pattern.into());
        self
    }

    /// What files are called.
    #[must_use]
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// The most pixels an image may have, in width and in height.
    ///
    /// Its header tells, no pixel is decoded. An image whose first 256 KiB do not tell its dimensions is refused;
    /// files of other types are not measured.
    #[must_use]
    pub fn max_dimensions(self, width: u32, height: u32) -> Self {
        self.max_width(width).max_height(height)
    }

    /// The most pixels an image may be wide; see [`max_dimensions`](Self::max_dimensions).
    #[must_use]
    pub fn max_width(mut self, pixels: u32) -> Self {
        self.dimensions.width = Some(pixels);
        self
    }

    /// The most pixels an image may be high; see [`max_dimensions`](Self::max_dimensions).
    #[must_use]
    pub fn max_height(mut self, pixels: u32) -> Self {
        self.dimensions.height = Some(pixels);
        self
    }

    /// Asks about every file when all of it is here and before anybody sees it. An error refuses the upload, 422;
    /// its text is told to the sender.
    ///
    /// ```
    /// # use rf::storage::UploadPolicy;
    /// # let known_to_be_bad = |_: &[u8; 32]| false;
    /// let policy = UploadPolicy::new().scan(move |file| async move {
    ///     if known_to_be_bad(&file.sha256) { Err("this file is on a block list".to_owned()) } else { Ok(()) }
    /// });
    /// # drop(policy);
    /// ```
    #[must_use]
    pub fn scan<F, R>(mut self, judge: F) -> Self
    where
        F: Fn(ScanContext) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.hooks.inspect(inspect::scan(judge));
        self
    }

    /// The same for who must read the bytes: makes an [`Inspector`] for each file, which is fed with all of it.
    #[must_use]
    pub fn inspect<F, I>(mut self, begin: F) -> Self
    where
        F: Fn() -> I + Send + Sync + 'static,
        I: Inspector + 'static,
    {
        self.hooks.inspect(Arc::new(move || Box::new(begin())));
        self
    }

    /// Is told how many bytes of a file the disk has taken, after every chunk; it must not block.
    ///
    /// A policy is cheap to clone: one for each request tells whose bytes these are.
    #[must_use]
    pub fn progress(mut self, tell: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.hooks.watch(Arc::new(tell));
        self
    }

    /// The most files of one form.
    #[must_use]
    pub fn max_files(mut self, files: usize) -> Self {
        self.max_files = files;
        self
    }

    /// The most text fields of one form; each may have 16 KiB.
    #[must_use]
    pub fn max_fields(mut self, fields: usize) -> Self {
        self.max_fields = fields;
        self
    }
}
