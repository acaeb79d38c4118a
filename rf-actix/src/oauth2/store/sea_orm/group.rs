//! Access tokens that are inserted at the same time share a statement and a commit.
//!
//! Nobody waits for company: the first to come writes at once, and whoever comes meanwhile is written together as soon
//! as that is done. An insert is acknowledged when its commit is.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr, EntityTrait};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::row;
use super::write::{again, is_duplicate};
use crate::oauth2::entity::access_token;
use crate::oauth2::model::AccessTokenRecord;
use crate::oauth2::store::StoreError;

/// Rows of one statement. Each number of rows is a statement of its own, and connections remember a hundred.
const MOST: usize = 64;

/// Longer than a group before ours and our own may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Those who wait to be written.
#[derive(Clone, Default)]
pub(super) struct Group(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    is_written: bool,
}

struct Waiting {
    token: AccessTokenRecord,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl Group {
    /// Inserts a token, with others if there are any.
    pub(super) async fn insert(
        &self,
        db: &DatabaseConnection,
        token: &AccessTokenRecord,
    ) -> Result<(), StoreError> {
        let (done, written) = oneshot::channel();
        let token = token.clone();
        let begins = {
            let mut state = self.lock();
            state.waiting.push(Waiting { token, done });
            !mem::replace(&mut state.is_written, true)
        };
        if begins {
            // A task of its own: a caller who hangs up must not take the others along.
            let writer = Writer {
                group: self.clone(),
                is_done: false,
            };
            tokio::spawn(writer.write(db.clone()));
        }
        match timeout(PATIENCE, written).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(StoreError::new("the server stops")),
            Err(_) => Err(StoreError::new("the database does not answer")),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever writes. When it is dropped in the middle, as at the end of a runtime, the next caller writes on.
struct Writer {
    group: Group,
    is_done: bool,
}

impl Writer {
    async fn write(mut self, db: DatabaseConnection) {
        while let Some(group) = self.next() {
            let (tokens, done): (Vec<_>, Vec<_>) =
                group.into_iter().map(|it| (it.token, it.done)).unzip();
            let written = again(|| insert_all(&db, &tokens)).await;
            if written.is_ok() || tokens.len() == 1 {
                answer(done, written);
                continue;
            }
            // One of them may be what the database refuses; the others are no worse for it.
            for (token, done) in tokens.iter().zip(done) {
                let token = std::slice::from_ref(token);
                answer([done], again(|| insert_all(&db, token)).await);
            }
        }
    }

    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut state = self.group.lock();
        if state.waiting.is_empty() {
            // Under the lock: who comes from now on finds nobody writing.
            state.is_written = false;
            self.is_done = true;
            return None;
        }
        let many = state.waiting.len().min(MOST);
        Some(state.waiting.drain(..many).collect())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.group.lock();
            state.is_written = false;
            // Told by their channels, which close.
            state.waiting.clear();
        }
    }
}

fn answer(
    done: impl IntoIterator<Item = oneshot::Sender<Result<(), StoreError>>>,
    written: Result<(), StoreError>,
) {
    for done in done {
        // Whoever does not wait any more hung up.
        let _ = done.send(written.clone());
    }
}

async fn insert_all(db: &DatabaseConnection, tokens: &[AccessTokenRecord]) -> Result<(), DbErr> {
    let rows = tokens.iter().map(row::from_access_token);
    let inserted = access_token::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await;
    match inserted {
        // The connection was lost after the commit, and this is the second attempt: no two tokens have one name.
        Err(error) if tokens.len() == 1 && is_duplicate(&error) => Ok(()),
        other => other.map(drop),
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group")
    }
}
