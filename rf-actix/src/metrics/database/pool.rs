//! The pool behind a connection.

use sea_orm::{DatabaseConnection, DatabaseConnectionType, DbErr};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use sea_orm::{RuntimeErr, sqlx};

/// The pool behind a connection, of the databases that this build knows.
#[derive(Clone)]
pub(super) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// Does the same with whichever pool it is.
macro_rules! with {
    ($pool:expr, $inner:ident => $what:expr) => {
        match $pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite($inner) => $what,
            #[cfg(feature = "postgres")]
            Pool::Postgres($inner) => $what,
            #[cfg(feature = "mysql")]
            Pool::MySql($inner) => $what,
            #[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
            _ => unreachable!("no pool is made without a database"),
        }
    };
}

impl Pool {
    /// Nothing for what is no pool, such as a mock.
    pub(super) fn of(connection: &DatabaseConnection) -> Option<Self> {
        match &connection.inner {
            #[cfg(feature = "sqlite")]
            DatabaseConnectionType::SqlxSqlitePoolConnection(_) => Some(Self::Sqlite(
                connection.get_sqlite_connection_pool().clone(),
            )),
            #[cfg(feature = "postgres")]
            DatabaseConnectionType::SqlxPostgresPoolConnection(_) => Some(Self::Postgres(
                connection.get_postgres_connection_pool().clone(),
            )),
            #[cfg(feature = "mysql")]
            DatabaseConnectionType::SqlxMySqlPoolConnection(_) => {
                Some(Self::MySql(connection.get_mysql_connection_pool().clone()))
            }
            _ => None,
        }
    }

    pub(super) fn size(&self) -> u32 {
        with!(self, pool => pool.size())
    }

    pub(super) fn idle(&self) -> u32 {
        with!(self, pool => u32::try_from(pool.num_idle()).unwrap_or(u32::MAX))
    }

    pub(super) fn max(&self) -> u32 {
        with!(self, pool => pool.options().get_max_connections())
    }

    /// Until one could have a connection.
    pub(super) async fn wait(&self) -> Result<(), DbErr> {
        with!(self, pool => {
            let acquired = pool.acquire().await.map(drop);
            acquired.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))
        })
    }
}
