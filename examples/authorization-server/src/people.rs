//! The app's people: a table of its own, beside those of rf-actix.

use async_trait::async_trait;
use rf::oauth2::{Hasher, Secret, Subject, Users, UsersError};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait,
    QueryFilter, Schema, SqlErr,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A row of `people`.
#[allow(
    unreachable_pub,
    reason = "SeaORM's derive names its parts by what is public"
)]
mod person {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "people")]
    pub struct Model {
        /// A UUID: what tokens call the person, and nobody else ever.
        #[sea_orm(
            primary_key,
            auto_increment = false,
            column_type = "String(StringLen::N(36))"
        )]
        pub id: String,
        #[sea_orm(unique, column_type = "String(StringLen::N(64))")]
        pub name: String,
        pub password_hash: String,
        pub active: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// All of them.
#[derive(Clone)]
pub(crate) struct People {
    db: DatabaseConnection,
    hasher: Hasher,
}

/// Why somebody has no account yet.
pub(crate) enum Refusal {
    Taken,
    Failed(UsersError),
}

impl People {
    pub(crate) async fn open(db: DatabaseConnection) -> Result<Self, UsersError> {
        let schema = Schema::new(db.get_database_backend());
        db.execute(
            schema
                .create_table_from_entity(person::Entity)
                .if_not_exists(),
        )
        .await?;
        Ok(Self {
            db,
            hasher: Hasher::new().await?,
        })
    }

    pub(crate) async fn join(&self, name: &str, password: &Secret) -> Result<Subject, Refusal> {
        let failed = |error: UsersError| Refusal::Failed(error);
        let hash = self
            .hasher
            .hash(password)
            .await
            .map_err(|error| failed(error.into()))?;
        let id = Uuid::now_v7().to_string();
        let row = person::ActiveModel {
            id: Set(id.clone()),
            name: Set(name.to_owned()),
            password_hash: Set(hash),
            active: Set(true),
        };
        match person::Entity::insert(row)
            .exec_without_returning(&self.db)
            .await
        {
            Ok(_) => Ok(id.into()),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(Refusal::Taken)
            }
            Err(error) => Err(failed(error.into())),
        }
    }

    pub(crate) async fn name(&self, subject: &str) -> Result<Option<String>, UsersError> {
        Ok(self.find(subject).await?.map(|person| person.name))
    }

    async fn find(&self, subject: &str) -> Result<Option<person::Model>, DbErr> {
        person::Entity::find_by_id(subject).one(&self.db).await
    }
}

#[async_trait]
impl Users for People {
    async fn verify_password(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Option<Subject>, UsersError> {
        let found = person::Entity::find()
            .filter(person::Column::Name.eq(name))
            .one(&self.db)
            .await?;
        let found = found.filter(|person| person.active);
        // Nobody's password is checked too: a name that is not there takes as long as one that is.
        let hash: Vec<String> = found
            .iter()
            .map(|person| person.password_hash.clone())
            .collect();
        let right = self.hasher.verify(password, &hash).await?;
        Ok(found.filter(|_| right).map(|person| person.id.into()))
    }

    async fn is_active(&self, subject: &Subject) -> Result<bool, UsersError> {
        Ok(self
            .find(subject.as_str())
            .await?
            .is_some_and(|person| person.active))
    }

    async fn claims(&self, subject: &Subject) -> Result<Map<String, Value>, UsersError> {
        let mut claims = Map::new();
        if let Some(name) = self.name(subject.as_str()).await? {
            claims.insert("preferred_username".to_owned(), json!(name));
        }
        Ok(claims)
    }
}
