//! Uploads by parts.

use super::{
    bucket::{Bucket, Stored, acl, kept_headers, quoted, satisfy},
    http::{Op, Request, Response, digest, elements, escape, iso_date},
};
use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

/// What every part but the last has to have.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

/// An upload that was begun and is neither complete nor aborted.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) parts: BTreeMap<u32, Vec<u8>>,
    headers: Vec<(String, String)>,
    acl: String,
}

impl Bucket {
    pub(super) fn create(&mut self, request: &Request) -> Response {
        self.begun += 1;
        // With characters that a client has to encode.
        let id = format!("upload+{}/=", self.begun);
        let upload = Upload {
            key: request.key.clone(),
            parts: BTreeMap::new(),
            headers: kept_headers(request),
            acl: acl(request),
        };
        self.uploads.insert(id.clone(), upload);
        Response::xml(&format!(
            "<InitiateMultipartUploadResult><Bucket>{}</Bucket><Key>{}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>",
            request.bucket,
            escape(&request.key)
        ))
    }

    pub(super) fn part(&mut self, request: &Request) -> Response {
        let content = match request.op() {
            Op::PartCopy => match self.source(request) {
                Ok(stored) => {
                    let range = request.header("x-amz-copy-source-range");
                    let size = stored.content.len() as u64;
                    let range = range.map_or(Some((0, size)), |range| satisfy(range, size));
                    let Some((start, end)) = range else {
                        return Response::error(416, "InvalidRange");
                    };
                    stored.content[start as usize..end as usize].to_vec()
                }
                Err(refusal) => return refusal,
            },
            _ => request.body.clone(),
        };
        let etag = digest(&content);
        let Some(upload) = self.upload(request) else {
            return Response::error(404, "NoSuchUpload");
        };
        upload.parts.insert(request.part_number(), content);
        match request.op() {
            Op::PartCopy => Response::xml(&format!(
                "<CopyPartResult><ETag>&quot;{etag}&quot;</ETag><LastModified>{}</LastModified></CopyPartResult>",
                iso_date(SystemTime::now())
            )),
            _ => Response::new(200).header("etag", quoted(&etag)),
        }
    }

    pub(super) fn complete(&mut self, request: &Request) -> Response {
        if self.upload(request).is_none() {
            return Response::error(404, "NoSuchUpload");
        }
        if let Some(refusal) = self.refuse(request) {
            return refusal;
        }
        let id = request.value("uploadId");
        let upload = self.uploads[id].clone();
        let numbers = elements(request.text(), "PartNumber");
        let etags = elements(request.text(), "ETag");
        let numbers: Vec<u32> = numbers.iter().map(|text| text.parse().unwrap()).collect();
        if numbers.is_empty() || numbers.len() != etags.len() {
            return Response::error(400, "MalformedXML");
        }
        if !numbers.is_sorted_by(|one, next| one < next) {
            return Response::error(400, "InvalidPartOrder");
        }
        let mut content = Vec::new();
        for (at, (number, etag)) in numbers.iter().zip(&etags).enumerate() {
            let Some(part) = upload.parts.get(number) else {
                return Response::error(400, "InvalidPart");
            };
            if etag.trim_matches('"') != digest(part) {
                return Response::error(400, "InvalidPart");
            }
            if part.len() < SMALLEST_PART && at + 1 < numbers.len() {
                return Response::error(400, "EntityTooSmall");
            }
            content.extend_from_slice(part);
        }
        let etag = format!("{}-{}", digest(&content), numbers.len());
        let stored = Stored {
            content: Arc::new(content),
            etag: etag.clone(),
            headers: upload.headers,
            acl: upload.acl,
            modified: SystemTime::now(),
        };
        self.uploads.remove(id);
        self.objects.insert(request.key.clone(), stored);
        Response::xml(&format!(
            "<CompleteMultipartUploadResult><Bucket>{}</Bucket><Key>{}</Key><ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>",
            request.bucket,
            escape(&request.key)
        ))
    }

    pub(super) fn discard(&mut self, request: &Request) -> Response {
        if self.upload(request).is_none() {
            return Response::error(404, "NoSuchUpload");
        }
        self.uploads.remove(request.value("uploadId"));
        Response::new(204)
    }

    fn upload(&mut self, request: &Request) -> Option<&mut Upload> {
        self.uploads
            .get_mut(request.value("uploadId"))
            .filter(|upload| upload.key == request.key)
    }
}
