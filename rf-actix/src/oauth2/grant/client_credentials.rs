//! A client for itself (RFC 6749 §4.4).

use super::context::{GrantContext, parse_scope, scope_too_wide};
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::model::{RegisteredClient, TokenParams, TokenResponse};

pub(super) async fn execute(
    context: GrantContext<'_>,
    client: &RegisteredClient,
    params: &TokenParams,
) -> Result<TokenResponse, OAuthError> {
    // RFC 6749 §4.4: confidential clients only, however it was registered.
    if client.is_public() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "client_credentials is for confidential clients",
        ));
    }
    // RFC 6749 §3.3 leaves open what a request without scope means: here, all that the client has.
    let scope = match parse_scope(params.scope.as_deref())? {
        Some(asked) if !asked.is_subset(&client.client.scopes) => return Err(scope_too_wide()),
        Some(asked) => asked,
        None => client.client.scopes.clone(),
    };
    let access = context.access_token(&client.client, None, scope)?;
    context.store.insert_access_token(&access.record).await?;
    // RFC 6749 §4.4.3: no refresh token.
    Ok(access.response(None))
}
