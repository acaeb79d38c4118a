//! `multipart/byteranges` (RFC 9110 §14.6): several stretches of a file in one response.

use crate::storage::{
    disk::Disk, error::Error, metadata::Metadata, storage::Storage, stream::ByteStream,
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{io, ops::Range};

/// The body of such a response, and how long it is.
pub(super) struct Parts {
    pub(super) content_type: String,
    pub(super) length: u64,
    pub(super) body: ByteStream,
}

/// Each stretch under a head of its own. They are read one after the other; should the file change meanwhile, the body
/// breaks off: it is of one version or none.
pub(super) fn parts(
    disk: &Disk,
    file: &Metadata,
    content_type: &str,
    wanted: &[Range<u64>],
) -> Parts {
    // Random, so that no content can hold it.
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let end = Bytes::from(format!("\r\n--{boundary}--\r\n"));
    let mut length = end.len() as u64;
    let mut pieces = Vec::with_capacity(wanted.len());
    for part in wanted {
        let head = format!(
            "\r\n--{boundary}\r\ncontent-type: {content_type}\r\ncontent-range: bytes {}-{}/{}\r\n\r\n",
            part.start,
            part.end - 1,
            file.size
        );
        length += head.len() as u64 + (part.end - part.start);
        pieces.push((Bytes::from(head), part.clone()));
    }
    let (disk, file) = (disk.clone(), file.clone());
    let body = stream::iter(pieces)
        .then(move |(head, part)| {
            let (disk, file) = (disk.clone(), file.clone());
            async move {
                let content = stretch(&disk, &file, part).await?;
                Ok::<_, Error>(stream::iter([Ok(head)]).chain(content))
            }
        })
        .try_flatten()
        .chain(stream::iter([Ok(end)]));
    Parts {
        content_type: format!("multipart/byteranges; boundary={boundary}"),
        length,
        body: ByteStream::new(body),
    }
}

async fn stretch(disk: &Disk, file: &Metadata, part: Range<u64>) -> Result<ByteStream, Error> {
    let opened = disk.open(&file.key, part.clone()).await?;
    if opened.metadata.etag != file.etag {
        return Err(Error::Io {
            op: "reading several parts of a file that changed",
            source: io::ErrorKind::Interrupted.into(),
        });
    }
    Ok(opened.source.read(part))
}
