//! A bucket in memory, with the rules of S3 that a client can trip over.

use super::{
    http::{Op, Request, Response, decode_form, digest, http_date, iso_date},
    listing,
    multipart::Upload,
};
use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

/// The only bucket there is.
pub(crate) const BUCKET: &str = "bucket";

#[derive(Debug, Default)]
pub(crate) struct Bucket {
    pub(crate) objects: BTreeMap<String, Stored>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// How many uploads were ever begun.
    pub(crate) begun: usize,
    /// Conditions of reads are not weighed.
    pub(crate) reads_anything: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) content: Arc<Vec<u8>>,
    pub(crate) etag: String,
    /// Type, notes and what else is given back.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) acl: String,
    pub(crate) modified: SystemTime,
}

impl Stored {
    pub(crate) fn new(content: Vec<u8>, request: &Request) -> Self {
        Self {
            etag: digest(&content),
            content: Arc::new(content),
            headers: kept_headers(request),
            acl: acl(request),
            modified: SystemTime::now(),
        }
    }
}

pub(crate) fn kept_headers(request: &Request) -> Vec<(String, String)> {
    let kept = [
        "content-type",
        "content-disposition",
        "cache-control",
        "content-encoding",
    ];
    request
        .headers
        .iter()
        .filter(|(name, _)| kept.contains(&name.as_str()) || name.starts_with("x-amz-meta-"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(crate) fn acl(request: &Request) -> String {
    request.header("x-amz-acl").unwrap_or("private").to_owned()
}

impl Bucket {
    /// What S3 answers.
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        if request.bucket != BUCKET {
            return Response::error(404, "NoSuchBucket");
        }
        if request.headers.contains_key("transfer-encoding") {
            return Response::error(411, "MissingContentLength");
        }
        match request.op() {
            Op::Put => self.put(request),
            Op::Copy => self.copy(request),
            Op::Get | Op::Head => self.get(request),
            Op::Delete => self.delete(request),
            Op::PutAcl => self.change(request, |stored, request| stored.acl = acl(request)),
            Op::GetAcl => self.get_acl(request),
            Op::Create => self.create(request),
            Op::Part | Op::PartCopy => self.part(request),
            Op::Complete => self.complete(request),
            Op::Abort => self.discard(request),
            Op::List => listing::objects(self, request),
            Op::Uploads => listing::uploads(self),
            Op::DeleteMany => listing::delete(self, request),
            Op::HeadBucket => Response::new(200),
            Op::Unknown => Response::error(501, "NotImplemented"),
        }
    }

    /// The refusal of a write whose condition does not hold.
    pub(crate) fn refuse(&self, request: &Request) -> Option<Response> {
        let now = self.objects.get(&request.key);
        if request.header("if-none-match") == Some("*") && now.is_some() {
            return Some(Response::error(412, "PreconditionFailed"));
        }
        let wanted = request.header("if-match")?;
        match now {
            None => Some(Response::error(404, "NoSuchKey")),
            Some(stored) if !same(wanted, &stored.etag) => {
                Some(Response::error(412, "PreconditionFailed"))
            }
            Some(_) => None,
        }
    }

    fn put(&mut self, request: &Request) -> Response {
        if let Some(refusal) = self.refuse(request) {
            return refusal;
        }
        let stored = Stored::new(request.body.clone(), request);
        let etag = quoted(&stored.etag);
        self.objects.insert(request.key.clone(), stored);
        Response::new(200).header("etag", etag)
    }

    fn get(&self, request: &Request) -> Response {
        let Some(stored) = self.objects.get(&request.key) else {
            return Response::error(404, "NoSuchKey");
        };
        if let Some(wanted) = request.header("if-match")
            && !self.reads_anything
            && !same(wanted, &stored.etag)
        {
            return Response::error(412, "PreconditionFailed");
        }
        let size = stored.content.len() as u64;
        let (mut response, content) = match request.header("range") {
            None => (Response::new(200), &stored.content[..]),
            Some(range) => {
                let Some((start, end)) = satisfy(range, size) else {
                    return Response::error(416, "InvalidRange")
                        .header("content-range", format!("bytes */{size}"));
                };
                let told = format!("bytes {start}-{}/{size}", end - 1);
                (
                    Response::new(206).header("content-range", told),
                    &stored.content[start as usize..end as usize],
                )
            }
        };
        response.headers.extend(stored.headers.iter().cloned());
        // What a signed link may ask for instead.
        for (name, value) in &request.query {
            if let Some(name) = name.strip_prefix("response-") {
                response.headers.retain(|(known, _)| known != name);
                response = response.header(name, value);
            }
        }
        response.body = content.to_vec();
        response
            .header("etag", quoted(&stored.etag))
            .header("last-modified", http_date(stored.modified))
            .header("accept-ranges", "bytes")
    }

    fn delete(&mut self, request: &Request) -> Response {
        if let Some(refusal) = self.refuse(request) {
            return refusal;
        }
        self.objects.remove(&request.key);
        Response::new(204)
    }

    fn copy(&mut self, request: &Request) -> Response {
        let mut copied = match self.source(request) {
            Ok(stored) => stored,
            Err(refusal) => return refusal,
        };
        let replaces = request.header("x-amz-metadata-directive") == Some("REPLACE");
        if replaces {
            copied.headers = kept_headers(request);
        } else if source_key(request) == request.key {
            return Response::error(400, "InvalidRequest");
        }
        // A copy is private again, and its tag is that of a plain put.
        copied.acl = acl(request);
        copied.etag = digest(&copied.content);
        copied.modified = SystemTime::now();
        let answer = Response::xml(&format!(
            "<CopyObjectResult><ETag>&quot;{}&quot;</ETag><LastModified>{}</LastModified></CopyObjectResult>",
            copied.etag,
            iso_date(copied.modified)
        ));
        self.objects.insert(request.key.clone(), copied);
        answer
    }

    /// The object a copy is made of.
    pub(crate) fn source(&self, request: &Request) -> Result<Stored, Response> {
        let Some(stored) = self.objects.get(&source_key(request)) else {
            return Err(Response::error(404, "NoSuchKey"));
        };
        match request.header("x-amz-copy-source-if-match") {
            Some(wanted) if !same(wanted, &stored.etag) => {
                Err(Response::error(412, "PreconditionFailed"))
            }
            _ => Ok(stored.clone()),
        }
    }

    fn change(&mut self, request: &Request, how: fn(&mut Stored, &Request)) -> Response {
        match self.objects.get_mut(&request.key) {
            Some(stored) => {
                how(stored, request);
                Response::new(200)
            }
            None => Response::error(404, "NoSuchKey"),
        }
    }

    fn get_acl(&self, request: &Request) -> Response {
        let Some(stored) = self.objects.get(&request.key) else {
            return Response::error(404, "NoSuchKey");
        };
        let all = "http://acs.amazonaws.com/groups/global/AllUsers";
        let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        let mut grants = format!(
            "<Grant><Grantee {xsi} xsi:type=\"CanonicalUser\"><ID>me</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>"
        );
        if stored.acl == "public-read" {
            grants.push_str(&format!(
                "<Grant><Grantee {xsi} xsi:type=\"Group\"><URI>{all}</URI></Grantee><Permission>READ</Permission></Grant>"
            ));
        }
        Response::xml(&format!(
            "<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
        ))
    }
}

fn source_key(request: &Request) -> String {
    let source = request.header("x-amz-copy-source").unwrap_or_default();
    let source = decode_form(source.split("?versionId").next().unwrap_or_default());
    let source = source.trim_start_matches('/');
    let (bucket, key) = source.split_once('/').unwrap_or((source, ""));
    if bucket == BUCKET {
        key.to_owned()
    } else {
        String::new()
    }
}

/// The bytes of a `Range` header, if there are any.
pub(crate) fn satisfy(header: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) => (first, size),
        (Err(_), Ok(last)) => (size.saturating_sub(last), size),
        (Err(_), Err(_)) => return None,
    };
    (start < end).then_some((start, end))
}

fn same(wanted: &str, etag: &str) -> bool {
    wanted == "*" || wanted.trim_matches('"') == etag
}

pub(crate) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}
