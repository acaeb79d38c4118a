//! Access tokens that are inserted together, and removed together.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend};

use super::*;
use crate::oauth2::model::AccessTokenRecord;

fn token(number: usize) -> AccessTokenRecord {
    let now = Timestamp::from_millis(1_800_000_000_000);
    AccessTokenRecord {
        id: format!("{number:036}"),
        grant_id: None,
        client_id: "service".into(),
        subject: None,
        scope: "read".parse().unwrap(),
        issued_at: now,
        expires_at: now.plus(Duration::from_secs(3600)),
        revoked_at: None,
        extra: serde_json::Map::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_inserts_at_once_are_all_there_when_they_are_acknowledged() {
    let bench = Bench::new().await;
    let inserting = (0..500).map(|number| {
        let server = bench.server.clone();
        tokio::spawn(async move {
            let token = token(number);
            server.store().insert_access_token(&token).await.unwrap();
            // Read by another connection: it is committed.
            server.store().access_token(&token.id).await.unwrap()
        })
    });
    for (number, found) in join_all(inserting).await.into_iter().enumerate() {
        assert_eq!(found.unwrap(), Some(token(number)));
    }
}

#[tokio::test]
async fn a_row_that_the_database_refuses_fails_alone() {
    let bench = Bench::new().await;
    let db = bench.database.connect(1).await.unwrap();
    if db.get_database_backend() == DbBackend::Sqlite {
        // It does not look at lengths.
        db.execute_unprepared(
            "CREATE TRIGGER refuse BEFORE INSERT ON oauth_access_tokens WHEN length(NEW.subject) > 255 \
             BEGIN SELECT RAISE(ABORT, 'too long'); END",
        )
        .await
        .unwrap();
    }
    let store = bench.server.store();
    let inserting = (0..40).map(async |number| {
        let subject = (number % 10 == 7).then(|| "x".repeat(300).as_str().into());
        let token = AccessTokenRecord {
            subject,
            ..token(number)
        };
        store.insert_access_token(&token).await
    });
    for (number, inserted) in join_all(inserting).await.into_iter().enumerate() {
        assert_eq!(inserted.is_ok(), number % 10 != 7, "{number}: {inserted:?}");
        let found = store.access_token(&token(number).id).await.unwrap();
        assert_eq!(found.is_some(), number % 10 != 7, "{number}");
    }
}

#[tokio::test]
async fn a_caller_who_hangs_up_takes_no_other_along() {
    let bench = Bench::new().await;
    let store = bench.server.store();
    for round in 0..20 {
        let (first, second) = (token(2 * round), token(2 * round + 1));
        let mut hung_up = Box::pin(store.insert_access_token(&first));
        // It has begun to write, and is dropped.
        assert!(futures_util::poll!(&mut hung_up).is_pending());
        let written = store.insert_access_token(&second);
        drop(hung_up);
        written.await.unwrap();
        assert!(store.access_token(&second.id).await.unwrap().is_some());
    }
}

#[test]
fn an_insert_goes_on_after_the_runtime_that_wrote_has_ended() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let keeps = runtime();
    let bench = keeps.block_on(Bench::new());
    let server = bench.server.clone();
    let ends = runtime();
    ends.spawn(async move { server.store().insert_access_token(&token(1)).await });
    // Whatever was being written then is given up.
    ends.shutdown_background();
    keeps.block_on(async {
        let store = bench.server.store();
        let mut given_up = 0;
        for number in 2..6 {
            let token = token(number);
            match store.insert_access_token(&token).await {
                Ok(()) => assert!(store.access_token(&token.id).await.unwrap().is_some()),
                // Was with the first; whether its row is there nobody knows.
                Err(error) if error.to_string().contains("the server stops") => given_up += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(given_up <= 1, "{given_up}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_that_purge_at_once_while_tokens_are_issued_remove_what_is_over_and_nothing_else()
{
    let bench = Bench::new().await;
    for _ in 0..30 {
        bench.tokens(&bench.web).await;
    }
    bench.wait(Duration::from_secs(40 * 86_400));
    let purging = (0..4).map(|_| {
        let server = bench.server.clone();
        tokio::spawn(async move {
            let mut removed = 0;
            loop {
                match server.purge(7).await.unwrap() {
                    0 => return removed,
                    some => removed += some,
                }
            }
        })
    });
    let purging: Vec<_> = purging.collect();
    let mut kept = Vec::new();
    for _ in 0..10 {
        kept.push(bench.tokens(&bench.web).await);
    }
    let mut removed = 0;
    for purged in purging {
        removed += purged.await.unwrap();
    }
    // Code, access token, refresh token and grant of each.
    assert_eq!(removed, 30 * 4);
    for tokens in kept {
        assert!(bench.is_active(&tokens.access_token).await);
        let refresh = tokens.refresh_token.unwrap();
        assert!(bench.refresh(&bench.web, &refresh).await.is_ok());
    }
}
