//! Connecting by URL, with the settings each database wants.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use url::Url;

use crate::oauth2::error::Error;
use crate::oauth2::store::StoreError;

/// Connects to `sqlite://…`, `postgres://…` or `mysql://…`.
///
/// On SQLite the file and its folder are made, the journal is a write-ahead log, commits wait for the log only at
/// checkpoints (`synchronous = NORMAL`: a power cut may take back the last moments, never corrupt the file),
/// and writers wait for each other.
///
/// # Errors
/// [`Error::DatabaseUrl`] or [`Error::Connect`], in one line that names `database.url`.
pub async fn connect(url: &str, max_connections: u32) -> Result<DatabaseConnection, Error> {
    let kind = Kind::of(url)?;
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections.max(1))
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging_level(log::LevelFilter::Trace);
    if kind == Kind::Sqlite {
        if url.contains(":memory:") || url.contains("mode=memory") {
            // Each connection would have a database of its own.
            options
                .max_connections(1)
                .min_connections(1)
                .idle_timeout(None::<Duration>)
                .max_lifetime(None::<Duration>);
        } else {
            make_folder(url)?;
        }
        tune_sqlite(&mut options);
    }
    Database::connect(options)
        .await
        .map_err(|error| Error::Connect {
            target: without_password(url),
            source: StoreError::new(error.to_string().replace('\n', " ")),
        })
}

#[derive(PartialEq, Eq)]
enum Kind {
    Sqlite,
    Server,
}

impl Kind {
    fn of(url: &str) -> Result<Self, Error> {
        let refuse = |message: String| Err(Error::DatabaseUrl(message));
        let lacks = |feature| {
            refuse(format!(
                "this build has no {feature}, enable the feature `{feature}`"
            ))
        };
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") if cfg!(feature = "sqlite") => Ok(Self::Sqlite),
            Some("sqlite") => lacks("sqlite"),
            Some("postgres" | "postgresql") if cfg!(feature = "postgres") => Self::server(url),
            Some("postgres" | "postgresql") => lacks("postgres"),
            Some("mysql") if cfg!(feature = "mysql") => Self::server(url),
            Some("mysql") => lacks("mysql"),
            _ => refuse(
                "write \"sqlite://var/app.db\", \"postgres://user@host/name\" or \"mysql://user@host/name\""
                    .to_owned(),
            ),
        }
    }

    fn server(url: &str) -> Result<Self, Error> {
        let named = Url::parse(url).is_ok_and(|url| url.has_host() && url.path().len() > 1);
        if !named {
            let message = "write host and database, such as \"postgres://user@host:5432/name\"";
            return Err(Error::DatabaseUrl(message.to_owned()));
        }
        Ok(Self::Server)
    }
}

fn make_folder(url: &str) -> Result<(), Error> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() {
        return Err(Error::DatabaseUrl(
            "names no file, write for example \"sqlite://var/app.db\"".to_owned(),
        ));
    }
    match Path::new(path).parent() {
        Some(folder) => std::fs::create_dir_all(folder).map_err(|error| {
            Error::DatabaseUrl(format!(
                "cannot make the folder {}: {error}",
                folder.display()
            ))
        }),
        None => Ok(()),
    }
}

#[cfg(feature = "sqlite")]
fn tune_sqlite(options: &mut ConnectOptions) {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

    options.map_sqlx_sqlite_opts(|options| {
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
    });
}

#[cfg(not(feature = "sqlite"))]
fn tune_sqlite(_: &mut ConnectOptions) {}

fn without_password(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // Fails only for URLs that cannot have a password.
            let _ = parsed.set_password(Some("***"));
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn a_url_that_cannot_be_used_is_refused_in_one_line_that_names_the_key() {
        for url in [
            "",
            "var/app.db",
            "oracle://x/y",
            "sqlite://",
            "postgres://",
            "mysql://host",
        ] {
            let error = connect(url, 1).await.unwrap_err().to_string();
            assert!(error.starts_with("database.url: "), "{url}: {error}");
            assert!(!error.contains('\n'), "{url}: {error}");
        }
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn the_file_and_its_folder_are_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/app.db");
        connect(&format!("sqlite://{}", file.display()), 2)
            .await
            .unwrap();
        assert!(file.exists());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!without_password("postgres://user:hush@host/db").contains("hush"));
    }
}
