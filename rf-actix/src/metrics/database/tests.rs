#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement,
    StreamTrait as _, TransactionError, TransactionTrait as _, Value,
};

use crate::metrics::{Error, Metrics};

/// How long one waits for a connection; only the test of a pool that has run dry has to.
const PATIENCE: Duration = Duration::from_secs(1);

/// A database with one table, on as many connections, which are all open.
async fn watched(metrics: &Metrics, connections: u32) -> (tempfile::TempDir, DatabaseConnection) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/a.db?mode=rwc", folder.path().display());
    let mut options = ConnectOptions::new(url);
    options
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false);
    let mut db = Database::connect(options).await.unwrap();
    metrics.watch_database("main", &mut db).unwrap();
    db.execute_unprepared("CREATE TABLE orders (id INTEGER PRIMARY KEY, word TEXT)")
        .await
        .unwrap();
    (folder, db)
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}

fn insert(id: i32, word: &str) -> Statement {
    let values = [id.into(), word.into()];
    statement(
        "INSERT INTO \"orders\" (\"id\", \"word\") VALUES (?, ?)",
        values,
    )
}

fn total(operation: &str, outcome: &str, times: u32) -> String {
    format!(
        "db_queries_total{{db=\"main\",operation=\"{operation}\",outcome=\"{outcome}\",table=\"orders\"}} {times}\n"
    )
}

fn timed(operation: &str, times: u32) -> String {
    format!(
        "db_query_duration_seconds_count{{db=\"main\",operation=\"{operation}\",table=\"orders\"}} {times}\n"
    )
}

#[track_caller]
fn assert_told(metrics: &Metrics, lines: &[String]) {
    let text = metrics.encode();
    for line in lines {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn statements_are_counted_and_timed_by_operation_table_and_outcome() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 1).await;
    db.execute_raw(insert(1, "a")).await.unwrap();
    db.execute_raw(insert(2, "b")).await.unwrap();
    db.execute_raw(insert(2, "twice")).await.unwrap_err();
    let all = || statement("SELECT \"id\" FROM \"orders\"", []);
    assert_eq!(db.query_all_raw(all()).await.unwrap().len(), 2);
    assert!(db.query_one_raw(all()).await.unwrap().is_some());
    let update = "UPDATE \"orders\" SET \"word\" = ? WHERE \"id\" = ?";
    let values = ["c".into(), 1.into()];
    db.execute_raw(statement(update, values)).await.unwrap();
    let delete = statement("DELETE FROM \"orders\" WHERE \"id\" = ?", [1.into()]);
    db.execute_raw(delete).await.unwrap();
    assert_told(
        &metrics,
        &[
            total("insert", "ok", 2),
            total("insert", "error", 1),
            total("select", "ok", 2),
            total("update", "ok", 1),
            total("delete", "ok", 1),
            timed("insert", 3),
            timed("select", 2),
            timed("update", 1),
            timed("delete", 1),
        ],
    );
}

#[tokio::test]
async fn statements_of_transactions_count_whether_these_are_committed_or_not() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 1).await;
    let kept = db.begin().await.unwrap();
    kept.execute_raw(insert(1, "a")).await.unwrap();
    let nested = kept.begin().await.unwrap();
    nested.execute_raw(insert(2, "b")).await.unwrap();
    nested.rollback().await.unwrap();
    kept.commit().await.unwrap();
    let dropped = db.begin().await.unwrap();
    dropped.execute_raw(insert(3, "c")).await.unwrap();
    drop(dropped);
    let refused: Result<(), _> = db
        .transaction(|inside| {
            Box::pin(async move {
                inside.execute_raw(insert(4, "d")).await?;
                inside.execute_raw(insert(1, "taken")).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(
        refused,
        Err(TransactionError::<sea_orm::DbErr>::Transaction(_))
    ));
    let rows = statement("SELECT \"id\" FROM \"orders\"", []);
    assert_eq!(db.query_all_raw(rows).await.unwrap().len(), 1);
    assert_told(
        &metrics,
        &[
            total("insert", "ok", 4),
            total("insert", "error", 1),
            timed("insert", 5),
        ],
    );
}

#[tokio::test]
async fn a_stream_is_one_statement_however_many_rows_it_has() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 1).await;
    for id in 0..50 {
        db.execute_raw(insert(id, "a")).await.unwrap();
    }
    let all = || statement("SELECT \"id\" FROM \"orders\"", []);
    let rows: Vec<_> = db
        .stream_raw(all())
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 50);
    // One that is not read to its end has been sent all the same.
    let mut few = db.stream_raw(all()).await.unwrap();
    assert!(few.try_next().await.unwrap().is_some());
    drop(few);
    let inside = db.begin().await.unwrap();
    let rows: Vec<_> = inside
        .stream_raw(all())
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows.len(), 50);
    inside.commit().await.unwrap();
    assert_told(&metrics, &[total("select", "ok", 3), timed("select", 3)]);
}

#[tokio::test]
async fn no_value_is_ever_in_the_scrape() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 1).await;
    db.execute_raw(insert(1, "hunter2")).await.unwrap();
    db.execute_raw(insert(1, "hunter2")).await.unwrap_err();
    for sql in [
        "SELECT 'hunter2' FROM \"orders\"",
        "SELECT * FROM orders WHERE word = 'hunter2'",
        "SELECT * FROM \"hunter2 's\"",
        "hunter2",
    ] {
        // What the database thinks of it does not matter.
        drop(db.execute_raw(statement(sql, [])).await);
    }
    for text in [metrics.encode(), metrics.encode_openmetrics()] {
        assert!(text.contains("db_queries_total{"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn the_pool_shows_what_it_has_and_how_long_one_waits_for_it() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 2).await;
    let pool = |open: u32, idle: u32| {
        let gauge = |name: &str, value| format!("db_pool_{name}{{db=\"main\"}} {value}\n");
        [
            gauge("connections", open),
            gauge("idle_connections", idle),
            gauge("max_connections", 2),
        ]
    };
    let (one, other) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    assert_told(&metrics, &pool(2, 0));

    // It has run dry: the probe waits for as long as a request would.
    assert!(metrics.observe_pool_wait("main", &db).await.is_err());
    let waits = metrics
        .histogram("db_pool_wait_seconds")
        .with_label("db", "main")
        .handle();
    assert_eq!(waits.count(), 1);
    assert!(waits.sum() >= PATIENCE.as_secs_f64(), "{}", waits.sum());

    one.rollback().await.unwrap();
    other.rollback().await.unwrap();
    metrics.observe_pool_wait("main", &db).await.unwrap();
    assert_eq!(waits.count(), 2);
    // Connections go back to their pool by themselves, a moment after they were given up.
    while !metrics.encode().contains(&pool(2, 2)[1]) {
        tokio::task::yield_now().await;
    }
    assert_told(&metrics, &pool(2, 2));
}

#[tokio::test]
async fn two_connections_are_told_apart_and_one_name_is_one_connection() {
    let metrics = Metrics::new();
    let (_folder, db) = watched(&metrics, 1).await;
    let mut reports = Database::connect("sqlite::memory:").await.unwrap();
    assert!(matches!(
        metrics.watch_database("main", &mut reports),
        Err(Error::Taken { .. })
    ));
    metrics.watch_database("reports", &mut reports).unwrap();
    let one = || statement("SELECT 1", []);
    db.query_one_raw(one()).await.unwrap();
    reports.query_one_raw(one()).await.unwrap();
    reports.query_one_raw(one()).await.unwrap();
    let of = |db: &str, times: u32| {
        format!(
            "db_queries_total{{db=\"{db}\",operation=\"select\",outcome=\"ok\",table=\"none\"}} {times}\n"
        )
    };
    assert_told(&metrics, &[of("main", 1), of("reports", 2)]);
}
