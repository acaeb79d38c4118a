//! Reading: the first range at once, the rest of a large file in parts ahead of the reader.

use super::{
    again::Again,
    error::Failure,
    metadata::{Headers, tag},
    notes, parts,
    transport::{Task, Transport},
};
use crate::storage::{
    error::Error,
    key::Key,
    metadata::{ETag, Metadata},
    storage::{Object, Source},
    stream::ByteStream,
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use rusoto_core::ByteStream as Body;
use rusoto_s3::{GetObjectOutput, GetObjectRequest, HeadObjectOutput, HeadObjectRequest, S3};
use std::{collections::VecDeque, fmt, ops::Range};

/// Files up to here are read when they are opened, and their connection is free again.
const SMALL: u64 = 64 * 1024;
const CHUNK: usize = 256 * 1024;

/// What is known of a file.
pub(super) async fn stat(transport: &Transport, key: &Key) -> Result<Metadata, Error> {
    head(transport, key)
        .await
        .map_err(|failure| failure.about(key))
}

/// The metadata, or nothing where there is no file.
pub(super) async fn look(transport: &Transport, key: &Key) -> Result<Option<Metadata>, Error> {
    match stat(transport, key).await {
        Ok(metadata) => Ok(Some(metadata)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The tag of the file that is there, if it is of the write with this mark.
pub(super) async fn look_for(
    transport: &Transport,
    key: &Key,
    mark: &str,
) -> Result<Option<ETag>, Error> {
    match ask(transport, key).await {
        Ok(answer) if notes::mark(answer.metadata.as_ref()) == Some(mark) => {
            Ok(answer.e_tag.as_deref().map(tag))
        }
        Ok(_) => Ok(None),
        Err(failure) if failure.is_no_such_key() => Ok(None),
        Err(failure) => Err(failure.about(key)),
    }
}

async fn ask(transport: &Transport, key: &Key) -> Result<HeadObjectOutput, Failure> {
    let request = HeadObjectRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        ..Default::default()
    };
    Ok(transport.client().head_object(request).await?)
}

async fn head(transport: &Transport, key: &Key) -> Result<Metadata, Failure> {
    let answer = ask(transport, key).await?;
    let headers = Headers {
        size: answer.content_length.and_then(|size| size.try_into().ok()),
        content_type: answer.content_type,
        last_modified: answer.last_modified,
        etag: answer.e_tag,
        notes: answer.metadata,
    };
    headers.into_metadata(key.clone())
}

/// Opens a file with one request: the first part of what is to be read comes with the metadata.
pub(super) async fn open(
    transport: &Transport,
    key: &Key,
    soon: Range<u64>,
) -> Result<Object, Error> {
    let part_size = transport.resolved().part_size;
    let hoped = soon.start..soon.end.min(soon.start.saturating_add(part_size));
    let (metadata, begun) = if hoped.is_empty() {
        (stat(transport, key).await?, None)
    } else {
        match begin(transport, key, hoped).await {
            Ok((metadata, begun)) => (metadata, Some(begun)),
            // The file is empty, or shorter than hoped: its size tells the caller.
            Err(failure) if failure.status() == Some(416) => (stat(transport, key).await?, None),
            Err(failure) => return Err(failure.about(key)),
        }
    };
    let source = Opened {
        version: Version {
            transport: transport.clone(),
            key: key.clone(),
            etag: metadata.etag.clone(),
            size: metadata.size,
        },
        begun,
    };
    Ok(Object {
        metadata,
        source: Box::new(source),
    })
}

async fn begin(
    transport: &Transport,
    key: &Key,
    range: Range<u64>,
) -> Result<(Metadata, Begun), Failure> {
    let mut again = Again::new(transport, SMALL);
    loop {
        let answer = get(transport, key, range.clone(), None).await?;
        let (metadata, range, body) = told(key, answer)?;
        let length = range.end - range.start;
        let content = if length <= SMALL {
            match collect(body, length).await {
                Ok(mut pieces) => Content::Whole(pieces.pop_front().unwrap_or_default()),
                Err(failure) => {
                    again.after(transport, failure).await?;
                    continue;
                }
            }
        } else {
            Content::Coming(body)
        };
        return Ok((metadata, Begun { range, content }));
    }
}

async fn get(
    transport: &Transport,
    key: &Key,
    range: Range<u64>,
    version: Option<&ETag>,
) -> Result<GetObjectOutput, Failure> {
    let request = GetObjectRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        // The last byte counts (RFC 9110 §14.1.2).
        range: Some(format!("bytes={}-{}", range.start, range.end - 1)),
        if_match: version.map(ETag::to_string),
        ..Default::default()
    };
    Ok(transport.client().get_object(request).await?)
}

/// The metadata, and which bytes are on their way.
fn told(key: &Key, answer: GetObjectOutput) -> Result<(Metadata, Range<u64>, Body), Failure> {
    let length: Option<u64> = answer.content_length.and_then(|size| size.try_into().ok());
    let (range, size) = match &answer.content_range {
        Some(text) => content_range(text).ok_or_else(Failure::unreadable)?,
        // The service gives no ranges, but all of it.
        None => {
            let size = length.ok_or_else(Failure::unreadable)?;
            (0..size, size)
        }
    };
    let headers = Headers {
        size: Some(size),
        content_type: answer.content_type,
        last_modified: answer.last_modified,
        etag: answer.e_tag,
        notes: answer.metadata,
    };
    let metadata = headers.into_metadata(key.clone())?;
    let body = answer.body.ok_or_else(Failure::unreadable)?;
    Ok((metadata, range, body))
}

/// `bytes 0-4/5` (RFC 9110 §14.4).
fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = size.parse().ok()?;
    (first <= last && last < size).then(|| (first..last + 1, size))
}

/// Exactly so many bytes, in pieces of one size, so that each is free again when the reader is done with it.
///
/// What comes from a connection is copied: a few bytes of it may hold a whole buffer.
async fn collect(mut body: Body, length: u64) -> Result<VecDeque<Bytes>, Failure> {
    let mut rest = usize::try_from(length).map_err(|_| Failure::unreadable())?;
    let mut pieces = VecDeque::with_capacity(rest.div_ceil(CHUNK));
    let mut piece = BytesMut::with_capacity(rest.min(CHUNK));
    while let Some(bytes) = body.next().await {
        let mut bytes = bytes?;
        rest = rest
            .checked_sub(bytes.len())
            .ok_or_else(Failure::unreadable)?;
        while !bytes.is_empty() {
            let fits = bytes.len().min(CHUNK - piece.len());
            piece.extend_from_slice(&bytes.split_to(fits));
            if piece.len() == CHUNK {
                let next = BytesMut::with_capacity(CHUNK.min(rest + bytes.len()));
                pieces.push_back(std::mem::replace(&mut piece, next).freeze());
            }
        }
    }
    if rest > 0 {
        return Err(Failure::cut_short());
    }
    if !piece.is_empty() {
        pieces.push_back(piece.freeze());
    }
    Ok(pieces)
}

/// A file as it was when it was opened.
#[derive(Clone)]
struct Version {
    transport: Transport,
    key: Key,
    etag: ETag,
    size: u64,
}

impl Version {
    /// A range of this version; of no other one, so that a reader never gets a mixture.
    async fn fetch(self, range: Range<u64>) -> Result<VecDeque<Bytes>, Error> {
        let length = range.end - range.start;
        let mut again = Again::new(&self.transport, length);
        let fetched = async {
            loop {
                let body = self.ask(range.clone()).await?;
                match collect(body, length).await {
                    Err(failure) => again.after(&self.transport, failure).await?,
                    collected => return collected,
                }
            }
        };
        fetched.await.map_err(|failure| failure.about(&self.key))
    }

    async fn ask(&self, range: Range<u64>) -> Result<Body, Failure> {
        let answer = get(&self.transport, &self.key, range.clone(), Some(&self.etag)).await?;
        let (metadata, got, body) = told(&self.key, answer)?;
        // Not every service weighs the condition of a read.
        if metadata.etag != self.etag || metadata.size != self.size {
            return Err(Failure::changed());
        }
        if got != range {
            return Err(Failure::unreadable());
        }
        Ok(body)
    }
}

struct Opened {
    version: Version,
    begun: Option<Begun>,
}

/// What came with the metadata.
struct Begun {
    range: Range<u64>,
    content: Content,
}

enum Content {
    Whole(Bytes),
    Coming(Body),
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("key", &self.version.key)
            .field("etag", &self.version.etag)
            .field("size", &self.version.size)
            .finish_non_exhaustive()
    }
}

impl Source for Opened {
    fn read(self: Box<Self>, range: Range<u64>) -> ByteStream {
        let size = self.version.size;
        if range.start > range.end || range.end > size {
            let error = Error::RangeNotSatisfiable { size };
            return ByteStream::new(stream::iter([Err(error)]));
        }
        if range.is_empty() {
            return Bytes::new().into();
        }
        let Self { version, begun, .. } = *self;
        let mut reader = Reader {
            version,
            head: None,
            ready: VecDeque::new(),
            ahead: VecDeque::new(),
            rest: range.clone(),
        };
        match begun {
            Some(Begun {
                range: got,
                content: Content::Whole(bytes),
            }) if got.start <= range.start && range.end <= got.end => {
                let within = |at: u64| usize::try_from(at - got.start).expect("it is in memory");
                return bytes.slice(within(range.start)..within(range.end)).into();
            }
            Some(Begun {
                range: got,
                content: Content::Coming(body),
            }) if got.start == range.start => {
                let head = range.start..got.end.min(range.end);
                reader.rest.start = head.end;
                reader.head = Some((body, head));
            }
            // Another range than was hinted at: a request of its own.
            _ => {}
        }
        ByteStream::new(stream::try_unfold(reader, Reader::next))
    }
}

/// Reads on while the caller takes what is there: at most as many parts in memory as the concurrency allows.
struct Reader {
    version: Version,
    /// The body that came with the metadata, and what of it is still to come.
    head: Option<(Body, Range<u64>)>,
    /// Of the part the caller is at.
    ready: VecDeque<Bytes>,
    ahead: VecDeque<Task<Result<VecDeque<Bytes>, Error>>>,
    /// What nobody asked the service for yet.
    rest: Range<u64>,
}

impl Reader {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                return Ok(Some((chunk, self)));
            }
            self.read_ahead();
            match self.head.take() {
                Some((_, left)) if left.is_empty() => {}
                Some((body, left)) => self.take_from(body, left).await?,
                None => match self.ahead.pop_front() {
                    Some(part) => self.ready = part.await?,
                    None => return Ok(None),
                },
            }
        }
    }

    async fn take_from(&mut self, mut body: Body, mut left: Range<u64>) -> Result<(), Error> {
        let next = match body.next().await {
            Some(next) => next.map_err(Failure::from),
            None => Err(Failure::cut_short()),
        };
        let transport = &self.version.transport;
        let mut next = match next {
            Ok(next) => next,
            // What is missing of it is a part like any other.
            Err(failure) if failure.is_outage() && transport.resolved().attempts > 1 => {
                let rest = transport.spawn(self.version.clone().fetch(left));
                self.ahead.push_front(rest);
                return Ok(());
            }
            Err(failure) => return Err(failure.about(&self.version.key)),
        };
        // The caller may want less than the hint said.
        next.truncate(usize::try_from(left.end - left.start).unwrap_or(usize::MAX));
        left.start += next.len() as u64;
        self.head = Some((body, left));
        // One that says nothing is no chunk.
        self.ready
            .extend(Some(next).filter(|next| !next.is_empty()));
        Ok(())
    }

    fn read_ahead(&mut self) {
        let transport = self.version.transport.clone();
        let settings = transport.resolved();
        while self.ahead.len() + usize::from(self.head.is_some()) < settings.concurrency {
            let Some(part) = parts::cut(self.rest.clone(), settings.part_size).next() else {
                return;
            };
            self.rest.start = part.end;
            let work = self.version.clone().fetch(part);
            self.ahead.push_back(transport.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn only_a_whole_content_range_counts() {
        assert_eq!(content_range("bytes 0-4/5"), Some((0..5, 5)));
        assert_eq!(content_range("bytes 2-2/5"), Some((2..3, 5)));
        for text in [
            "bytes 0-5/5",
            "bytes 3-2/5",
            "bytes */5",
            "0-4/5",
            "bytes 0-4/*",
        ] {
            assert_eq!(content_range(text), None, "{text}");
        }
    }
}
