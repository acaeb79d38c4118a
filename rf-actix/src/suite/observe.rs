//! What the parts tell, as log lines and metrics. Every label comes from a small set.

use crate::{
    logging::{Level, Logger},
    metrics::{Counter, Error, Histogram, Kind, Labelled, Metrics},
    oauth2::Event as OAuth2Event,
    storage::{Disks, Event as DiskEvent, Outcome},
};

/// Seconds; a disk operation takes from a tenth of a millisecond to minutes.
const DISK_SECONDS: [f64; 10] = [
    0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 1.0, 10.0, 60.0,
];

/// The families that disk operations are counted in.
pub(super) struct DiskNumbers {
    operations: Labelled<Counter, 3>,
    bytes: Labelled<Counter, 2>,
    seconds: Labelled<Histogram, 2>,
    logger: Logger,
}

impl DiskNumbers {
    pub(super) fn new(metrics: &Metrics, logger: &Logger) -> Result<Self, Error> {
        Ok(Self {
            operations: metrics
                .counter("storage_operations_total")
                .help("Operations on disks by how they ended")
                .labels(["disk", "operation", "outcome"])?,
            bytes: metrics
                .counter("storage_bytes_total")
                .help("Bytes of content read from and written to disks")
                .labels(["disk", "operation"])?,
            seconds: metrics
                .histogram("storage_operation_duration_seconds")
                .help("How long operations on disks took, to the last byte")
                .buckets(DISK_SECONDS)
                .labels(["disk", "operation"])?,
            logger: logger.clone(),
        })
    }

    pub(super) fn observe(&self, event: &DiskEvent) {
        let (disk, operation, outcome) = (&*event.disk, event.op.as_str(), event.outcome.as_str());
        self.operations.bind([disk, operation, outcome]).inc();
        self.seconds
            .bind([disk, operation])
            .observe(event.duration.as_secs_f64());
        if event.bytes > 0 {
            self.bytes.bind([disk, operation]).inc_by(event.bytes);
        }
        // A full or broken disk is the operator's matter; a missing file is the caller's.
        if let Outcome::Failed(
            "no_space" | "io" | "permission_denied" | "interrupted" | "timeout" | "rate_limited"
            | "backend",
        ) = event.outcome
        {
            let fields: [Field<'_>; 3] = [
                ("disk", &disk),
                ("operation", &operation),
                ("outcome", &outcome),
            ];
            self.logger.log_event(
                Level::Error,
                "rf::storage",
                "disk operation failed",
                &fields,
            );
        }
    }
}

type Field<'a> = (&'static str, &'a dyn slog::Value);

/// The families that the authorization server is counted in.
pub(super) struct OAuth2Numbers {
    issued: Labelled<Counter, 1>,
    refused: Labelled<Counter, 2>,
    replays: Labelled<Counter, 1>,
    revoked: Labelled<Counter, 1>,
    logins: Labelled<Counter, 1>,
    authorizations: Labelled<Counter, 1>,
    clients: Labelled<Counter, 1>,
    client_failures: Labelled<Counter, 1>,
    logger: Logger,
}

impl OAuth2Numbers {
    pub(super) fn new(metrics: &Metrics, logger: &Logger) -> Result<Self, Error> {
        let count =
            |name: &str, help: &str, label: &str| metrics.counter(name).help(help).labels([label]);
        Ok(Self {
            issued: count(
                "oauth2_tokens_issued_total",
                "Access tokens issued",
                "grant",
            )?,
            refused: metrics
                .counter("oauth2_tokens_refused_total")
                .help("Token requests refused, by the error the caller saw")
                .labels(["grant", "error"])?,
            replays: count(
                "oauth2_replays_total",
                "Codes and refresh tokens used twice",
                "grant",
            )?,
            revoked: count(
                "oauth2_revocations_total",
                "Tokens revoked on request",
                "kind",
            )?,
            logins: count(
                "oauth2_logins_total",
                "Sign-ins with a password, at the login page and by the password grant",
                "outcome",
            )?,
            authorizations: count(
                "oauth2_authorizations_total",
                "Authorization requests that were answered, by the answer",
                "outcome",
            )?,
            clients: count(
                "oauth2_client_changes_total",
                "Changes of clients while the server ran",
                "change",
            )?,
            client_failures: count(
                "oauth2_client_failures_total",
                "Clients that failed to prove who they are",
                "outcome",
            )?,
            logger: logger.clone(),
        })
    }

    pub(super) fn observe(&self, event: &OAuth2Event) {
        use OAuth2Event as E;
        match event {
            E::TokenIssued {
                grant, client_id, ..
            } => {
                self.issued.bind([grant.as_str()]).inc();
                self.log(
                    Level::Info,
                    "token issued",
                    &[
                        ("grant", &grant.as_str()),
                        ("client_id", &client_id.as_str()),
                    ],
                );
            }
            E::TokenRefused {
                grant,
                client_id,
                error,
                cause,
            } => {
                let grant = grant.as_ref().map_or("unknown", |grant| grant.as_str());
                self.refused.bind([grant, error.as_str()]).inc();
                let client = client_id.as_ref().map(|id| id.as_str());
                let level = if cause.is_some() {
                    Level::Error
                } else {
                    Level::Info
                };
                let fields: [Field<'_>; 4] = [
                    ("grant", &grant),
                    ("client_id", &client),
                    ("error", &error.as_str()),
                    ("cause", &cause.as_deref()),
                ];
                self.log(level, "token refused", &fields);
            }
            E::ReplayDetected { grant, client_id } => {
                self.replays.bind([grant.as_str()]).inc();
                let fields: [Field<'_>; 2] = [
                    ("grant", &grant.as_str()),
                    ("client_id", &client_id.as_str()),
                ];
                self.log(
                    Level::Warn,
                    "replay detected, the family is revoked",
                    &fields,
                );
            }
            E::Revoked { client_id, kind } => {
                self.revoked.bind([*kind]).inc();
                self.log(
                    Level::Info,
                    "token revoked",
                    &[("kind", kind), ("client_id", &client_id.as_str())],
                );
            }
            E::LoginSucceeded { subject } => {
                self.logins.bind(["succeeded"]).inc();
                self.log(Level::Info, "signed in", &[("subject", &subject.as_str())]);
            }
            E::LoginFailed { throttled } => {
                self.logins
                    .bind([if *throttled { "throttled" } else { "failed" }])
                    .inc();
                self.log(Level::Warn, "sign-in failed", &[("throttled", throttled)]);
            }
            E::LoggedOut { subject } => {
                self.log(Level::Info, "signed out", &[("subject", &subject.as_str())])
            }
            E::Authorized { client_id, subject } => {
                self.authorizations.bind(["code"]).inc();
                let fields: [Field<'_>; 2] = [
                    ("client_id", &client_id.as_str()),
                    ("subject", &subject.as_str()),
                ];
                self.log(Level::Info, "authorized", &fields);
            }
            E::AuthorizationRefused { client_id, error } => {
                self.authorizations.bind([error.as_str()]).inc();
                let client = client_id.as_ref().map(|id| id.as_str());
                self.log(
                    Level::Info,
                    "authorization refused",
                    &[("client_id", &client), ("error", &error.as_str())],
                );
            }
            E::ClientRegistered { client_id } => {
                self.clients.bind(["registered"]).inc();
                self.log(
                    Level::Info,
                    "client registered",
                    &[("client_id", &client_id.as_str())],
                );
            }
            E::ClientChanged { client_id, change } => {
                self.clients.bind([*change]).inc();
                self.log(
                    Level::Info,
                    "client changed",
                    &[("change", change), ("client_id", &client_id.as_str())],
                );
            }
            E::ClientDeleted { client_id } => {
                self.clients.bind(["deleted"]).inc();
                self.log(
                    Level::Info,
                    "client deleted",
                    &[("client_id", &client_id.as_str())],
                );
            }
            E::ConsentWithdrawn { client_id, subject } => {
                self.revoked.bind(["consent"]).inc();
                let fields: [Field<'_>; 2] = [
                    ("client_id", &client_id.as_str()),
                    ("subject", &subject.as_str()),
                ];
                self.log(Level::Info, "consent withdrawn", &fields);
            }
            E::ClientRefused { throttled } => {
                self.client_failures
                    .bind([if *throttled { "throttled" } else { "failed" }])
                    .inc();
                self.log(
                    Level::Warn,
                    "client authentication failed",
                    &[("throttled", throttled)],
                );
            }
            E::Failed { what, cause } => {
                self.log(
                    Level::Error,
                    "failed",
                    &[("what", what), ("cause", &cause.as_str())],
                );
            }
        }
    }

    fn log(&self, level: Level, message: &str, fields: &[Field<'_>]) {
        self.logger.log_event(level, "rf::oauth2", message, fields);
    }
}

/// Reads how disks of the driver `fallback` are at every scrape.
pub(super) fn count_waiting(metrics: &Metrics, disks: &Disks) -> Result<(), Error> {
    for (disk, fallback) in disks.fallbacks() {
        let (waiting, reached) = (fallback.clone(), fallback.clone());
        metrics.pull(
            Kind::Gauge,
            "storage_fallback_pending",
            "Keys whose files or removals wait for the primary disk",
            [("disk", disk)],
            move || waiting.state().pending as u64,
        )?;
        metrics.pull(
            Kind::Gauge,
            "storage_fallback_primary_up",
            "Whether the primary disk could be reached when it was last tried",
            [("disk", disk)],
            move || u64::from(reached.state().primary_up),
        )?;
    }
    Ok(())
}
