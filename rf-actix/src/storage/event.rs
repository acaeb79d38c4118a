//! What a disk tells its observer.

use std::{fmt, sync::Arc, time::Duration};

/// One finished operation on a disk.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Event {
    /// The name of the disk.
    pub disk: Arc<str>,
    /// What was done.
    pub op: Op,
    /// How it ended.
    pub outcome: Outcome,
    /// The bytes of content read or written.
    pub bytes: u64,
    /// From the call to its end; for a read to the end of its stream.
    pub duration: Duration,
}

/// The operations of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Op {
    /// A file was opened and its content streamed.
    Read,
    /// What is known of a file was asked for.
    Stat,
    /// A file was written.
    Write,
    /// A file was removed.
    Delete,
    /// A page of keys was listed.
    List,
    /// A file was copied on the disk.
    Copy,
    /// A file was renamed on the disk.
    Move,
    /// Who may read a file was changed.
    Visibility,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Ok,
    /// The caller let go before the end: a client went away.
    Abandoned,
    /// With an error; the label is [`Error::kind`](super::Error::kind).
    Failed(&'static str),
}

impl Op {
    /// A label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Stat => "stat",
            Self::Write => "write",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Copy => "copy",
            Self::Move => "move",
            Self::Visibility => "visibility",
        }
    }
}

impl Outcome {
    /// A label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Abandoned => "abandoned",
            Self::Failed(kind) => kind,
        }
    }
}

/// Who is told of the operations of a disk.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Event) + Send + Sync>);

impl Observer {
    /// Calls the function after every operation, on the thread that ran it: it must not block.
    pub fn new(tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, event: &Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
