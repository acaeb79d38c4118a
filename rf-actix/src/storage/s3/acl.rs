//! Who may read a file, as access control lists say it.

use super::{error::Failure, transport::Transport};
use crate::storage::{error::Error, key::Key, options::Visibility};
use rusoto_s3::{GetObjectAclRequest, Grant, PutObjectAclRequest, S3};

/// Everybody, with or without credentials.
const EVERYBODY: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

pub(super) fn canned(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Public => "public-read",
    }
}

/// Buckets refuse access control lists unless somebody switched them on, which the configuration of the disk then
/// tells.
///
/// # Errors
/// [`Error::Unsupported`] for a disk that says no visibility.
pub(super) fn check(usual: Option<Visibility>) -> Result<(), Error> {
    match usual {
        Some(_) => Ok(()),
        None => Err(Error::Unsupported {
            op: "visibility on a disk whose `visibility` is not set",
        }),
    }
}

pub(super) async fn visibility(transport: &Transport, key: &Key) -> Result<Visibility, Error> {
    check(transport.resolved().visibility)?;
    let request = GetObjectAclRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        ..Default::default()
    };
    let answer = transport.client().get_object_acl(request).await;
    let answer = answer.map_err(|error| Failure::from(error).about(key))?;
    let public = answer.grants.unwrap_or_default().iter().any(lets_all_read);
    Ok(if public {
        Visibility::Public
    } else {
        Visibility::Private
    })
}

fn lets_all_read(grant: &Grant) -> bool {
    let group = grant.grantee.as_ref().and_then(|to| to.uri.as_deref());
    group == Some(EVERYBODY) && matches!(grant.permission.as_deref(), Some("READ" | "FULL_CONTROL"))
}

pub(super) async fn set_visibility(
    transport: &Transport,
    key: &Key,
    visibility: Visibility,
) -> Result<(), Error> {
    check(transport.resolved().visibility)?;
    let request = PutObjectAclRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        acl: Some(canned(visibility).to_owned()),
        ..Default::default()
    };
    let put = transport.client().put_object_acl(request).await;
    put.map_err(|error| Failure::from(error).about(key))?;
    Ok(())
}
