//! The writer of a local disk: gathers chunks, and takes them to the staged file while the next ones come.

use super::{
    attribute::Attribute,
    local_storage::{Inner, blocking},
    publish::{full_or, stat},
    stage::Staged,
};
use crate::storage::{
    error::Error, key::Key, metadata::Written, options::Condition, storage::Writer,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use rustix::fs::Mode;
use std::{
    io::{self, IoSlice, Write},
    mem,
    sync::Arc,
};
use tokio::task::JoinHandle;

/// The bytes of one hop: while they are written, as many are gathered.
const HOP: usize = 256 * 1024;
/// Shorter chunks are copied together: one that is kept as it came may hold far more memory than it has bytes.
const SHORT: usize = 4 * 1024;

#[derive(Debug)]
pub(super) struct LocalWriter {
    pub(super) inner: Arc<Inner>,
    pub(super) key: Key,
    pub(super) mode: Mode,
    pub(super) attribute: Attribute,
    pub(super) condition: Condition,
    pub(super) state: State,
}

/// Small files are staged, filled and published in the one hop of `commit`.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) gathered: Gathered,
    pub(super) staged: Option<Staged>,
    /// The hop that is being made. Its error is told by the next call.
    pub(super) hop: Option<JoinHandle<Result<Staged, Error>>>,
    /// A failed write lost bytes: the file must not be published any more.
    pub(super) broken: bool,
}

/// What waits for the next hop, in order.
#[derive(Default)]
pub(super) struct Gathered {
    chunks: Vec<Bytes>,
    short: BytesMut,
    length: usize,
}

impl Gathered {
    fn take(&mut self, bytes: Bytes) {
        self.length += bytes.len();
        if bytes.len() < SHORT {
            self.short.extend_from_slice(&bytes);
            return;
        }
        if !self.short.is_empty() {
            self.chunks.push(self.short.split().freeze());
        }
        self.chunks.push(bytes);
    }

    fn write_to(&mut self, staged: &Staged) -> Result<(), Error> {
        self.chunks.push(self.short.split().freeze());
        let mut slices: Vec<_> = self
            .chunks
            .iter()
            .map(|bytes| IoSlice::new(bytes))
            .collect();
        write_all(&staged.file, &mut slices).map_err(|source| full_or("writing a file", source))
    }
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

fn write_all(mut file: &std::fs::File, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Empty ones at the front would look like a file that takes nothing more.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl LocalWriter {
    /// The staged file, once the last hop is over.
    async fn landed(&mut self) -> Result<Option<Staged>, Error> {
        if let Some(hop) = &mut self.state.hop {
            // Until the hop is back: what was gathered after it would leave a hole.
            self.state.broken = true;
            let landed = hop.await;
            self.state.hop = None;
            self.state.staged = Some(landed.map_err(gone)??);
            self.state.broken = false;
        }
        Ok(self.state.staged.take())
    }

    /// Begins to take what is gathered to the staged file, making that first if there is none yet.
    async fn set_off(&mut self) -> Result<(), Error> {
        let staged = self.landed().await?;
        let (inner, mode, key) = (Arc::clone(&self.inner), self.mode, self.key.clone());
        let refuse_early = self.condition == Condition::IfAbsent && staged.is_none();
        let mut gathered = mem::take(&mut self.state.gathered);
        self.state.hop = Some(tokio::task::spawn_blocking(move || {
            if refuse_early && stat(&inner.root, &key).is_ok() {
                // The rename decides in the end; this only spares the sender the rest of a large file.
                return Err(Error::AlreadyExists { key });
            }
            let staged = match staged {
                Some(staged) => staged,
                None => Staged::create(Arc::clone(&inner.root), mode)?,
            };
            gathered.write_to(&staged)?;
            Ok(staged)
        }));
        Ok(())
    }
}

#[async_trait]
impl Writer for LocalWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.state.broken {
            return Err(interrupted());
        }
        self.state.gathered.take(bytes);
        if self.state.gathered.length >= HOP {
            self.set_off().await?;
        }
        Ok(())
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.key = key;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<Written, Error> {
        if self.state.broken {
            return Err(interrupted());
        }
        let staged = self.landed().await?;
        let mut gathered = mem::take(&mut self.state.gathered);
        let (inner, mode) = (Arc::clone(&self.inner), self.mode);
        let (key, attribute) = (self.key.clone(), mem::take(&mut self.attribute));
        let condition = mem::take(&mut self.condition);
        blocking(move || {
            let staged = match staged {
                Some(staged) => staged,
                None => Staged::create(Arc::clone(&inner.root), mode)?,
            };
            gathered.write_to(&staged)?;
            inner
                .publisher
                .publish(&inner.root, staged, &key, attribute, &condition)
        })
        .await
    }

    async fn abort(mut self: Box<Self>) -> Result<(), Error> {
        let hop = self.state.hop.take();
        // An error of the hop is about bytes that nobody wants any more; it has removed the file.
        let landed = match hop {
            Some(hop) => hop.await.map_err(gone)?.ok(),
            None => None,
        };
        let staged = self.state.staged.take().or(landed);
        blocking(move || {
            drop(staged);
            Ok(())
        })
        .await
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        // A hop that is still being made removes the file at its end, when nobody waits for it.
        let hop = self.state.hop.take();
        let landed = hop.and_then(|hop| hop.now_or_never()?.ok()?.ok());
        let Some(staged) = self.state.staged.take().or(landed) else {
            return;
        };
        // Removing a large file takes a while: not on the thread that serves requests, if there is another.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(staged))),
            Err(_) => drop(staged),
        }
    }
}

fn interrupted() -> Error {
    Error::Interrupted {
        reason: "an earlier part of it could not be written",
    }
}

fn gone(error: tokio::task::JoinError) -> Error {
    Error::Io {
        op: "running a blocking call",
        source: io::Error::other(error),
    }
}
