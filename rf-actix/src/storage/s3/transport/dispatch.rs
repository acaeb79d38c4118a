//! `Transport`: what clients of rusoto are made of.

use super::{attempt::Line, failure::Failure, http::Http, outgoing::Outgoing};
use crate::engine::{Engine, Task};
use crate::storage::{
    error::Error,
    s3::{
        config::S3Config,
        credentials::{Chain, Credentials, CredentialsCache, Environment},
        resolved::Resolved,
    },
};
use rusoto_core::{
    Client, DispatchSignedRequest, Region, request::DispatchSignedRequestFuture,
    signature::SignedRequest,
};
use rusoto_s3::S3Client;
use std::{
    future::Future,
    sync::{Arc, atomic::AtomicI64},
    time::{Duration, SystemTime},
};

/// Connections, credentials and a runtime for one bucket. A clone shares them.
#[derive(Debug, Clone)]
pub(in crate::storage::s3) struct Transport {
    line: Arc<Line>,
    engine: Engine,
}

impl Transport {
    /// # Errors
    /// [`Error::Config`] for a wrong configuration or a host without certificates, [`Error::Io`] without a thread.
    pub(in crate::storage::s3) fn new(
        config: &S3Config,
        environment: Environment,
    ) -> Result<Self, Error> {
        let resolved = Resolved::new(config)?;
        let engine = Engine::start("rf-s3").map_err(|source| Error::Io {
            op: "starting the storage transport",
            source,
        })?;
        let http = Http::new(
            resolved.endpoint.scheme == "https",
            resolved.connect_timeout,
            resolved.idle_timeout,
        )?;
        // Who lends keys speaks TLS also where the bucket does not. Without certificates only the others can be asked.
        let lender = if config.access_key.is_some() {
            http.clone()
        } else {
            Http::new(true, resolved.connect_timeout, resolved.idle_timeout)
                .unwrap_or_else(|_| http.clone())
        };
        let chain = Chain::new(config, &resolved.region, environment, lender);
        let line = Line {
            resolved,
            http,
            credentials: Arc::new(CredentialsCache::new(chain)),
            ahead: AtomicI64::new(0),
        };
        Ok(Self {
            line: Arc::new(line),
            engine,
        })
    }

    pub(in crate::storage::s3) fn resolved(&self) -> &Resolved {
        &self.line.resolved
    }

    /// A client of the operations. Buckets of its requests must be the configured one.
    pub(in crate::storage::s3) fn client(&self) -> S3Client {
        self.client_with(Vec::new())
    }

    /// A client whose requests carry these headers as well: what rusoto has no fields for. They are signed, and
    /// replace those of the same name.
    pub(in crate::storage::s3) fn client_with(
        &self,
        headers: Vec<(&'static str, String)>,
    ) -> S3Client {
        let dispatcher = Dispatcher {
            transport: self.clone(),
            headers: headers.into(),
        };
        // Where requests go and for which region is decided when they are sent.
        S3Client::new_with_client(Client::new_not_signing(dispatcher), Region::UsEast1)
    }

    /// Runs a future on the runtime of the transport. Dropping the task ends it.
    pub(in crate::storage::s3) fn spawn<F>(&self, future: F) -> Task<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.engine.spawn(future)
    }

    /// What to sign with now.
    ///
    /// # Errors
    /// A [`Failure`] when there are no credentials.
    pub(in crate::storage::s3) async fn credentials(&self) -> Result<Arc<Credentials>, Failure> {
        let credentials = self.line.credentials.clone();
        let now = SystemTime::now();
        Ok(self
            .spawn(async move { credentials.get(now).await })
            .await?)
    }

    /// What the service takes for now.
    pub(in crate::storage::s3) fn now(&self) -> SystemTime {
        self.line.now()
    }
}

struct Dispatcher {
    transport: Transport,
    headers: Arc<[(&'static str, String)]>,
}

impl DispatchSignedRequest for Dispatcher {
    fn dispatch(
        &self,
        request: SignedRequest,
        _timeout: Option<Duration>,
    ) -> DispatchSignedRequestFuture {
        let Transport { line, engine } = self.transport.clone();
        let headers = self.headers.clone();
        let task = engine.clone().spawn(async move {
            let request = Outgoing::new(request, &headers, &line.resolved).await?;
            let (answer, attempts) = line.send(&request).await?;
            answer.into_rusoto(attempts, &engine, line.resolved.idle_timeout)
        });
        Box::pin(async move { task.await.map_err(Failure::into) })
    }
}
