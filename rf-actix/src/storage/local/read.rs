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
use rustix::fs::{self, FileType, OFlags, Stat};
use std::{fs::File, ops::Range, os::unix::fs::FileExt, sync::Arc};

/// Files up to here are read in the hop that opens them.
const SMALL: u64 = 64 * 1024;
const CHUNK: u64 = 256 * 1024;

/// Opens a regular file; anything else is not there.
pub(super) fn open_file(root: &Root, key: &Key) -> Result<(File, Stat), Error> {
    // NONBLOCK: opening a pipe that somebody put there must not wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fail = |errno| match errno {
        // What opening a socket says.
        rustix::io::Errno::NXIO => Error::NotFound { key: key.clone() },
        errno => failed("opening a file", key, errno),
    };
    let file = root.open_at(key.as_str(), flags).map_err(fail)?;
    let stat = fs::fstat(&file).map_err(fail)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok((File::from(file), stat)),
        _ => Err(Error::NotFound { key: key.clone() }),
    }
}

pub(super) fn open(root: &Root, key: &Key) -> Result<Object, Error> {
    let (file, stat) = open_file(root, key)?;
    let metadata = Attribute::read(&file).into_metadata(key.clone(), &stat);
    let source: Box<dyn Source> = if size(&stat) <= SMALL {
        Box::new(Small(read_at(&file, 0..size(&stat))?))
    } else {
        Box::new(Large(Arc::new(file)))
    };
    Ok(Object { metadata, source })
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
