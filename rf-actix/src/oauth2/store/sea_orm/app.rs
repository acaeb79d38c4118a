//! What people have allowed.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::{consent, grant};
use crate::oauth2::model::{Subject, Timestamp};
use crate::oauth2::store::{Allowed, AppStore, StoreError};

/// The newest; nobody reads a longer page.
const MOST: u64 = 1000;

#[async_trait]
impl AppStore for SeaOrmStore {
    async fn allowed_by(
        &self,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<Allowed>, StoreError> {
        let (consents, grants) = again(|| async {
            let consents = consent::Entity::find()
                .filter(consent::Column::Subject.eq(subject.as_str()))
                .limit(MOST)
                .all(&self.db)
                .await?;
            let grants = grant::Entity::find()
                .filter(grant::Column::Subject.eq(subject.as_str()))
                .filter(grant::Column::RevokedAt.is_null())
                .filter(grant::Column::ExpiresAt.gt(now.as_millis()))
                .order_by_desc(grant::Column::CreatedAt)
                .limit(MOST)
                .all(&self.db)
                .await?;
            let consents = consents
                .into_iter()
                .map(row::to_consent)
                .collect::<Result<Vec<_>, _>>()?;
            let grants = grants
                .into_iter()
                .map(row::to_grant)
                .collect::<Result<Vec<_>, _>>()?;
            Ok((consents, grants))
        })
        .await?;
        // MySQL ignores spaces at the end when it compares; nobody may see another's by that.
        let consents = consents
            .into_iter()
            .filter(|found| found.subject == *subject)
            .map(|found| Allowed {
                client_id: found.client_id,
                scope: found.scope,
                since: found.updated_at,
            });
        let grants = grants
            .into_iter()
            .filter(|found| found.subject == *subject)
            .map(|found| Allowed {
                client_id: found.client_id,
                scope: found.scope,
                since: found.created_at,
            });
        Ok(consents.chain(grants).collect())
    }
}
