//! The families of a database, and what feeds them.

use std::time::Instant;

use sea_orm::{DatabaseConnection, DbErr};

use super::{pool::Pool, shape::Shape};
use crate::metrics::{Counter, Error, Histogram, Kind, Labelled, Metrics};

impl Metrics {
    /// Counts and times every query on `connection`, those of transactions and streams too, and shows its pool. Do it
    /// before the connection is cloned or handed out; what was cloned before is not counted.
    ///
    /// `name` is the label `db`, which tells several connections apart. A query is known by its operation and its
    /// table, both read from its SQL; no value is looked at. SeaORM tells nothing of `execute_unprepared`, and of
    /// the beginning and end of transactions.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use rf::metrics::Metrics;
    /// use sea_orm::{ConnectionTrait as _, Database};
    ///
    /// let metrics = Metrics::new();
    /// let mut db = Database::connect("sqlite::memory:").await?;
    /// metrics.watch_database("main", &mut db)?;
    /// db.execute_unprepared("CREATE TABLE orders (id INTEGER)").await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// When a connection of that name is watched already.
    pub fn watch_database(
        &self,
        name: &str,
        connection: &mut DatabaseConnection,
    ) -> Result<(), Error> {
        self.show_pool(name, connection)?;
        let queries = Queries::register(self, name)?;
        connection.set_metric_callback(move |query| {
            let shape = Shape::of(&query.statement.sql);
            let outcome = if query.failed { "error" } else { "ok" };
            let (operation, table) = (shape.operation, shape.table);
            queries.total.bind([operation, table, outcome]).inc();
            let duration = queries.duration.bind([operation, table]);
            duration.observe(query.elapsed);
        });
        Ok(())
    }

    /// Waits for a connection of the pool, and observes how long that took as `db_pool_wait_seconds`: call it every
    /// few seconds, as the suite does, to see a pool run dry before requests fail.
    ///
    /// # Errors
    /// When no connection came within the pool's own time, which is observed as well.
    pub async fn observe_pool_wait(
        &self,
        name: &str,
        connection: &DatabaseConnection,
    ) -> Result<(), DbErr> {
        let Some(pool) = Pool::of(connection) else {
            return Ok(());
        };
        let waits = self
            .histogram("db_pool_wait_seconds")
            .help("How long a probe waited for a connection of the pool, in seconds")
            .with_label("db", name)
            .handle();
        let started = Instant::now();
        let waited = pool.wait().await;
        waits.observe(started.elapsed());
        waited
    }

    fn show_pool(&self, name: &str, connection: &DatabaseConnection) -> Result<(), Error> {
        let Some(pool) = Pool::of(connection) else {
            return Ok(());
        };
        let show = |family, help, read: fn(&Pool) -> u32| {
            let pool = pool.clone();
            self.pull(Kind::Gauge, family, help, [("db", name)], move || {
                read(&pool)
            })
        };
        show(
            "db_pool_connections",
            "Connections that the pool has open",
            Pool::size,
        )?;
        show(
            "db_pool_idle_connections",
            "Connections of the pool that nobody uses now",
            Pool::idle,
        )?;
        show(
            "db_pool_max_connections",
            "Connections that the pool may have open",
            Pool::max,
        )
    }
}

struct Queries {
    total: Labelled<Counter, 3>,
    duration: Labelled<Histogram, 2>,
}

impl Queries {
    fn register(metrics: &Metrics, name: &str) -> Result<Self, Error> {
        Ok(Self {
            total: metrics
                .counter("db_queries_total")
                .help("Statements sent to the database")
                .with_label("db", name)
                .labels(["operation", "table", "outcome"])?,
            duration: metrics
                .histogram("db_query_duration_seconds")
                .help("How long statements took, in seconds")
                .with_label("db", name)
                .labels(["operation", "table"])?,
        })
    }
}
