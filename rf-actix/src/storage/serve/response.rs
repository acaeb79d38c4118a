//! A file as the response to a request.

use super::{
    disposition::{disposition, shown_inline},
    parts::parts,
    precondition::{self, Verdict},
    range::{self, Wanted},
};
use crate::storage::{
    disk::Disk, error::Error, ext::IntoKey, metadata::Metadata, storage::Storage,
    stream::ByteStream,
};
use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
};
use futures_util::stream;
use std::{ops::Range, time::SystemTime};

/// User content must not act in the name of the site: no script, no forms, an origin of its own.
const SANDBOX: &str =
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox";

/// How a file is handed out.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    attachment: bool,
    inline: bool,
    secret_url: bool,
}

impl ServeOptions {
    /// The safe way: pictures, sound, films, plain text and JSON are shown, everything else is saved.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Always saved, never shown.
    #[must_use]
    pub fn attachment(mut self, yes: bool) -> Self {
        self.attachment = yes;
        self
    }

    /// Shown whatever it is, HTML and SVG too; still sandboxed. For content you trust.
    #[must_use]
    pub fn allow_inline(mut self, yes: bool) -> Self {
        self.inline = yes;
        self
    }

    /// The address is a secret that must not travel on in a `Referer`.
    pub(in crate::storage) fn secret_url(mut self) -> Self {
        self.secret_url = true;
        self
    }
}

impl Disk {
    /// A file as the response to a `GET` or `HEAD` request: streamed, with conditions (RFC 9110 §13) and ranges (§14,
    /// up to 16 in one request).
    ///
    /// The bytes of a response are of one version of the file, whatever happens to the key meanwhile. If they run
    /// out early the connection is cut, so that the client cannot take a part for the whole. Compression of the
    /// response is turned off: the strong entity tag names the bytes as they are stored.
    ///
    /// # Errors
    /// What [`StorageExt::read`](crate::storage::StorageExt::read) says, to be answered as it is:
    /// [`Error`] is a `ResponseError`.
    pub async fn response<K: IntoKey>(
        &self,
        request: &HttpRequest,
        key: K,
    ) -> Result<HttpResponse, Error> {
        self.response_with(request, key, &ServeOptions::new()).await
    }

    /// The same, with options.
    ///
    /// # Errors
    /// As [`response`](Self::response).
    pub async fn response_with<K: IntoKey>(
        &self,
        request: &HttpRequest,
        key: K,
        options: &ServeOptions,
    ) -> Result<HttpResponse, Error> {
        let key = key.into_key()?;
        if request.method() == Method::HEAD {
            let file = self.stat(&key).await?;
            return Ok(answer(request, options, self, &file, |_| {
                ByteStream::new(stream::empty())
            }));
        }
        let opened = self.open(&key, soon(request)).await?;
        Ok(answer(request, options, self, &opened.metadata, |range| {
            opened.source.read(range)
        }))
    }
}

/// What will be read before more is known: with conditions or a range perhaps nothing, or not all.
fn soon(request: &HttpRequest) -> Range<u64> {
    let may_be_less = [
        header::RANGE,
        header::IF_NONE_MATCH,
        header::IF_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
    ];
    match may_be_less
        .iter()
        .any(|name| request.headers().contains_key(name))
    {
        true => 0..0,
        false => 0..u64::MAX,
    }
}

fn answer(
    request: &HttpRequest,
    options: &ServeOptions,
    disk: &Disk,
    file: &Metadata,
    read: impl FnOnce(Range<u64>) -> ByteStream,
) -> HttpResponse {
    match precondition::weigh(request.method(), request.headers(), Some(file)) {
        Verdict::Proceed => {}
        Verdict::NotModified => return validators(StatusCode::NOT_MODIFIED, file).finish(),
        Verdict::Failed => {
            let failed = Error::PreconditionFailed {
                key: file.key.clone(),
            };
            return actix_web::ResponseError::error_response(&failed);
        }
    }
    // §14.2: `Range` has a meaning for GET only.
    let counts = request.method() == Method::GET
        && precondition::range_counts(request.headers(), file, SystemTime::now());
    let wanted = if counts {
        range::wanted(request.headers(), file.size)
    } else {
        Wanted::Whole
    };
    let mut response = validators(StatusCode::OK, file);
    let content_type = describe(&mut response, options, file);
    let part = match wanted {
        Wanted::Whole => 0..file.size,
        Wanted::Part(part) => {
            let value = format!("bytes {}-{}/{}", part.start, part.end - 1, file.size);
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header((header::CONTENT_RANGE, value));
            part
        }
        Wanted::Parts(wanted) => {
            let parts = parts(disk, file, &content_type, &wanted);
            return response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header((header::CONTENT_TYPE, parts.content_type))
                .body(SizedStream::new(parts.length, parts.body));
        }
        Wanted::Outside => {
            let outside = Error::RangeNotSatisfiable { size: file.size };
            return actix_web::ResponseError::error_response(&outside);
        }
    };
    let length = part.end - part.start;
    match read(part).try_into_bytes() {
        Ok(bytes) if bytes.len() as u64 == length => response.body(bytes),
        Ok(bytes) => response.body(SizedStream::new(length, ByteStream::from(bytes))),
        Err(stream) => response.body(SizedStream::new(length, stream)),
    }
}

/// What a 304 carries as well (§15.4.5).
fn validators(status: StatusCode, file: &Metadata) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::ETAG, file.etag.to_string()))
        .insert_header((
            header::LAST_MODIFIED,
            httpdate::fmt_http_date(file.last_modified),
        ))
        // Somebody's file: for no shared cache, and asked after every time.
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    response
}

/// Gives back the content type as it is told.
fn describe(response: &mut HttpResponseBuilder, options: &ServeOptions, file: &Metadata) -> String {
    let attachment = options.attachment || !(options.inline || shown_inline(&file.content_type));
    let mut content_type = file.content_type.clone();
    if content_type.starts_with("text/") && !content_type.contains("charset") {
        content_type.push_str("; charset=utf-8");
    }
    if HeaderValue::from_str(&content_type).is_err() {
        content_type = "application/octet-stream".to_owned();
    }
    response
        .insert_header((header::CONTENT_TYPE, content_type.as_str()))
        .insert_header((
            header::CONTENT_DISPOSITION,
            disposition(attachment, file.key.name()),
        ))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        // Only this keeps actix-web's `Compress` from changing the bytes under the tag.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX));
    if options.secret_url {
        response.insert_header((header::REFERRER_POLICY, "no-referrer"));
    }
    content_type
}
