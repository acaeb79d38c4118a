//! A storage that tells an observer of every operation.

use crate::storage::{
    error::Error,
    event::{Event, Observer, Op, Outcome},
    key::{Key, Prefix},
    metadata::{Metadata, Page, Written},
    options::{Capabilities, Condition, Depth, SignedUrlOptions, Visibility, WriteOptions},
    storage::{Object, SignedUrl, Source, Storage, Writer},
    stream::ByteStream,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use std::{
    future::Future,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

/// Tells an [`Observer`] of every operation on a storage, with its bytes, time and outcome.
#[derive(Debug, Clone)]
pub struct Observed {
    inner: Arc<dyn Storage>,
    disk: Arc<str>,
    observer: Observer,
}

impl Observed {
    /// Wraps a storage; events carry the name of the disk.
    pub fn new(inner: impl Storage, disk: impl Into<Arc<str>>, observer: Observer) -> Self {
        Self::over(Arc::new(inner), disk.into(), observer)
    }

    pub(in crate::storage) fn over(
        inner: Arc<dyn Storage>,
        disk: Arc<str>,
        observer: Observer,
    ) -> Self {
        Self {
            inner,
            disk,
            observer,
        }
    }

    fn watch(&self, op: Op) -> Watch {
        Watch {
            observer: self.observer.clone(),
            disk: Arc::clone(&self.disk),
            op,
            bytes: 0,
            since: Instant::now(),
            outcome: Outcome::Abandoned,
        }
    }

    async fn tell<T>(
        &self,
        op: Op,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let mut watch = self.watch(op);
        let result = work.await;
        watch.ended(&result);
        result
    }
}

/// One operation; tells of it when dropped, so that none goes unseen.
#[derive(Debug)]
struct Watch {
    observer: Observer,
    disk: Arc<str>,
    op: Op,
    bytes: u64,
    since: Instant,
    outcome: Outcome,
}

impl Watch {
    fn ended<T>(&mut self, result: &Result<T, Error>) {
        self.outcome = match result {
            Ok(_) => Outcome::Ok,
            Err(error) => Outcome::Failed(error.kind()),
        };
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.tell(&Event {
            disk: Arc::clone(&self.disk),
            op: self.op,
            outcome: self.outcome,
            bytes: self.bytes,
            duration: self.since.elapsed(),
        });
    }
}

#[async_trait]
impl Storage for Observed {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn place(&self, key: &Key) -> Option<String> {
        self.inner.place(key)
    }

    async fn open(&self, key: &Key, soon: Range<u64>) -> Result<Object, Error> {
        let mut watch = self.watch(Op::Read);
        match self.inner.open(key, soon).await {
            Ok(Object { metadata, source }) => {
                // Opened and not read, for a condition that spares the content, is a read that went well.
                watch.outcome = Outcome::Ok;
                Ok(Object {
                    metadata,
                    source: Box::new(ObservedSource { source, watch }),
                })
            }
            Err(error) => {
                watch.outcome = Outcome::Failed(error.kind());
                Err(error)
            }
        }
    }

    async fn stat(&self, key: &Key) -> Result<Metadata, Error> {
        self.tell(Op::Stat, self.inner.stat(key)).await
    }

    async fn writer(&self, key: &Key, options: WriteOptions) -> Result<Box<dyn Writer>, Error> {
        let mut watch = self.watch(Op::Write);
        match self.inner.writer(key, options).await {
            Ok(inner) => Ok(Box::new(ObservedWriter { inner, watch })),
            Err(error) => {
                watch.outcome = Outcome::Failed(error.kind());
                Err(error)
            }
        }
    }

    async fn remove(&self, key: &Key, condition: &Condition) -> Result<(), Error> {
        self.tell(Op::Delete, self.inner.remove(key, condition))
            .await
    }

    async fn remove_many(&self, keys: &[Key]) -> Vec<Result<(), Error>> {
        let mut watch = self.watch(Op::Delete);
        let removed = self.inner.remove_many(keys).await;
        let failed = removed.iter().find_map(|removed| removed.as_ref().err());
        watch.outcome = failed.map_or(Outcome::Ok, |error| Outcome::Failed(error.kind()));
        removed
    }

    async fn page(
        &self,
        prefix: &Prefix,
        depth: Depth,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        self.tell(Op::List, self.inner.page(prefix, depth, cursor, limit))
            .await
    }

    async fn duplicate(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.tell(Op::Copy, self.inner.duplicate(from, to)).await
    }

    async fn rename(&self, from: &Key, to: &Key) -> Result<Metadata, Error> {
        self.tell(Op::Move, self.inner.rename(from, to)).await
    }

    async fn visibility(&self, key: &Key) -> Result<Visibility, Error> {
        self.tell(Op::Stat, self.inner.visibility(key)).await
    }

    async fn set_visibility(&self, key: &Key, visibility: Visibility) -> Result<(), Error> {
        let changed = self.inner.set_visibility(key, visibility);
        self.tell(Op::Visibility, changed).await
    }

    fn public_url(&self, key: &Key) -> Result<String, Error> {
        self.inner.public_url(key)
    }

    async fn presign(&self, key: &Key, options: &SignedUrlOptions) -> Result<SignedUrl, Error> {
        // Signing touches no file.
        self.inner.presign(key, options).await
    }

    async fn sync(&self, folder: &Prefix) -> Result<(), Error> {
        // Touches no file.
        self.inner.sync(folder).await
    }

    async fn probe(&self) -> Result<(), Error> {
        // Health checks are no traffic.
        self.inner.probe().await
    }
}

#[derive(Debug)]
struct ObservedSource {
    source: Box<dyn Source>,
    watch: Watch,
}

impl Source for ObservedSource {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let Self { source, mut watch } = *self;
        let length = range.end.saturating_sub(range.start);
        match source.read(range).try_into_bytes() {
            Ok(bytes) => {
                watch.bytes = bytes.len() as u64;
                bytes.into()
            }
            Err(stream) => {
                watch.outcome = Outcome::Abandoned;
                ByteStream::new(ObservedStream {
                    stream,
                    watch,
                    rest: length,
                })
            }
        }
    }
}

struct ObservedStream {
    stream: ByteStream,
    watch: Watch,
    /// The receiver may stop asking once it has all bytes, so the end is counted, not waited for.
    rest: u64,
}

impl Stream for ObservedStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(bytes))) => {
                self.watch.bytes += bytes.len() as u64;
                self.rest = self.rest.saturating_sub(bytes.len() as u64);
                if self.rest == 0 {
                    self.watch.outcome = Outcome::Ok;
                }
            }
            Poll::Ready(Some(Err(error))) => self.watch.outcome = Outcome::Failed(error.kind()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }
}

#[derive(Debug)]
struct ObservedWriter {
    inner: Box<dyn Writer>,
    watch: Watch,
}

#[async_trait]
impl Writer for ObservedWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let length = bytes.len() as u64;
        let written = self.inner.write(bytes).await;
        match &written {
            Ok(()) => self.watch.bytes += length,
            Err(error) => self.watch.outcome = Outcome::Failed(error.kind()),
        }
        written
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        self.inner.retarget(key)
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        let Self { inner, mut watch } = *self;
        let result = inner.commit().await;
        watch.ended(&result);
        result
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        self.inner.abort().await
    }
}
