//! A key that all instances share.

use std::fmt;

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub purpose: String,
    pub generation: i32,
    #[sea_orm(column_type = "VarBinary(StringLen::N(4096))")]
    pub private_key: Vec<u8>,
    pub sealed_by: Option<String>,
    pub created_at: i64,
    pub active_from: i64,
}

/// None: rows are joined by hand, where they are.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
