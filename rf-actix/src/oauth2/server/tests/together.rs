//! Codes and refresh tokens that are used up at the same time share a transaction, and nothing else.
//!
//! On one thread all futures of a `join_all` have asked before the first is served: they make one group, or two that
//! compete, on a server.

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, DbBackend};

use super::*;
use crate::oauth2::model::{AccessTokenRecord, RefreshTokenRecord};
use crate::oauth2::store::Issued;

/// More than one statement takes.
const MANY: usize = 40;

/// So many families, each with one refresh token.
async fn refresh_tokens(bench: &Bench, many: usize) -> Vec<RefreshTokenRecord> {
    let mut found = Vec::new();
    for _ in 0..many {
        let secret = bench.tokens(&bench.web).await.refresh_token.unwrap();
        let hash = Digest::of(&secret);
        let held = bench.server.store().refresh_token(&hash).await.unwrap();
        found.push(held.unwrap().0);
    }
    found
}

/// What a rotation of `token` adds; `name` is in the identifiers of both.
fn issued(token: &RefreshTokenRecord, name: &str, now: Timestamp) -> Issued {
    Issued {
        access: AccessTokenRecord {
            id: Digest::of(&format!("access {name}")).as_str().to_owned(),
            grant_id: Some(token.grant_id.clone()),
            client_id: token.client_id.clone(),
            subject: Some("ada".into()),
            scope: "read".parse().unwrap(),
            issued_at: now,
            expires_at: now.plus(Duration::from_secs(3600)),
            revoked_at: None,
            extra: serde_json::Map::new(),
        },
        refresh: Some(RefreshTokenRecord {
            hash: Digest::of(&format!("refresh {name}")),
            issued_at: now,
            ..token.clone()
        }),
    }
}

/// Whether the database holds all of what was issued; it never holds a part.
async fn holds(bench: &Bench, issued: &Issued) -> bool {
    let store = bench.server.store();
    let access = store.access_token(&issued.access.id).await.unwrap();
    let hash = &issued.refresh.as_ref().unwrap().hash;
    let refresh = store.refresh_token(hash).await.unwrap();
    assert_eq!(access.is_some(), refresh.is_some(), "all or nothing");
    access.is_some()
}

async fn is_used(bench: &Bench, token: &RefreshTokenRecord) -> bool {
    let found = bench.server.store().refresh_token(&token.hash).await;
    found.unwrap().unwrap().0.consumed_at.is_some()
}

#[tokio::test]
async fn many_rotations_at_once_are_all_done_when_they_are_acknowledged() {
    let bench = Bench::new().await;
    let tokens = refresh_tokens(&bench, MANY).await;
    let now = bench.now();
    let rotating = tokens.iter().enumerate().map(async |(number, token)| {
        let issued = issued(token, &number.to_string(), now);
        let store = bench.server.store();
        assert!(
            store
                .rotate_refresh_token(token, &issued, now)
                .await
                .unwrap()
        );
        // Read by another connection: it is committed.
        assert!(holds(&bench, &issued).await);
        assert!(is_used(&bench, token).await);
    });
    join_all(rotating).await;
}

#[tokio::test]
async fn of_those_who_rotate_one_token_together_one_wins_and_the_others_of_the_group_are_no_worse()
{
    let bench = Bench::new().await;
    let tokens = refresh_tokens(&bench, 4).await;
    let now = bench.now();
    // One was used before: the group finds some rows unused and some not.
    let before = issued(&tokens[0], "before", now);
    let store = bench.server.store();
    assert!(
        store
            .rotate_refresh_token(&tokens[0], &before, now)
            .await
            .unwrap()
    );
    for used in [true, false] {
        let from = usize::from(!used);
        let rotating = (0..MANY).map(async |number| {
            let token = &tokens[from + number % (tokens.len() - from)];
            let issued = issued(token, &format!("{used} {number}"), now);
            let won = store
                .rotate_refresh_token(token, &issued, now)
                .await
                .unwrap();
            (token.hash.clone(), issued, won)
        });
        let mut winners = Vec::new();
        for (hash, issued, won) in join_all(rotating).await {
            assert_eq!(holds(&bench, &issued).await, won, "a loser adds nothing");
            winners.extend(won.then_some(hash));
        }
        // Of those that were unused, each has one.
        let mut expected: Vec<_> = match used {
            true => tokens[1..].iter().map(|token| token.hash.clone()).collect(),
            // Now all of them are used.
            false => Vec::new(),
        };
        winners.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        expected.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        assert_eq!(winners, expected);
    }
}

#[tokio::test]
async fn a_rotation_that_the_database_refuses_fails_alone_and_its_token_stays_unused() {
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
    let tokens = refresh_tokens(&bench, 20).await;
    let now = bench.now();
    let rotating = tokens.iter().enumerate().map(async |(number, token)| {
        let mut issued = issued(token, &number.to_string(), now);
        if number % 10 == 7 {
            issued.access.subject = Some("x".repeat(300).as_str().into());
        }
        let store = bench.server.store();
        let won = store.rotate_refresh_token(token, &issued, now).await;
        (issued, won)
    });
    let answers = join_all(rotating).await;
    for (number, (issued, won)) in answers.into_iter().enumerate() {
        let good = number % 10 != 7;
        assert_eq!(won.ok(), good.then_some(true), "{number}");
        assert_eq!(holds(&bench, &issued).await, good, "{number}");
        assert_eq!(is_used(&bench, &tokens[number]).await, good, "{number}");
    }
}

#[tokio::test]
async fn all_that_uses_something_up_goes_together_and_each_is_told_its_own() {
    let bench = Bench::new().await;
    let tokens = refresh_tokens(&bench, 4).await;
    let store = bench.server.store();
    let mut codes = Vec::new();
    for _ in 0..4 {
        let secret = bench.code(&bench.web).await;
        codes.push(
            store
                .code(&Digest::of(secret.expose()))
                .await
                .unwrap()
                .unwrap(),
        );
    }
    let now = bench.now();
    let later = now.plus(Duration::from_secs(60 * 60));
    let answers = join_all((0..16).map(async |number| {
        let token = &tokens[number % 4];
        let issued = issued(token, &number.to_string(), now);
        let done = match number / 4 {
            // It ends before it idles, which only the first two are spared.
            0 => {
                store
                    .touch_refresh_token(token, later, &issued.access, now)
                    .await
            }
            1 if number % 4 < 2 => store.rotate_refresh_token(token, &issued, now).await,
            1 => {
                store
                    .touch_refresh_token(token, later, &issued.access, now)
                    .await
            }
            _ => store.redeem_code(&codes[number % 4], &issued, now).await,
        };
        done.unwrap()
    }))
    .await;
    let (kept, redeemed) = answers.split_at(8);
    assert!(
        redeemed[..4].iter().all(|won| *won),
        "the first of each code"
    );
    assert!(
        redeemed[4..].iter().all(|won| !*won),
        "the second of each code"
    );
    assert!(
        kept[4..].iter().all(|won| *won),
        "rotated once, or kept twice"
    );
    for (number, token) in tokens.iter().enumerate() {
        assert_eq!(is_used(&bench, token).await, number < 2, "{number}");
        let found = store.refresh_token(&token.hash).await.unwrap().unwrap().0;
        assert!(number < 2 || found.idle_expires_at == later, "{number}");
        let redeemed = store.code(&codes[number].hash).await.unwrap().unwrap();
        assert_eq!(redeemed.consumed_at, Some(now));
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_used_up_by_its_group() {
    let bench = Bench::new().await;
    let old = refresh_tokens(&bench, 3).await;
    bench.wait(Duration::from_secs(10 * 86_400));
    let young = refresh_tokens(&bench, 3).await;
    // The old ones have idled for fifteen days by then, and fourteen are allowed.
    bench.wait(Duration::from_secs(5 * 86_400));
    let now = bench.now();
    let tokens = || old.iter().chain(&young);
    let rotated = join_all(tokens().enumerate().map(async |(number, token)| {
        let issued = issued(token, &number.to_string(), now);
        let rotated = bench
            .server
            .store()
            .rotate_refresh_token(token, &issued, now);
        let won = rotated.await.unwrap();
        assert_eq!(holds(&bench, &issued).await, won);
        won
    }))
    .await;
    assert_eq!(rotated, [false, false, false, true, true, true]);
    for token in &old {
        assert!(!is_used(&bench, token).await);
    }
}

#[tokio::test]
async fn what_is_looked_up_together_is_not_mixed_up() {
    let bench = Bench::new().await;
    let tokens = refresh_tokens(&bench, 5).await;
    let store = bench.server.store();
    // Each twice, and as many that nobody knows.
    let found = join_all((0..3 * MANY).map(async |number| {
        match number % 3 {
            0 => (
                number,
                store
                    .refresh_token(&Digest::of(&format!("unknown {number}")))
                    .await,
            ),
            _ => (
                number,
                store
                    .refresh_token(&tokens[number % tokens.len()].hash)
                    .await,
            ),
        }
    }))
    .await;
    for (number, found) in found {
        let found = found.unwrap();
        assert_eq!(found.is_none(), number % 3 == 0, "{number}");
        if let Some((token, grant)) = found {
            assert_eq!(token, tokens[number % tokens.len()]);
            assert_eq!(grant.id, token.grant_id);
        }
    }
}
