//! Reading by position, one hop to the blocking pool a chunk.

use super::{
    attribute::{Attribute, size},
    publish::{failed, full_or},
    root::Root,
};
use crate::storage::{
    error::Error,
    key::Key,
    storage::{Object, Source},
    stream::ByteStream,
};
use bytes::Bytes;
use futures_util::stream;
use rustix::{
    fs::{self, FileType, OFlags, Stat},
    io::{ReadWriteFlags, preadv2},
};
use std::{fs::File, io::IoSliceMut, ops::Range, os::unix::fs::FileExt, sync::Arc};

/// Files up to here are read in the hop that opens them.
const SMALL: u64 = 64 * 1024;
const CHUNK: u64 = 256 * 1024;

// NONBLOCK: opening a pipe that somebody put there must not wait for its other end.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens a regular file; anything else is not there.
pub(super) fn open_file(root: &Root, key: &Key) -> Result<(File, Stat), Error> {
    let fail = |errno| match errno {
        // What opening a socket says.
        rustix::io::Errno::NXIO => Error::NotFound { key: key.clone() },
        errno => failed("opening a file", key, errno),
    };
    let file = root.open_at(key.as_str(), FLAGS).map_err(fail)?;
    let stat = fs::fstat(&file).map_err(fail)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok((File::from(file), stat)),
        _ => Err(Error::NotFound { key: key.clone() }),
    }
}

pub(super) fn open(root: &Root, key: &Key) -> Result<Object, Error> {
    let (file, stat) = open_file(root, key)?;
    let metadata = Attribute::read(&file, key)?.into_metadata(key.clone(), &stat);
    let source: Box<dyn Source> = if size(&stat) <= SMALL {
        Box::new(Small(read_at(&file, 0..size(&stat))?))
    } else {
        Box::new(Large(Arc::new(file)))
    };
    Ok(Object { metadata, source })
}

/// The same at once, when all of it is in memory anyway: the way to the pool and back takes longer than the reading
/// of a small file. `None`: ask [`open`].
pub(super) fn open_cached(root: &Root, key: &Key) -> Option<Object> {
    let file = File::from(root.open_cached(key.as_str(), FLAGS)?);
    let stat = fs::fstat(&file).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || size(&stat) > SMALL {
        return None;
    }
    // Room for one byte more than there should be: a file that grows meanwhile is for the pool as well.
    let length = usize::try_from(size(&stat)).ok()?;
    let mut buffer = vec![0; length + 1];
    let into = &mut [IoSliceMut::new(&mut buffer)];
    // Fewer bytes, or none: not all of it is in memory, or the file system does not know the flag.
    if preadv2(&file, into, 0, ReadWriteFlags::NOWAIT) != Ok(length) {
        return None;
    }
    buffer.truncate(length);
    let attribute = Attribute::read(&file, key).ok()?;
    let metadata = attribute.into_metadata(key.clone(), &stat);
    let source = Box::new(Small(buffer.into()));
    Some(Object { metadata, source })
}

#[derive(Debug)]
struct Small(Bytes);

impl Source for Small {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let slice = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        match slice {
            Some((start, end)) if start <= end && end <= self.0.len() => {
                self.0.slice(start..end).into()
            }
            _ => ByteStream::new(stream::iter([Err(Error::RangeNotSatisfiable {
                size: self.0.len() as u64,
            })])),
        }
    }
}

#[derive(Debug)]
struct Large(Arc<File>);

impl Source for Large {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        ByteStream::new(stream::try_unfold(
            (self.0, range),
            |(file, rest)| async move {
                if rest.start >= rest.end {
                    return Ok(None);
                }
                let middle = rest.end.min(rest.start + CHUNK);
                let hop = Arc::clone(&file);
                let bytes =
                    super::local_storage::blocking(move || read_at(&hop, rest.start..middle))
                        .await?;
                Ok(Some((bytes, (file, middle..rest.end))))
            },
        ))
    }
}

/// All bytes of a range; fewer, because the file was cut meanwhile, is an error.
fn read_at(file: &File, range: Range<u64>) -> Result<Bytes, Error> {
    let length = usize::try_from(range.end - range.start).expect("a chunk is small");
    let mut buffer = vec![0; length];
    file.read_exact_at(&mut buffer, range.start)
        .map_err(|source| full_or("reading a file", source))?;
    Ok(buffer.into())
}
