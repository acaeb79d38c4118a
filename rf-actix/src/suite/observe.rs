//! What the parts tell, as log lines, metrics and health checks. Every label comes from a small set.

use crate::{
    logging::{Level, Logger},
    metrics::{Counter, Error, Histogram, Kind, Labelled, Metrics},
    oauth2::{Event as OAuth2Event, OAuth2Server},
    storage::{Disks, Event as DiskEvent, FallbackState, Outcome, StorageExt},
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

/// What `/health/ready` looks at.
pub(super) fn check_health(metrics: &Metrics, disks: &Disks, oauth2: &OAuth2Server) {
    let health = metrics.health();
    let server = oauth2.clone();
    health.check("database", move || {
        let server = server.clone();
        async move {
            server.health().await.map_err(|error| {
                // The probe's answer is for anybody; what a database says is not.
                log::error!(target: "rf::suite", "the database does not answer: {error}");
                "does not answer"
            })
        }
    });
    check_disks(metrics, disks);
}

fn check_disks(metrics: &Metrics, disks: &Disks) {
    for disk in disks.iter() {
        let named = disks.fallbacks().find(|(name, _)| *name == disk.name());
        let fallback = named.map(|(_, fallback)| fallback.clone());
        let name = format!("disk {}", disk.name());
        let (disk, covered) = (disk.clone(), disks.has_fallback(disk.name()));
        let probe = move || {
            let (disk, fallback) = (disk.clone(), fallback.clone());
            async move {
                match disk.check().await {
                    // Another disk takes its files meanwhile, so this is no reason to send requests elsewhere.
                    Err(error) if covered && error.is_outage() => Ok(Some(error.to_string())),
                    Err(error) => Err(error),
                    Ok(()) => Ok(fallback.and_then(|fallback| waiting(fallback.state()))),
                }
            }
        };
        metrics.health().check_degraded(&name, probe);
    }
}

/// What an operator should know of a disk that does without its primary one.
fn waiting(state: FallbackState) -> Option<String> {
    let pending = state.pending;
    match (state.primary_up, pending) {
        (true, 0) => None,
        (true, _) => Some(format!(
            "{pending} pending on their way to the primary disk"
        )),
        (false, _) => Some(format!(
            "the primary disk cannot be reached, {pending} pending"
        )),
    }
}

#[cfg(test)]
#[cfg(feature = "s3")]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Metrics, check_disks};
    use crate::storage::{Disks, StorageExt, StorageSettings};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_disk_whose_primary_is_away_is_degraded_and_counts_what_is_pending() {
        // Nobody listens on the port of a socket that is closed again.
        let port = {
            let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            socket.local_addr().unwrap().port()
        };
        let settings: StorageSettings = toml::from_str(&format!(
            r#"
            default = "drive"
            [disks.drive]
            driver = "fallback"
            primary = "photos"
            secondary = "spool"
            [disks.spool]
            driver = "memory"
            [disks.photos]
            driver = "s3"
            bucket = "photos"
            endpoint = "http://127.0.0.1:{port}"
            access_key = "id"
            secret_key = "key"
            attempts = 1
            "#
        ))
        .unwrap();
        let disks = Disks::builder().settings(settings).build().unwrap();
        for key in ["a", "b"] {
            disks.default_disk().put(key, "x").await.unwrap();
        }
        let metrics = Metrics::new();
        check_disks(&metrics, &disks);
        let report = metrics.health().report().await;
        assert!(report.is_ready());
        let told = serde_json::to_value(&report).unwrap();
        assert_eq!(told["status"], "degraded");
        let drive = &told["checks"]["disk drive"];
        assert_eq!(drive["status"], "degraded");
        assert_eq!(
            drive["message"],
            "the primary disk cannot be reached, 2 pending"
        );
        assert_eq!(told["checks"]["disk photos"]["status"], "degraded");
        assert_eq!(told["checks"]["disk spool"]["status"], "ok");
    }
}
