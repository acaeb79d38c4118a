//! A write that goes to both storages until one of them is done.

use super::{
    record::{File, Record},
    shared::{Shared, unreachable},
};
use crate::storage::{
    error::Error,
    key::Key,
    metadata::Written,
    options::{Condition, WriteOptions},
    storage::Writer,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The most bytes of notes that every storage takes.
const MAX_NOTES: usize = 2048;

#[derive(Debug)]
pub(super) struct FallbackWriter {
    shared: Arc<Shared>,
    key: Key,
    options: WriteOptions,
    /// Something waited for the key when the write began.
    queued: bool,
    /// `None` once the primary cannot be reached, and where operations on the key wait for it.
    primary: Option<Box<dyn Writer>>,
    /// A secondary that fails does not matter as long as the primary is there.
    spare: Result<Box<dyn Writer>, Error>,
    size: u64,
    sha256: Sha256,
    /// One of the two may have bytes the other has not: a write failed or was let go half-way.
    broken: bool,
}

impl FallbackWriter {
    pub(super) async fn begin(
        shared: &Arc<Shared>,
        key: &Key,
        options: WriteOptions,
    ) -> Result<Self, Error> {
        let queued = shared.journal.latest(key).await?.is_some();
        let mut primary = None;
        let mut outage = None;
        if !queued && shared.state().primary_up {
            match shared.primary.writer(key, options.clone()).await {
                Ok(writer) => primary = Some(writer),
                Err(error) if error.is_outage() => {
                    shared.lost(&error);
                    outage = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        if primary.is_none() {
            refuse_what_the_primary_would(shared, &options)?;
        }
        if primary.is_none() && !queued && options.condition != Condition::Always {
            // Refused before the bytes are sent; the end of the write looks again.
            return Err(
                outage.unwrap_or_else(|| unreachable("whether the condition holds is not known"))
            );
        }
        let spare = shared.journal.stage().await;
        Ok(Self {
            shared: Arc::clone(shared),
            key: key.clone(),
            options,
            queued,
            primary,
            spare,
            size: 0,
            sha256: Sha256::new(),
            broken: false,
        })
    }

    /// Whether anything is left to write to.
    fn spare(&mut self) -> Result<(), Error> {
        if self.primary.is_none()
            && let Err(error) = &mut self.spare
        {
            return Err(std::mem::replace(error, Error::NoSpace));
        }
        Ok(())
    }
}

#[async_trait]
impl Writer for FallbackWriter {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(interrupted());
        }
        self.size += bytes.len() as u64;
        self.sha256.update(&bytes);
        let (primary, spare) = (&mut self.primary, &mut self.spare);
        let copy = bytes.clone();
        let to_primary = async {
            match primary {
                Some(writer) => writer.write(copy).await,
                None => Ok(()),
            }
        };
        let to_spare = async {
            match spare {
                Ok(writer) => writer.write(bytes).await,
                Err(_) => Ok(()),
            }
        };
        let (on_primary, on_spare) = join(to_primary, to_spare).await;
        match on_primary {
            Err(error) if error.is_outage() => {
                self.shared.lost(&error);
                self.primary = None;
            }
            answered => answered?,
        }
        if let Err(error) = on_spare {
            self.spare = Err(error);
        }
        self.spare()?;
        self.broken = false;
        Ok(())
    }

    fn retarget(&mut self, key: Key) -> Result<(), Error> {
        if let Some(primary) = &mut self.primary {
            primary.retarget(key.clone())?;
        }
        self.key = key;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<Written, Error> {
        let Self {
            shared,
            key,
            options,
            queued,
            primary,
            spare,
            size,
            sha256,
            broken,
        } = *self;
        if broken {
            return Err(interrupted());
        }
        // Something may have begun to wait for the key meanwhile, and this write comes after it.
        if let Some(primary) = primary
            && shared.journal.latest(&key).await?.is_none()
        {
            match primary.commit().await {
                Err(error) if error.is_outage() => {
                    shared.lost(&error);
                    // It may have arrived, so nobody can say any more whether the condition held.
                    if options.condition != Condition::Always {
                        return Err(error);
                    }
                }
                answered => return answered,
            }
        }
        let sha256 = sha256.finalize().into();
        if options.sha256.is_some_and(|announced| announced != sha256) {
            return Err(Error::Checksum { key });
        }
        let file = File {
            content_type: options.content_type,
            user: options.user,
            visibility: options.visibility,
            size,
            sha256,
        };
        let record = Record {
            key: key.clone(),
            file: Some(file),
        };
        let condition = options.condition;
        let appended = shared.journal.append(spare?, record, condition.clone());
        match appended.await {
            Err(error) if queued && error.is_outage() && shared.is_direct(&key).await? => {
                Err(overtaken(&shared, key, &condition, error).await)
            }
            written => Ok(written?.expect("a file that was appended is told")),
        }
    }

    async fn abort(self: Box<Self>) -> Result<(), Error> {
        if let Some(primary) = self.primary {
            match primary.abort().await {
                Err(error) if error.is_outage() => self.shared.lost(&error),
                answered => answered?,
            }
        }
        match self.spare {
            Ok(spare) => spare.abort().await,
            Err(_) => Ok(()),
        }
    }
}

/// What waited for the key has arrived, so only the primary could judge the condition, and it has none of the bytes. What
/// can be said without them is said.
async fn overtaken(shared: &Shared, key: Key, condition: &Condition, unknown: Error) -> Error {
    match condition {
        // It was that of the version that waited; the primary gave it another tag.
        Condition::IfMatch(_) => Error::PreconditionFailed { key },
        Condition::IfAbsent if shared.primary.stat(&key).await.is_ok() => {
            Error::AlreadyExists { key }
        }
        Condition::IfAbsent | Condition::Always => unknown,
    }
}

/// What is acknowledged must be taken in the end, so what the primary could not keep is refused here as well.
fn refuse_what_the_primary_would(shared: &Shared, options: &WriteOptions) -> Result<(), Error> {
    let can = shared.primary.capabilities();
    let unsupported = |op| Err(Error::Unsupported { op });
    if options.visibility.is_some() && !can.visibility {
        return unsupported("the visibility of a file");
    }
    if !options.user.is_empty() && !can.notes {
        return unsupported("keeping notes beside a file");
    }
    let notes = options
        .user
        .iter()
        .map(|(name, value)| name.len() + value.len());
    if notes.sum::<usize>() > MAX_NOTES {
        return Err(Error::TooLarge {
            what: "the notes beside the file",
            limit: MAX_NOTES as u64,
        });
    }
    Ok(())
}

fn interrupted() -> Error {
    Error::Interrupted {
        reason: "an earlier part of it could not be written",
    }
}
