//! A person's name and password for tokens (RFC 6749 §4.3).
//!
//! RFC 9700 §2.4 forbids it to new apps: the client learns the password. It is there for old ones of one's own,
//! switched on by a setting and for each client.

use async_trait::async_trait;

use super::{GrantContext, TokenGrant};
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{GrantType, RegisteredClient, TokenParams, TokenResponse};

/// `password`.
pub(super) struct Password;

#[async_trait]
impl TokenGrant for Password {
    fn grant_type(&self) -> GrantType {
        GrantType::Password
    }

    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError> {
        let name = params.username.as_deref();
        let name = name.ok_or_else(|| OAuthError::invalid_request("username is missing"))?;
        let password = params.password.as_ref();
        let password =
            password.ok_or_else(|| OAuthError::invalid_request("password is missing"))?;
        let scope = context.scope(client, params)?;
        let subject = context.verify_password(name, password).await?;
        context.issue_for_user(client, &subject, scope).await
    }
}
