//! Hooks that see a file on its way in: those that may refuse it, and one that watches.

use crate::storage::error::Error;
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// A file whose bytes are all here and that nobody sees yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanContext {
    /// The name the sender gave: to be shown, never to be trusted.
    pub name: String,
    /// The type its bytes tell.
    pub content_type: String,
    /// Its length, in bytes.
    pub size: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// Sees all of a file before it is published, and may refuse it: the place of a virus scanner.
///
/// ```
/// use bytes::Bytes;
/// use rf::storage::{Inspector, ScanContext, UploadPolicy};
///
/// /// Refuses what holds a byte that is not ASCII.
/// #[derive(Default)]
/// struct Ascii {
///     foreign: bool,
/// }
///
/// #[async_trait::async_trait]
/// impl Inspector for Ascii {
///     async fn feed(&mut self, chunk: &Bytes) -> Result<(), String> {
///         self.foreign |= !chunk.is_ascii();
///         Ok(())
///     }
///     async fn finish(self: Box<Self>, file: &ScanContext) -> Result<(), String> {
///         if self.foreign { Err(format!("{} is not ASCII", file.name)) } else { Ok(()) }
///     }
/// }
///
/// let policy = UploadPolicy::new().inspect(Ascii::default);
/// # drop(policy);
/// ```
#[async_trait]
pub trait Inspector: Send {
    /// Takes the next bytes of the file. An error refuses it, and no more of it is read.
    async fn feed(&mut self, chunk: &Bytes) -> Result<(), String>;

    /// Judges the file, all of which was fed. An error refuses it; the text is told to the sender.
    async fn finish(self: Box<Self>, file: &ScanContext) -> Result<(), String>;
}

type Begin = Arc<dyn Fn() -> Box<dyn Inspector> + Send + Sync>;

/// The hooks of a policy.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    inspectors: Vec<Begin>,
    progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}

impl Hooks {
    pub(super) fn inspect(&mut self, begin: Begin) {
        self.inspectors.push(begin);
    }

    pub(super) fn watch(&mut self, tell: Arc<dyn Fn(u64) + Send + Sync>) {
        self.progress = Some(tell);
    }

    /// The hooks at the start of a file. The digest is counted if one of them or the caller needs it.
    pub(super) fn begin(&self, digest: bool) -> Watch {
        let inspectors: Vec<_> = self.inspectors.iter().map(|begin| begin()).collect();
        Watch {
            digest: (digest || !inspectors.is_empty()).then(Sha256::new),
            inspectors,
            progress: self.progress.clone(),
            size: 0,
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("inspectors", &self.inspectors.len())
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// What watches one file.
pub(super) struct Watch {
    inspectors: Vec<Box<dyn Inspector>>,
    progress: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    digest: Option<Sha256>,
    size: u64,
}

impl Watch {
    /// Before the bytes go to the disk.
    pub(super) async fn feed(&mut self, chunk: &Bytes) -> Result<(), Error> {
        self.size += chunk.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        for inspector in &mut self.inspectors {
            inspector.feed(chunk).await.map_err(refused)?;
        }
        Ok(())
    }

    /// After they are there.
    pub(super) fn tell(&self) {
        if let Some(progress) = &self.progress {
            progress(self.size);
        }
    }

    /// The digest, unless nobody needs it.
    pub(super) async fn finish(
        self,
        name: &str,
        content_type: &str,
    ) -> Result<Option<[u8; 32]>, Error> {
        let digest: Option<[u8; 32]> = self.digest.map(|digest| digest.finalize().into());
        if let Some(sha256) = digest {
            let file = ScanContext {
                name: name.to_owned(),
                content_type: content_type.to_owned(),
                size: self.size,
                sha256,
            };
            for inspector in self.inspectors {
                inspector.finish(&file).await.map_err(refused)?;
            }
        }
        Ok(digest)
    }
}

fn refused(reason: String) -> Error {
    Error::Rejected { reason }
}

type Judge = Arc<
    dyn Fn(ScanContext) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync,
>;

/// An inspector that needs no more than what is known of the file.
struct Scan(Judge);

#[async_trait]
impl Inspector for Scan {
    async fn feed(&mut self, _: &Bytes) -> Result<(), String> {
        Ok(())
    }

    async fn finish(self: Box<Self>, file: &ScanContext) -> Result<(), String> {
        (self.0)(file.clone()).await
    }
}

/// Inspectors that call a function.
pub(super) fn scan<F, R>(judge: F) -> Begin
where
    F: Fn(ScanContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), String>> + Send + 'static,
{
    let judge: Judge = Arc::new(move |file| Box::pin(judge(file)));
    Arc::new(move || Box::new(Scan(Arc::clone(&judge))))
}
