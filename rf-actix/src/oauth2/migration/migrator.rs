//! The steps, in order.

use sea_orm_migration::sea_query::{DynIden, IntoIden};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

use super::{m0001_initial, m0002_clients, m0003_keys};

/// Makes and changes the tables of the authorization server. Its steps are remembered in
/// `oauth_migrations`, apart from those of the app.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Initial),
            Box::new(m0002_clients::Clients),
            Box::new(m0003_keys::Keys),
        ]
    }

    fn migration_table_name() -> DynIden {
        "oauth_migrations".into_iden()
    }
}
