//! A request that waits on the consent page, by the digest of its ticket.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_interactions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_hash: String,
    pub session_hash: String,
    pub subject: String,
    #[sea_orm(column_type = "Text")]
    pub request: String,
    pub expires_at: i64,
    pub consumed_at: Option<i64>,
}

/// None: rows are joined by hand, where they are.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
