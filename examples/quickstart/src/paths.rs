//! The paths of this app, which no setting may take.

use rf::config::{Config, ConfigError};

/// Everything below each of these is the app's own, as is `/`.
const OWN: [&str; 10] = [
    "/api",
    "/oauth",
    "/login",
    "/logout",
    "/.well-known",
    "/health",
    "/assets",
    "/callback",
    "/app",
    "/favicon.ico",
];

/// Refuses a configured path that would answer for a route of the app, or two that would answer for each other.
pub(crate) fn check(config: &Config) -> Result<(), ConfigError> {
    let metrics = config.metrics.path.as_str();
    free("metrics.path", metrics, &OWN, "/metrics")?;
    for (name, disk) in &config.storage.disks {
        if let Some(path) = disk.serve.as_deref() {
            let key = format!("storage.disks.{name}.serve");
            free(&key, path, &OWN, "/files")?;
            if metrics.starts_with('/') {
                free(&key, path, &[metrics], "/files")?;
            }
        }
    }
    Ok(())
}

fn free(key: &str, path: &str, taken: &[&str], example: &str) -> Result<(), ConfigError> {
    // Whoever uses the path says what a path looks like.
    if !path.starts_with('/') {
        return Ok(());
    }
    match taken
        .iter()
        .find(|taken| under(path, taken) || under(taken, path))
    {
        None => Ok(()),
        Some(taken) => Err(ConfigError::new(
            key,
            format!(
                "{path:?} overlaps {taken:?}, which is in use, write another path, for example {example:?}"
            ),
        )),
    }
}

/// Whether `one` is `other` or lies below it.
fn under(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|path| path.trim_end_matches('/'));
    one.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::under;

    #[test]
    fn a_path_lies_under_itself_and_its_parents_only() {
        for (one, other) in [
            ("/api", "/api"),
            ("/api/x", "/api"),
            ("/api", "/"),
            ("/api/", "/api"),
        ] {
            assert!(under(one, other), "{one} {other}");
        }
        for (one, other) in [("/apis", "/api"), ("/api", "/api/x"), ("/files", "/app")] {
            assert!(!under(one, other), "{one} {other}");
        }
    }
}
