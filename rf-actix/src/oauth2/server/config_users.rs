//! The built-in people.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::oauth2::error::HashError;
use crate::oauth2::model::{Secret, Subject};
use crate::oauth2::settings::UserSettings;
use crate::oauth2::token::Hasher;
use crate::oauth2::users::{Users, UsersError};

/// The people of the settings, for demos and tests: their names are their subjects.
#[derive(Debug)]
pub struct ConfigUsers {
    hasher: Hasher,
    hashes: HashMap<String, String>,
}

impl ConfigUsers {
    /// Hashes the passwords that are in clear.
    ///
    /// # Errors
    /// When one cannot be hashed.
    pub async fn new(settings: &[UserSettings], hasher: Hasher) -> Result<Self, HashError> {
        let mut hashes = HashMap::new();
        for user in settings {
            let hash = match (&user.password_hash, &user.password) {
                (Some(hash), _) => hash.clone(),
                (None, Some(password)) => hasher.hash(password).await?,
                (None, None) => continue,
            };
            hashes.insert(user.name.clone(), hash);
        }
        Ok(Self { hasher, hashes })
    }
}

#[async_trait]
impl Users for ConfigUsers {
    async fn verify_password(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Option<Subject>, UsersError> {
        let hash: Vec<String> = self.hashes.get(name).cloned().into_iter().collect();
        let met = self.hasher.verify(password, &hash).await?;
        Ok(met.then(|| name.into()))
    }

    async fn is_active(&self, subject: &Subject) -> Result<bool, UsersError> {
        Ok(self.hashes.contains_key(subject.as_str()))
    }

    async fn claims(&self, subject: &Subject) -> Result<Map<String, Value>, UsersError> {
        let name = Value::from(subject.as_str());
        Ok(Map::from_iter([("preferred_username".to_owned(), name)]))
    }
}
