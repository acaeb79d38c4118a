//! What uploads may be.

/// What uploads to a disk may be, and what they are called.
#[derive(Debug, Clone)]
pub struct UploadPolicy {
    pub(in crate::storage) max_size: Option<u64>,
    pub(super) accept: Vec<String>,
    pub(super) naming: Naming,
    pub(super) max_files: usize,
    pub(super) max_fields: usize,
}

/// What the files of a form are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Naming {
    /// As the sender says, made harmless; a file of that name is replaced.
    #[default]
    Original,
    /// A time-ordered UUID (RFC 9562 §5.7) and the extension.
    Uuid,
    /// The SHA-256 of the content, in hexadecimal, and the extension: the same content is kept once.
    Hash,
}

impl Default for UploadPolicy {
    fn default() -> Self {
        Self {
            max_size: None,
            accept: Vec::new(),
            naming: Naming::Original,
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
