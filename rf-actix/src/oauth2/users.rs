//! The app's people: who they are, whether they still count, what tokens say of them.

use std::error::Error as StdError;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::model::{Secret, Subject};

/// Why people could not be looked up; the cause is for the log.
pub type UsersError = Box<dyn StdError + Send + Sync>;

/// Why a name and a password are nobody's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The name or the password is wrong. Which of the two is not told.
    #[error("unknown user or wrong password")]
    Wrong,
    /// There were too many attempts; the password was not looked at.
    #[error("too many attempts, try again in {retry_after} seconds")]
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        retry_after: u64,
    },
    /// It could not be found out; the cause is for the log.
    #[error("the password could not be checked: {0}")]
    Unavailable(#[source] UsersError),
}

/// The app's people, as the authorization server needs them.
#[async_trait]
pub trait Users: Send + Sync + 'static {
    /// Whose name and password these are. Unknown name and wrong password must not differ, in time either. A subject
    /// that is not [well formed](Subject::is_well_formed) cannot sign in.
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
