//! The writer of a local disk: fills a buffer, and takes it to the staged file in one hop.

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
use bytes::Bytes;
use rustix::fs::Mode;
use std::{io::Write, mem, sync::Arc};

/// The bytes of one hop.
const BUFFER: usize = 256 * 1024;

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
    pub(super) buffer: Buffer,
    pub(super) staged: Option<Staged>,
    /// A failed write lost bytes: the file must not be published any more.
    pub(super) broken: bool,
}

#[derive(Default)]
pub(super) struct Buffer(Vec<u8>);

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl LocalWriter {
    /// Takes the buffer to the staged file, making that first if there is none yet.
    async fn flush(&mut self) -> Result<(), Error> {
        let (inner, mode, key) = (Arc::clone(&self.inner), self.mode, self.key.clone());
        let refuse_early = self.condition == Condition::IfAbsent && self.state.staged.is_none();
        let (staged, mut buffer) = (
            self.state.staged.take(),
            mem::take(&mut self.state.buffer.0),
        );
        // Until the hop is back: a future dropped here loses the bytes with it.
        self.state.broken = true;
        let (staged, buffer) = blocking(move || {
            if refuse_early && stat(&inner.root, &key).is_ok() {
                // The rename decides in the end; this only spares the sender the rest of a large file.
                return Err(Error::AlreadyExists { key });
            }
            let staged = match staged {
                Some(staged) => staged,
                None => Staged::create(Arc::clone(&inner.root), mode)?,
            };
            fill(&staged, &buffer)?;
            buffer.clear();
            Ok((staged, buffer))
        })
        .await?;
        self.state = State {
            buffer: Buffer(buffer),
            staged: Some(staged),
            broken: false,
        };
        Ok(())
    }
}

#[async_trait]
impl Writer for LocalWriter {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = BUFFER - self.state.buffer.0.len();
            let part = bytes.split_to(room.min(bytes.len()));
            self.state.buffer.0.extend_from_slice(&part);
            if self.state.buffer.0.len() == BUFFER {
                self.flush().await?;
            }
        }
        Ok(())
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.key = key;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<Written, Error> {
        let State {
            buffer,
            staged,
            broken,
        } = mem::take(&mut self.state);
        if broken {
            return Err(Error::Interrupted {
                reason: "an earlier part of it could not be written",
            });
        }
        let (inner, mode) = (Arc::clone(&self.inner), self.mode);
        let (key, attribute) = (self.key.clone(), mem::take(&mut self.attribute));
        let condition = mem::take(&mut self.condition);
        blocking(move || {
            let staged = match staged {
                Some(staged) => staged,
                None => Staged::create(Arc::clone(&inner.root), mode)?,
            };
            fill(&staged, &buffer.0)?;
            inner
                .publisher
                .publish(&inner.root, staged, &key, attribute, &condition)
        })
        .await
    }

    async fn abort(mut self: Box<Self>) -> Result<(), Error> {
        let staged = self.state.staged.take();
        blocking(move || {
            drop(staged);
            Ok(())
        })
        .await
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        let Some(staged) = self.state.staged.take() else {
            return;
        };
        // Removing a large file takes a while: not on the thread that serves requests, if there is another.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(staged))),
            Err(_) => drop(staged),
        }
    }
}

fn fill(staged: &Staged, bytes: &[u8]) -> Result<(), Error> {
    (&staged.file)
        .write_all(bytes)
        .map_err(|source| full_or("writing a file", source))
}
