//! The transport against a server that fails on purpose.

#![allow(clippy::unwrap_used, reason = "tests")]

mod attempts;
mod bodies;
mod requests;

use super::{Outage, Transport, classify};
use crate::storage::s3::{config::S3Config, script::Script};
use rusoto_core::RusotoError;
use rusoto_s3::{GetObjectError, GetObjectOutput, GetObjectRequest, S3};
use std::{sync::Arc, time::Duration};

fn config(script: &Script) -> S3Config {
    S3Config {
        bucket: "photos".to_owned(),
        endpoint: Some(script.url()),
        access_key: Some("KEYID".into()),
        secret_key: Some("a secret".into()),
        idle_timeout: Duration::from_secs(20),
        deadline: Duration::from_secs(60),
        attempts: 3,
        ..S3Config::default()
    }
}

/// Gives up on silence soon.
fn impatient(script: &Script) -> S3Config {
    S3Config {
        idle_timeout: Duration::from_millis(50),
        attempts: 1,
        ..config(script)
    }
}

fn transport(config: &S3Config) -> Transport {
    Transport::new(config, Arc::new(|_| None)).unwrap()
}

async fn get(transport: &Transport) -> Result<GetObjectOutput, RusotoError<GetObjectError>> {
    let request = GetObjectRequest {
        bucket: "photos".to_owned(),
        key: "a.txt".to_owned(),
        ..GetObjectRequest::default()
    };
    transport.client().get_object(request).await
}

fn status<E>(error: &RusotoError<E>) -> u16 {
    match error {
        RusotoError::Unknown(response) => response.status.as_u16(),
        _ => 0,
    }
}

fn outage<E>(error: &RusotoError<E>) -> Option<Outage> {
    match error {
        RusotoError::HttpDispatch(error) => Some(classify(error)),
        _ => None,
    }
}
