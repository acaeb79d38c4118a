//! A database for one test.

use std::{env, fs, io, thread};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use uuid::Uuid;

use super::connect;
use crate::oauth2::error::Error;
use crate::oauth2::store::StoreError;

/// The variable that names the server on which databases are made.
const SERVER: &str = "RF_TEST_DATABASE";

/// A database of its own for one test, gone when it is dropped: a SQLite file, or, when the environment names a
/// server by `RF_TEST_DATABASE`, one made there.
///
/// The variable holds a URL whose user may make databases, such as `postgres://postgres@127.0.0.1:5432/postgres` or
/// `mysql://root@127.0.0.1:3306/mysql`. So one set of tests runs on every database.
///
/// ```
/// use rf::oauth2::{OAuth2Server, TestDatabase};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), rf::oauth2::Error> {
/// let database = TestDatabase::new().await?;
/// let server = OAuth2Server::builder(database.connect(4).await?).build().await?;
/// server.health().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    /// The URL of the server that has it; `None` for a file.
    server: Option<String>,
}

impl TestDatabase {
    /// Makes one, empty.
    ///
    /// # Errors
    /// When the folder for temporary files cannot be written, or the server refuses.
    pub async fn new() -> Result<Self, Error> {
        let name = format!("rf_test_{}", Uuid::now_v7().simple());
        let Ok(server) = env::var(SERVER) else {
            let folder = env::temp_dir().join(&name);
            // `connect` makes folder and file.
            let url = format!("sqlite://{}/test.db", folder.display());
            return Ok(Self {
                name,
                url,
                server: None,
            });
        };
        let url = beside(&server, &name)
            .ok_or_else(|| Error::DatabaseUrl(format!("{SERVER} names no database of a server")))?;
        run(&server, &[format!("CREATE DATABASE {name}")]).await?;
        Ok(Self {
            name,
            url,
            server: Some(server),
        })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on a server, which can go away while the app stays.
    pub fn is_on_server(&self) -> bool {
        self.server.is_some()
    }

    /// Connects to it by at most that many connections.
    ///
    /// # Errors
    /// As [`connect`].
    pub async fn connect(&self, max_connections: u32) -> Result<DatabaseConnection, Error> {
        connect(&self.url, max_connections).await
    }

    fn remove(&self) -> Result<(), String> {
        let Some(server) = self.server.clone() else {
            let folder = env::temp_dir().join(&self.name);
            return match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.to_string()),
                _ => Ok(()),
            };
        };
        let drop = format!("DROP DATABASE IF EXISTS {}", self.name);
        let statements = if server.starts_with("postgres") {
            // It keeps a database for as long as somebody is connected, unless it is told so.
            vec![drop + " WITH (FORCE)"]
        } else {
            // A transaction that nobody ends would hold it up for a day.
            vec!["SET SESSION lock_wait_timeout = 5".to_owned(), drop]
        };
        // A thread of its own: the runtime of the test may be this one, and may be about to end.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| error.to_string())?;
            (runtime.block_on(run(&server, &statements))).map_err(|error| error.to_string())
        });
        dropping
            .join()
            .unwrap_or_else(|_| Err("the thread panicked".to_owned()))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            // A test that fails has more to say than this.
            log::warn!(target: "rf::oauth2", "{} could not be removed: {error}", self.name);
        }
    }
}

/// The URL of another database of the same server.
fn beside(server: &str, name: &str) -> Option<String> {
    let mut url = url::Url::parse(server).ok()?;
    url.has_host().then(|| url.set_path(name))?;
    Some(url.into())
}

async fn run(server: &str, statements: &[String]) -> Result<(), Error> {
    let connection = connect(server, 1).await?;
    let mut done = Ok(());
    for statement in statements {
        done = match done {
            Ok(()) => connection.execute_unprepared(statement).await.map(drop),
            failed => failed,
        };
    }
    done.and(connection.close().await)
        .map_err(|error| Error::Store(StoreError::new(error)))
}
