//! Removing files, one or a thousand in a request.

use super::{
    condition,
    error::{Failure, Refusal},
    read::look,
    transport::Transport,
};
use crate::storage::{error::Error, key::Key, options::Condition};
use rusoto_s3::{Delete, DeleteObjectRequest, DeleteObjectsRequest, ObjectIdentifier, S3};
use std::collections::HashMap;

/// The bound S3 sets.
const BATCH: usize = 1000;

/// What is not there is removed already, unless a version was asked for.
pub(super) async fn remove(
    transport: &Transport,
    key: &Key,
    condition: &Condition,
) -> Result<(), Error> {
    let changed = || Err(Error::PreconditionFailed { key: key.clone() });
    condition::check(condition, transport.resolved().conditions)?;
    match condition {
        Condition::Always => {}
        Condition::IfAbsent if look(transport, key).await?.is_some() => return changed(),
        Condition::IfAbsent => return Ok(()),
        // Not every service that weighs the condition of a write weighs that of a removal.
        Condition::IfMatch(etag) => match look(transport, key).await? {
            Some(current) if current.etag == *etag => {}
            _ => return changed(),
        },
    }
    let request = DeleteObjectRequest {
        bucket: transport.resolved().bucket.clone(),
        key: key.as_str().to_owned(),
        ..Default::default()
    };
    let client = transport.client_with(condition::headers(condition));
    let removed = client.delete_object(request).await;
    match removed.map_err(Failure::from) {
        Ok(_) => Ok(()),
        Err(failure) if failure.is_no_such_key() && *condition == Condition::Always => Ok(()),
        // The version was there a moment ago: an earlier attempt has removed it, and only its answer was lost.
        Err(failure)
            if failure.attempts() > 1
                && (failure.is_condition() || failure.is_no_such_key())
                && look(transport, key).await?.is_none() =>
        {
            Ok(())
        }
        Err(failure) => Err(condition::failed(failure, condition, key)),
    }
}

/// One result a key, in their order.
pub(super) async fn remove_many(transport: &Transport, keys: &[Key]) -> Vec<Result<(), Error>> {
    let mut results = Vec::with_capacity(keys.len());
    for batch in keys.chunks(BATCH) {
        let listed: Vec<_> = batch.iter().filter(|key| may_be_listed(key)).collect();
        let mut refused = match listed.is_empty() {
            true => Ok(HashMap::new()),
            false => remove_batch(transport, &listed).await,
        };
        for key in batch {
            results.push(match &mut refused {
                _ if !may_be_listed(key) => remove(transport, key, &Condition::Always).await,
                Ok(refused) => match refused.remove(key.as_str()) {
                    Some(refusal) => Err(Failure::Refused(refusal).about(key)),
                    None => Ok(()),
                },
                Err(failure) => Err(failure.clone().about(key)),
            });
        }
    }
    results
}

/// Two characters a key may hold cannot stand in a document (XML 1.0 §2.2), and one of them would spoil the batch.
fn may_be_listed(key: &Key) -> bool {
    !key.as_str().contains(['\u{fffe}', '\u{ffff}'])
}

/// The keys that were not removed.
async fn remove_batch(
    transport: &Transport,
    keys: &[&Key],
) -> Result<HashMap<String, Refusal>, Failure> {
    let objects = keys.iter().map(|key| ObjectIdentifier {
        key: key.as_str().to_owned(),
        ..Default::default()
    });
    let request = DeleteObjectsRequest {
        bucket: transport.resolved().bucket.clone(),
        delete: Delete {
            objects: objects.collect(),
            // Only what went wrong is told.
            quiet: Some(true),
        },
        ..Default::default()
    };
    let answer = transport.client().delete_objects(request).await?;
    let mut refused = HashMap::new();
    for error in answer.errors.unwrap_or_default() {
        match (error.key, Refusal::of_code(error.code)) {
            (_, refusal) if refusal.is_no_such_key() => {}
            (Some(key), refusal) => drop(refused.insert(key, refusal)),
            // Whichever file it is about.
            (None, refusal) => return Err(Failure::Refused(refusal)),
        }
    }
    Ok(refused)
}

/// A file under a name nobody is to see for long: dropped, it is removed.
#[derive(Debug)]
pub(super) struct Stray {
    transport: Transport,
    key: Key,
    gone: bool,
}

impl Stray {
    pub(super) fn new(transport: &Transport, key: &Key) -> Self {
        Self {
            transport: transport.clone(),
            key: key.clone(),
            gone: false,
        }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) async fn remove(mut self) -> Result<(), Error> {
        let removed = remove(&self.transport, &self.key, &Condition::Always).await;
        self.gone = removed.is_ok();
        removed
    }
}

impl Drop for Stray {
    fn drop(&mut self) {
        if self.gone {
            return;
        }
        let (transport, key) = (self.transport.clone(), self.key.clone());
        let work = async move {
            if let Err(error) = remove(&transport, &key, &Condition::Always).await {
                log::warn!(target: "rf::storage", "the temporary file {key} is left behind: {error}");
            }
        };
        self.transport.spawn(work).detach();
    }
}
