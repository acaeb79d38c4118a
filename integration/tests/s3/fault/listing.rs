//! Listings, and deletes by the list.

use super::{
    bucket::{Bucket, quoted},
    http::{Request, Response, elements, encode, escape, iso_date},
};
use std::collections::BTreeSet;

/// What S3 gives and takes at most at a time.
const MOST: usize = 1000;

/// `ListObjectsV2`.
pub(super) fn objects(bucket: &Bucket, request: &Request) -> Response {
    let encodes = request.value("encoding-type") == "url";
    let shown = |text: &str| escape(&if encodes { encode(text) } else { text.into() });
    let (prefix, delimiter) = (request.value("prefix"), request.value("delimiter"));
    let limit = request.value("max-keys").parse().unwrap_or(MOST).min(MOST);
    let token = request.value("continuation-token");
    let token = token.strip_prefix("next+").map(unhex);
    // A start-after within a folder leaves the folder in the listing, a token after it does not.
    let after = token.as_deref().unwrap_or(request.value("start-after"));
    let (mut entries, mut folders) = (Vec::new(), BTreeSet::new());
    let (mut last, mut more) = (String::new(), false);
    for (key, stored) in &bucket.objects {
        let Some(rest) = key.strip_prefix(prefix).filter(|_| key.as_str() > after) else {
            continue;
        };
        let folder = (!delimiter.is_empty())
            .then(|| rest.split_once(delimiter))
            .flatten()
            .map(|(name, _)| format!("{prefix}{name}{delimiter}"));
        let seen = |folder: &String| folders.contains(folder) || token.as_ref() == Some(folder);
        if folder.as_ref().is_some_and(seen) {
            continue;
        }
        if entries.len() + folders.len() == limit {
            more = true;
            break;
        }
        if let Some(folder) = folder {
            last.clone_from(&folder);
            folders.insert(folder);
        } else {
            last.clone_from(key);
            entries.push(format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                shown(key),
                iso_date(stored.modified),
                escape(&quoted(&stored.etag)),
                stored.content.len()
            ));
        }
    }
    let mut xml = format!(
        "<Name>{}</Name><Prefix>{}</Prefix><MaxKeys>{limit}</MaxKeys><KeyCount>{}</KeyCount><IsTruncated>{more}</IsTruncated>",
        request.bucket,
        shown(prefix),
        entries.len() + folders.len()
    );
    if encodes {
        xml.push_str("<EncodingType>url</EncodingType>");
    }
    if more {
        let next = hex(&last);
        xml.push_str(&format!(
            "<NextContinuationToken>next+{next}</NextContinuationToken>"
        ));
    }
    xml.push_str(&entries.concat());
    for folder in &folders {
        xml.push_str(&format!(
            "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
            shown(folder)
        ));
    }
    Response::xml(&format!("<ListBucketResult>{xml}</ListBucketResult>"))
}

/// `ListMultipartUploads`.
pub(super) fn uploads(bucket: &Bucket) -> Response {
    let open: String = bucket
        .uploads
        .iter()
        .map(|(id, upload)| {
            format!(
                "<Upload><Key>{}</Key><UploadId>{id}</UploadId></Upload>",
                escape(&upload.key)
            )
        })
        .collect();
    Response::xml(&format!(
        "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{open}</ListMultipartUploadsResult>"
    ))
}

/// `DeleteObjects`. A key that contains `locked` is refused.
pub(super) fn delete(bucket: &mut Bucket, request: &Request) -> Response {
    if !request.headers.contains_key("content-md5")
        && !request
            .headers
            .keys()
            .any(|name| name.starts_with("x-amz-checksum-"))
    {
        return Response::error(400, "InvalidRequest");
    }
    let keys = elements(request.text(), "Key");
    // No document holds these (XML 1.0 §2.2).
    if request.text().contains(['\u{fffe}', '\u{ffff}']) {
        return Response::error(400, "MalformedXML");
    }
    if keys.is_empty() || keys.len() > MOST {
        return Response::error(400, "MalformedXML");
    }
    let quiet = request.text().contains("<Quiet>true</Quiet>");
    let mut xml = String::new();
    for key in keys {
        let name = escape(&key);
        if key.contains("locked") {
            xml.push_str(&format!(
                "<Error><Key>{name}</Key><Code>AccessDenied</Code><Message>Said on purpose.</Message></Error>"
            ));
        } else {
            bucket.objects.remove(&key);
            if !quiet {
                xml.push_str(&format!("<Deleted><Key>{name}</Key></Deleted>"));
            }
        }
    }
    Response::xml(&format!("<DeleteResult>{xml}</DeleteResult>"))
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> String {
    let bytes = text.as_bytes().chunks(2);
    let bytes = bytes.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
    String::from_utf8(bytes.collect()).unwrap()
}
