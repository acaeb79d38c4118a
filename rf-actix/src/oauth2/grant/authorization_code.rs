//! A code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).

use async_trait::async_trait;

use super::{GrantContext, TokenGrant};
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{
    AuthorizationCode as Code, Digest, GrantType, RegisteredClient, Secret, TokenParams,
    TokenResponse,
};
use crate::oauth2::store::Issued;

/// `authorization_code`.
pub(super) struct AuthorizationCode;

#[async_trait]
impl TokenGrant for AuthorizationCode {
    fn grant_type(&self) -> GrantType {
        GrantType::AuthorizationCode
    }

    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError> {
        redeem(context, client, params).await
    }
}

async fn redeem(
    context: GrantContext<'_>,
    client: &RegisteredClient,
    params: &TokenParams,
) -> Result<TokenResponse, OAuthError> {
    let secret = params.code.as_ref();
    let secret = secret.ok_or_else(|| OAuthError::invalid_request("code is missing"))?;
    let code = context.store.code(&Digest::of(secret.expose())).await?;
    let code = code.ok_or_else(unknown)?;

    // Whoever fails here is not the one the code was made for: nothing is used up, nothing revoked
    // (OAuth 2.1 §7.5.2), or a stolen code would be a way to sign its owner out.
    if code.client_id != client.client.id {
        return Err(unknown());
    }
    check_redirect_uri(&code, params.redirect_uri.as_deref())?;
    check_verifier(&code, params.code_verifier.as_ref())?;

    if code.consumed_at.is_some() {
        return Err(context
            .replayed(GrantType::AuthorizationCode, &client.client, &code.grant_id)
            .await?);
    }
    if code.expires_at <= context.now {
        return Err(unknown());
    }
    let grant = context.store.grant(&code.grant_id).await?;
    let grant = grant
        .filter(|grant| grant.revoked_at.is_none())
        .ok_or_else(unknown)?;
    context.require_active(&grant.subject).await?;

    let scope = context.allowed_scope(&grant, &client.client);
    let on_behalf = Some((&grant.subject, &grant.id));
    let access = context
        .access_token(&client.client, on_behalf, scope)
        .await?;
    let refresh = context.first_refresh_token(&client.client, &grant).unzip();
    let issued = Issued {
        access: access.record.clone(),
        refresh: refresh.1,
    };
    if context
        .store
        .redeem_code(&code, &issued, context.now)
        .await?
    {
        return Ok(access.response(refresh.0));
    }
    // Another request was quicker by a moment: of the two, one may be a thief's.
    Err(context
        .replayed(GrantType::AuthorizationCode, &client.client, &code.grant_id)
        .await?)
}

/// One answer for codes that never were, are over, or are another client's.
fn unknown() -> OAuthError {
    OAuthError::invalid_grant("unknown, expired or used code")
}

/// RFC 6749 §4.1.3: required when the authorization request had it, and then the same.
fn check_redirect_uri(code: &Code, presented: Option<&str>) -> Result<(), OAuthError> {
    match presented {
        Some(uri) if uri == code.redirect_uri => Ok(()),
        None if !code.redirect_uri_sent => Ok(()),
        _ => Err(OAuthError::invalid_grant(
            "redirect_uri is not that of the authorization request",
        )),
    }
}

/// RFC 7636 §4.6; a verifier without challenge is a downgrade (RFC 9700 §4.8.2).
fn check_verifier(code: &Code, verifier: Option<&Secret>) -> Result<(), OAuthError> {
    match (&code.code_challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier.expose()) => Ok(()),
        _ => Err(OAuthError::invalid_grant(
            "code_verifier does not meet the code_challenge",
        )),
    }
}
