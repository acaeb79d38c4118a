//! What `/health/ready` looks at.

use crate::{
    metrics::Metrics,
    oauth2::{KeyHealth, OAuth2Server},
    storage::{Disks, FallbackState, StorageExt},
};

/// The database, the keys and every disk.
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
    check_keys(metrics, oauth2);
    check_disks(metrics, disks);
}

fn check_keys(metrics: &Metrics, oauth2: &OAuth2Server) {
    let server = oauth2.clone();
    let probe = move || {
        let server = server.clone();
        async move {
            match server.key_health().await {
                Ok(KeyHealth::Good) => Ok(None),
                // Tokens are issued and checked all the same.
                Ok(_) => Ok(Some("keys cannot be read, decrypted or rotated".to_owned())),
                Err(error) => {
                    log::error!(target: "rf::suite", "no token can be signed: {error}");
                    Err("no token can be signed")
                }
            }
        }
    };
    metrics.health().check_degraded("keys", probe);
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
