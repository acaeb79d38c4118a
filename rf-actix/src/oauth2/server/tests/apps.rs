//! What people have allowed.

use std::ops::Range;

use sea_orm::{ActiveValue::Set, EntityTrait};

use super::*;
use crate::oauth2::entity::grant;

impl Bench {
    /// So many grants of `subject` to `client`, one a millisecond from `begin` on.
    async fn granted(&self, client: &ClientId, subject: &str, scope: &str, times: Range<i64>) {
        let db = self.database.connect(1).await.unwrap();
        let row = |created_at| grant::ActiveModel {
            id: Set(format!("{client} {subject} {scope} {created_at}")),
            client_id: Set(client.to_string()),
            subject: Set(subject.to_owned()),
            scope: Set(scope.to_owned()),
            auth_time: Set(created_at),
            created_at: Set(created_at),
            expires_at: Set(i64::MAX),
            revoked_at: Set(None),
        };
        for first in times.clone().step_by(500) {
            let rows = (first..times.end.min(first + 500)).map(row);
            let inserted = grant::Entity::insert_many(rows).exec_without_returning(&db);
            inserted.await.unwrap();
        }
    }

    async fn allowed(&self, subject: &str) -> Vec<(ClientId, String, i64)> {
        let apps = self.server.authorized_apps(&subject.into()).await.unwrap();
        apps.into_iter()
            .map(|app| (app.client_id, app.scope.to_string(), app.since.as_millis()))
            .collect()
    }
}

#[tokio::test]
async fn an_app_of_long_ago_is_shown_beneath_any_number_of_sign_ins_to_another() {
    let bench = Bench::new().await;
    bench.granted(&bench.spa, "maria", "read", 7..8).await;
    bench.granted(&bench.web, "maria", "read", 100..2_600).await;
    bench.granted(&bench.web, "maria", "write", 90..91).await;
    let mut allowed = bench.allowed("maria").await;
    allowed.sort_by_key(|(.., since)| *since);
    let expected = [
        (bench.spa.clone(), "read".to_owned(), 7),
        (bench.web.clone(), "read write".to_owned(), 90),
    ];
    assert_eq!(allowed, expected);
}

#[tokio::test]
async fn nobody_sees_what_somebody_of_almost_the_same_name_has_allowed() {
    let bench = Bench::new().await;
    let names = ["maria", "maria ", "Maria", "mariä", "maria\u{308}"];
    for name in names {
        assert_eq!(bench.allowed(name).await, []);
    }
    for (begin, name) in (1..).zip(names) {
        let scope = if begin % 2 == 0 { "read" } else { "write" };
        bench
            .granted(&bench.web, name, scope, begin..begin + 1)
            .await;
    }
    for (begin, name) in (1..).zip(names) {
        let scope = if begin % 2 == 0 { "read" } else { "write" };
        let own = (bench.web.clone(), scope.to_owned(), begin);
        assert_eq!(bench.allowed(name).await, [own], "{name:?}");
    }
}
