//! Connecting by URL, with the settings each database wants.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use percent_encoding::percent_decode_str;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use url::Url;

use crate::oauth2::error::Error;
use crate::oauth2::store::StoreError;

/// How long a request waits for a connection when all are taken, or the database is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to `sqlite://…`, `postgres://…` or `mysql://…`.
///
/// On SQLite the file and its folder are made, for the process's user alone (modes 0600 and 0700; what is there
/// already keeps its mode), since it holds the signing keys. The journal is a write-ahead log of some 16 MiB, commits
/// wait for the log only at checkpoints (`synchronous = NORMAL`: a power cut may take back the last moments, never
/// corrupt the file), what is temporary stays in memory, and writers wait for each other.
///
/// # Errors
/// [`Error::DatabaseUrl`] or [`Error::Connect`], in one line that names `database.url`.
pub async fn connect(url: &str, max_connections: u32) -> Result<DatabaseConnection, Error> {
    connect_with(url, max_connections, Duration::from_millis(500)).await
}

/// The same, where statements that take `slow_query` are logged at warn: the statement, never the values bound to it.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    url: &str,
    max_connections: u32,
    slow_query: Duration,
) -> Result<DatabaseConnection, Error> {
    let kind = Kind::of(url)?;
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections.max(1))
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        // A round trip more each time; one that turns out to be gone is replaced, and the question asked again.
        .test_before_acquire(false)
        .sqlx_logging_level(log::LevelFilter::Trace)
        .sqlx_slow_statements_logging_settings(log::LevelFilter::Warn, slow_query);
    if kind == Kind::Sqlite {
        if url.contains(":memory:") || url.contains("mode=memory") {
            // Each connection would have a database of its own.
            options
                .max_connections(1)
                .min_connections(1)
                .idle_timeout(None::<Duration>)
                .max_lifetime(None::<Duration>);
        } else {
            make_private(url)?;
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

/// Makes the file and its folder where they are missing, before SQLite makes them readable to everybody.
fn make_private(url: &str) -> Result<(), Error> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() {
        return Err(Error::DatabaseUrl(
            "names no file, write for example \"sqlite://var/app.db\"".to_owned(),
        ));
    }
    let path = percent_decode_str(path).decode_utf8_lossy();
    let path = Path::new(&*path);
    let cannot_make = |what: &Path, error: io::Error| {
        Error::DatabaseUrl(format!("cannot make {}: {error}", what.display()))
    };
    if let Some(folder) = path.parent() {
        private_folder(folder).map_err(|error| cannot_make(folder, error))?;
    }
    private_file(path).map_err(|error| cannot_make(path, error))
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// An empty file is an empty database to SQLite, and its `-wal` and `-shm` get the mode of the file.
fn private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
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
            // What a statement of many rows needs to undo its first half is a file otherwise, made for each of them.
            .pragma("temp_store", "memory")
            // 16 MiB of log: a page that is written again meanwhile is copied back once.
            .pragma("wal_autocheckpoint", "4000")
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

    #[cfg(all(feature = "sqlite", unix))]
    #[tokio::test]
    async fn nobody_else_on_the_host_can_read_the_database() {
        use sea_orm::ConnectionTrait;
        use std::os::unix::fs::PermissionsExt;

        let above = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = above.path().join("with a space");
        let url = format!(
            "sqlite://{}/with%20a%20space/app.db",
            above.path().display()
        );
        let database = connect(&url, 2).await.unwrap();
        database
            .execute_unprepared("CREATE TABLE secrets (secret TEXT)")
            .await
            .unwrap();
        assert_eq!(mode(&folder), 0o700);
        for name in ["app.db", "app.db-wal", "app.db-shm"] {
            assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
        }
    }

    #[cfg(all(feature = "sqlite", unix))]
    #[tokio::test]
    async fn a_database_that_is_there_keeps_its_mode_and_its_rows() {
        use sea_orm::ConnectionTrait;
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.db");
        let url = format!("sqlite://{}", file.display());
        let first = connect(&url, 1).await.unwrap();
        first
            .execute_unprepared("CREATE TABLE kept (it TEXT)")
            .await
            .unwrap();
        first.close().await.unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let again = connect(&url, 1).await.unwrap();
        again
            .execute_unprepared("INSERT INTO kept VALUES ('still')")
            .await
            .unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o640);
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!without_password("postgres://user:hush@host/db").contains("hush"));
    }
}
