//! Consents.

use async_trait::async_trait;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;

use super::row;
use super::write::{SeaOrmStore, again};
use crate::oauth2::entity::consent::{Column, Entity};
use crate::oauth2::model::{ClientId, Consent, Subject};
use crate::oauth2::store::{ConsentStore, StoreError};

#[async_trait]
impl ConsentStore for SeaOrmStore {
    async fn consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let found = again(|| async {
            Entity::find_by_id((subject.as_str().to_owned(), client.as_str().to_owned()))
                .one(&self.db)
                .await?
                .map(row::to_consent)
                .transpose()
        })
        .await?;
        // MySQL ignores spaces at the end when it compares; nobody may have another's consent by that.
        Ok(found.filter(|found| found.subject == *subject && found.client_id == *client))
    }

    async fn save_consent(&self, consent: &Consent) -> Result<(), StoreError> {
        again(|| async {
            let in_place = OnConflict::columns([Column::Subject, Column::ClientId])
                .update_columns([Column::Scope, Column::UpdatedAt])
                .to_owned();
            Entity::insert(row::from_consent(consent))
                .on_conflict(in_place)
                .exec_without_returning(&self.db)
                .await
                .map(drop)
        })
        .await
    }

    async fn delete_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> Result<bool, StoreError> {
        again(|| async {
            let id = (subject.as_str().to_owned(), client.as_str().to_owned());
            let deleted = Entity::delete_by_id(id).exec(&self.db).await?;
            Ok(deleted.rows_affected > 0)
        })
        .await
    }
}
