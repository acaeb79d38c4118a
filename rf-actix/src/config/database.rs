//! `[database]`: which server or file, and how many connections.

use super::ConfigError;
use serde::Deserialize;
use std::fmt;

/// `[database]`.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DatabaseSettings {
    /// `sqlite://path`, `postgres://…` or `mysql://…`; `sqlite://var/rf.db` by default.
    pub url: String,
    /// Connections the pool may open, 10 by default.
    pub max_connections: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: "sqlite://var/rf.db".to_owned(),
            max_connections: 10,
        }
    }
}

impl DatabaseSettings {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        const SCHEMES: [(&str, &str, bool); 5] = [
            ("sqlite:", "sqlite", cfg!(feature = "sqlite")),
            ("postgres://", "postgres", cfg!(feature = "postgres")),
            ("postgresql://", "postgres", cfg!(feature = "postgres")),
            ("mysql://", "mysql", cfg!(feature = "mysql")),
            ("mariadb://", "mysql", cfg!(feature = "mysql")),
        ];
        if self.max_connections == 0 {
            return Err(ConfigError::new(
                "database.max_connections",
                "write 1 or more",
            ));
        }
        match SCHEMES
            .iter()
            .find(|(scheme, ..)| self.url.starts_with(scheme))
        {
            Some((_, _, true)) => Ok(()),
            Some((_, feature, false)) => Err(ConfigError::new(
                "database.url",
                format!("this program was built without the feature `{feature}` of rf-actix"),
            )),
            None => Err(ConfigError::new(
                "database.url",
                "not a database url, write sqlite://path/to.db, postgres://user@host/name or mysql://user@host/name",
            )),
        }
    }
}

/// Without the password a url may hold.
impl fmt::Debug for DatabaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("DatabaseSettings")
            .field("url", &format_args!("{scheme}:…"))
            .field("max_connections", &self.max_connections)
            .finish()
    }
}
