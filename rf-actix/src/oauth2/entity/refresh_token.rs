//! A refresh token, by its digest.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_refresh_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub grant_id: String,
    pub client_id: String,
    pub issued_at: i64,
    pub expires_at: i64,
    pub idle_expires_at: i64,
    pub consumed_at: Option<i64>,
}

/// None: rows are joined by hand, where they are.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
