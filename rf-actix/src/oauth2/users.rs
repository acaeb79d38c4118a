//! The app's people: who they are, whether they still count, what tokens say of them.

use std::collections::HashMap;
use std::error::Error as StdError;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::error::HashError;
use super::model::{Secret, Subject};
use super::settings::UserSettings;
use super::token::Hasher;

/// Why people could not be looked up; the cause is for the log.
pub type UsersError = Box<dyn StdError + Send + Sync>;

/// The app's people, as the authorization server needs them.
#[async_trait]
pub trait Users: Send + Sync + 'static {
    /// Whose name and password these are. Unknown name and wrong password must not differ, in time either.
    ///
    /// # Errors
    /// When it could not be found out.
    async fn verify_password(
        &self,
        name: &str,
        password: &Secret,
    ) -> Result<Option<Subject>, UsersError>;

    /// Whether `subject` may still use the app; asked at each redemption and refresh.
    ///
    /// # Errors
    /// When it could not be found out.
    async fn is_active(&self, subject: &Subject) -> Result<bool, UsersError>;

    /// What may be told about `subject`, such as `preferred_username`.
    ///
    /// # Errors
    /// When it could not be found out.
    async fn claims(&self, subject: &Subject) -> Result<Map<String, Value>, UsersError>;
}

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
