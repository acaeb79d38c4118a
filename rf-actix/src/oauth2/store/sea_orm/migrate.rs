//! Making the tables, whoever else is making them.

use sea_orm_migration::MigratorTrait;

use super::SeaOrmStore;
use super::write::pause;
use crate::oauth2::migration::Migrator;
use crate::oauth2::store::StoreError;

/// How often, at most: every step may be done by another instance between our look and our hand.
const ATTEMPTS: u32 = 24;

impl SeaOrmStore {
    /// Makes or changes the tables. Instances may do it at the same time: the one that comes second finds
    /// things done and looks again.
    ///
    /// # Errors
    /// When it fails several times in a row.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            match Migrator::up(&self.db, None).await {
                Ok(()) => return Ok(()),
                Err(_) if attempt < ATTEMPTS => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(StoreError::new(error)),
            }
        }
    }
}
