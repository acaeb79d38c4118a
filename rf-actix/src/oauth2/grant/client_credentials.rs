//! A client for itself (RFC 6749 §4.4).

use async_trait::async_trait;

use super::{GrantContext, TokenGrant};
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{GrantType, RegisteredClient, TokenParams, TokenResponse};

/// `client_credentials`.
pub(super) struct ClientCredentials;

#[async_trait]
impl TokenGrant for ClientCredentials {
    fn grant_type(&self) -> GrantType {
        GrantType::ClientCredentials
    }

    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError> {
        let scope = context.scope(client, params)?;
        // RFC 6749 §4.4.3: no refresh token.
        context.issue_for_client(client, scope).await
    }
}
