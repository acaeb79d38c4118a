//! The handle, its write transactions, and trying them again.

use std::fmt;
use std::time::Duration;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use super::change::Change;
use super::find::{ActiveToken, RefreshToken};
use super::group::Group;
use crate::oauth2::store::StoreError;

/// Everything the server keeps, in one database.
#[derive(Clone)]
pub struct SeaOrmStore {
    pub(super) db: DatabaseConnection,
    pub(super) changes: Group<Change>,
    pub(super) active_tokens: Group<ActiveToken>,
    pub(super) refresh_tokens: Group<RefreshToken>,
}

impl fmt::Debug for SeaOrmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeaOrmStore")
            .field("backend", &self.db.get_database_backend())
            .finish_non_exhaustive()
    }
}

/// How often a transaction is tried before its failure is believed.
const ATTEMPTS: u32 = 8;

/// How long anything may take, all attempts together. A database that takes the question and never answers would
/// hold up whoever asks for as long as the network has patience.
const DEADLINE: Duration = Duration::from_secs(8);

impl SeaOrmStore {
    /// The store in `db`; its tables are made by [`migrate`](Self::migrate).
    pub fn new(db: DatabaseConnection) -> Self {
        Self {
            db,
            changes: Group::default(),
            active_tokens: Group::default(),
            refresh_tokens: Group::default(),
        }
    }

    /// A transaction that is going to write.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        begin(&self.db).await
    }

    /// Makes a change, with others if there are any, and says whether its claim was good.
    pub(super) async fn change(&self, change: Change) -> Result<bool, StoreError> {
        self.changes.ask(&self.db, change).await
    }
}

/// A transaction that is going to write.
pub(super) async fn begin(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let backend = db.get_database_backend();
    let options = match backend {
        // A transaction that begins by reading fails at its first write when another one wrote meanwhile.
        DbBackend::Sqlite => TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        },
        // The default there locks gaps and, on MariaDB, refuses rows that changed since the snapshot.
        DbBackend::MySql => TransactionOptions {
            isolation_level: Some(IsolationLevel::ReadCommitted),
            ..Default::default()
        },
        _ => TransactionOptions::default(),
    };
    if backend == DbBackend::Sqlite {
        return db.begin_with_options(options).await;
    }
    // The driver knows of a transaction once its BEGIN is answered. One that is given up on its way would leave the
    // connection in a transaction that nobody ends; in a task of its own it is answered, and rolled back if it is
    // wanted no more.
    let db = db.clone();
    let begun = tokio::spawn(async move { db.begin_with_options(options).await });
    begun
        .await
        .unwrap_or_else(|error| Err(DbErr::Custom(format!("no transaction was begun: {error}"))))
}

/// Commits. When the connection is lost meanwhile nobody knows whether it was done: that is told, and not tried again.
pub(super) async fn commit(transaction: DatabaseTransaction) -> Result<(), DbErr> {
    transaction.commit().await.map_err(|error| {
        if is_lost(&error) {
            DbErr::Custom(format!("the connection was lost in a commit: {error}"))
        } else {
            error
        }
    })
}

/// Does `work`, again when the database asks for it (deadlock, serialization failure, busy), or when the connection
/// turns out to be gone: the pool does not try each before it is used.
pub(super) async fn again<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, DbErr>>,
{
    attempts(work).await.map_err(StoreError::new)
}

/// The same, for whoever wants to know what the database says.
pub(super) async fn attempts<T, F>(work: impl Fn() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    let attempts = async {
        let mut attempt = 1;
        loop {
            match work().await {
                Err(error) if attempt < ATTEMPTS && (is_transient(&error) || is_lost(&error)) => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    };
    tokio::time::timeout(DEADLINE, attempts)
        .await
        .unwrap_or_else(|_| Err(DbErr::Custom("the database does not answer".to_owned())))
}

/// Longer each time, and never the same for two.
pub(super) fn pause(attempt: u32) -> Duration {
    let mut random = [0; 1];
    // Without randomness the pauses are alike, which is slower and still right.
    let _ = getrandom::fill(&mut random);
    let most = 4_u64 << attempt.min(8);
    Duration::from_millis(1 + u64::from(random[0]) * most / 255)
}

/// Whether the row was there already.
pub(super) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether the database answered that it will not have this, so that nothing was done.
pub(super) fn is_refused(error: &DbErr) -> bool {
    cause(error).is_some_and(is_answer)
}

fn is_transient(error: &DbErr) -> bool {
    cause(error).is_some_and(is_transient_cause)
}

fn is_lost(error: &DbErr) -> bool {
    cause(error).is_some_and(is_lost_cause)
}

fn cause(error: &DbErr) -> Option<&RuntimeErr> {
    match error {
        DbErr::Exec(cause) | DbErr::Query(cause) | DbErr::Conn(cause) => Some(cause),
        _ => None,
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn is_answer(cause: &RuntimeErr) -> bool {
    matches!(cause, RuntimeErr::SqlxError(error) if error.as_database_error().is_some())
}

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn is_answer(_: &RuntimeErr) -> bool {
    false
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn is_lost_cause(cause: &RuntimeErr) -> bool {
    let RuntimeErr::SqlxError(error) = cause else {
        return false;
    };
    match error.as_database_error() {
        // PostgreSQL: admin_shutdown, crash_shutdown, cannot_connect_now.
        Some(error) => matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P03")),
        None => matches!(**error, sea_orm::SqlxError::Io(_)),
    }
}

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn is_lost_cause(_: &RuntimeErr) -> bool {
    false
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn is_transient_cause(cause: &RuntimeErr) -> bool {
    let RuntimeErr::SqlxError(error) = cause else {
        return false;
    };
    let Some(error) = error.as_database_error() else {
        return false;
    };
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sea_orm::SqlxMySqlError>() {
        // ER_CHECKREAD, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK.
        return matches!(error.number(), 1020 | 1205 | 1213);
    }
    #[cfg(feature = "sqlite")]
    if error
        .try_downcast_ref::<sea_orm::SqlxSqliteError>()
        .is_some()
    {
        // SQLITE_BUSY and SQLITE_LOCKED, in the low byte of the extended code.
        let code = error.code().and_then(|code| code.parse::<i32>().ok());
        return matches!(code.map(|code| code & 0xff), Some(5 | 6));
    }
    // PostgreSQL: serialization_failure, deadlock_detected.
    matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn is_transient_cause(_: &RuntimeErr) -> bool {
    false
}
