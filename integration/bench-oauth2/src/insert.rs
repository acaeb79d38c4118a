//! Access tokens into the database: as the server does it, and one a request.

use crate::{
    Fault,
    process::{cpu_seconds, keep_on_core},
    report::{Round, Rounds, Target, head, line},
};
use rf::oauth2::{
    AccessTokenRecord, TestDatabase, Timestamp,
    store::{TokenStore, sea_orm::SeaOrmStore},
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement,
    sqlx::sqlite::SqliteSynchronous,
};
use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::task::JoinSet;

const CLIENTS: usize = 128;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(600);

pub(crate) fn run(url: Option<&str>) -> Result<(), Fault> {
    keep_on_core(0)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(compare(url))
}

async fn compare(url: Option<&str>) -> Result<(), Fault> {
    let test;
    let (url, name, least) = match url {
        Some(url) => (url, "PostgreSQL", 2.0),
        None => {
            test = TestDatabase::new().await?;
            drop(test.connect(1).await?);
            (test.url(), "SQLite, synchronous FULL", 6.0)
        }
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(30))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| options.synchronous(SqliteSynchronous::Full));
    let db = Database::connect(options.clone()).await?;
    let store = SeaOrmStore::new(db.clone());
    store.migrate().await?;
    // SQLite has one writer: those who wait for a connection are quicker than those who wait for the file.
    let db = match db.get_database_backend() {
        sea_orm::DbBackend::Sqlite => Database::connect(options.max_connections(1).clone()).await?,
        _ => db,
    };
    println!("\naccess tokens inserted by {CLIENTS} at once; rows a second");
    head();
    let (mut grouped, mut single) = (Rounds::default(), Rounds::default());
    for round in 0..=ROUNDS {
        let (kept, db) = (store.clone(), db.clone());
        let together = insert(move || {
            let store = kept.clone();
            async move { Ok(store.insert_access_token(&token()).await?) }
        })
        .await?;
        let alone = insert(move || one(db.clone())).await?;
        // The first warms up.
        if round > 0 {
            grouped.push(together);
            single.push(alone);
        }
    }
    let target = Some(Target::AtLeast(least));
    line(name, "one a request", &grouped, &single, target);
    Ok(())
}

async fn insert<F>(work: impl Fn() -> F + Clone + 'static) -> Result<Round, Fault>
where
    F: Future<Output = Result<(), Fault>>,
{
    let begin = Instant::now();
    let cpu = cpu_seconds(None)?;
    let done = Arc::new(AtomicU64::new(0));
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async {
            let mut clients = JoinSet::new();
            for _ in 0..CLIENTS {
                let (work, done) = (work.clone(), Arc::clone(&done));
                clients.spawn_local(async move {
                    while begin.elapsed() < ROUND {
                        work().await?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok::<_, Fault>(())
                });
            }
            while let Some(ended) = clients.join_next().await {
                ended??;
            }
            Ok::<_, Fault>(())
        })
        .await?;
    let count = usize::try_from(done.load(Ordering::Relaxed))?;
    let clock = begin.elapsed().as_secs_f64();
    Ok(Round::rate(count, clock, cpu_seconds(None)? - cpu))
}

fn token() -> AccessTokenRecord {
    // A database may hold the tokens of earlier runs.
    static NUMBER: LazyLock<AtomicU64> = LazyLock::new(|| {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        AtomicU64::new(u64::try_from(since.as_nanos()).unwrap_or_default())
    });
    let now = 1_800_000_000_000;
    AccessTokenRecord {
        id: format!("{:036}", NUMBER.fetch_add(1, Ordering::Relaxed)),
        grant_id: None,
        client_id: "bench".into(),
        subject: None,
        scope: "read".parse().unwrap_or_default(),
        issued_at: Timestamp::from_millis(now),
        expires_at: Timestamp::from_millis(now + 3_600_000),
        revoked_at: None,
        extra: serde_json::Map::new(),
    }
}

async fn one(db: DatabaseConnection) -> Result<(), Fault> {
    let token = token();
    let marks = match db.get_database_backend() {
        sea_orm::DbBackend::Postgres => "$1, $2, $3, $4, $5",
        _ => "?, ?, ?, ?, ?",
    };
    let sql = format!(
        "INSERT INTO oauth_access_tokens (id, client_id, scope, issued_at, expires_at) VALUES ({marks})"
    );
    let values = [
        token.id.into(),
        "bench".into(),
        "read".into(),
        token.issued_at.as_millis().into(),
        token.expires_at.as_millis().into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await?;
    Ok(())
}
