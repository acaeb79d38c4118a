//! A refresh token for the next tokens (RFC 6749 §6, RFC 9700 §4.14.2).

use async_trait::async_trait;

use super::{GrantContext, TokenGrant};
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{
    Digest, Grant, GrantType, RefreshTokenRecord, RegisteredClient, ScopeSet, Secret, Timestamp,
    TokenParams, TokenResponse,
};
use crate::oauth2::scope;
use crate::oauth2::store::Issued;
use crate::oauth2::token::successor;

/// `refresh_token`.
pub(super) struct RefreshToken;

#[async_trait]
impl TokenGrant for RefreshToken {
    fn grant_type(&self) -> GrantType {
        GrantType::RefreshToken
    }

    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError> {
        refresh(context, client, params).await
    }
}

async fn refresh(
    context: GrantContext<'_>,
    client: &RegisteredClient,
    params: &TokenParams,
) -> Result<TokenResponse, OAuthError> {
    let secret = params.refresh_token.as_ref();
    let secret = secret.ok_or_else(|| OAuthError::invalid_request("refresh_token is missing"))?;
    let found = context
        .store
        .refresh_token(&Digest::of(secret.expose()))
        .await?;
    // RFC 6749 §10.4: bound to its client. A foreign one is told nothing and harms nothing.
    let (token, grant) = found
        .filter(|(token, grant)| token.client_id == client.client.id && grant.revoked_at.is_none())
        .ok_or_else(unknown)?;
    let refresh = Refresh {
        context,
        client,
        grant: &grant,
        next: successor(context.keyring.refresh(), secret),
        asked: scope::parse(params.scope.as_deref())?,
    };
    match token.consumed_at {
        Some(at) => refresh.reused(at).await,
        None => refresh.used(&token).await,
    }
}

/// One answer for tokens that never were, are over, or are another client's.
fn unknown() -> OAuthError {
    OAuthError::invalid_grant("unknown, expired or revoked refresh token")
}

struct Refresh<'a> {
    context: GrantContext<'a>,
    client: &'a RegisteredClient,
    grant: &'a Grant,
    /// What replaces the presented token, or has replaced it already.
    next: Secret,
    asked: Option<ScopeSet>,
}

impl Refresh<'_> {
    /// The token is presented for the first time.
    async fn used(self, token: &RefreshTokenRecord) -> Result<TokenResponse, OAuthError> {
        let now = self.context.now;
        if has_ended(token, now) {
            return Err(unknown());
        }
        self.context.require_active(&self.grant.subject).await?;
        let scope = self.scope()?;
        let on_behalf = Some((&self.grant.subject, &self.grant.id));
        let access = self
            .context
            .access_token(&self.client.client, on_behalf, scope)
            .await?;

        let settings = &self.context.settings.refresh_token;
        let idle_expires_at = now.plus(settings.idle).min(token.expires_at);
        // RFC 9700 §2.2.2: refresh tokens of public clients rotate, whatever the settings say.
        if !settings.rotate && !self.client.is_public() {
            let store = self.context.store;
            let touched = store.touch_refresh_token(token, idle_expires_at, &access.record, now);
            return if touched.await? {
                Ok(access.response(None))
            } else {
                Err(unknown())
            };
        }
        let issued = Issued {
            access: access.record.clone(),
            refresh: Some(RefreshTokenRecord {
                hash: Digest::of(self.next.expose()),
                issued_at: now,
                idle_expires_at,
                consumed_at: None,
                ..token.clone()
            }),
        };
        if self
            .context
            .store
            .rotate_refresh_token(token, &issued, now)
            .await?
        {
            return Ok(access.response(Some(self.next)));
        }
        // Another request was quicker by a moment.
        let found = self.context.store.refresh_token(&token.hash).await?;
        match found.and_then(|(token, _)| token.consumed_at) {
            Some(at) => self.reused(at).await,
            None => Err(unknown()),
        }
    }

    /// The token was exchanged before. Within the grace, and while nobody used its successor, that was a lost
    /// answer or another tab: it gets the same successor. Otherwise it was stolen, or the other one was.
    async fn reused(self, consumed_at: Timestamp) -> Result<TokenResponse, OAuthError> {
        let now = self.context.now;
        let next = self
            .context
            .store
            .refresh_token(&Digest::of(self.next.expose()))
            .await?;
        // The clock of the instance that exchanged it may be a little ahead of ours.
        let in_grace = now.distance(consumed_at) <= self.context.settings.refresh_token.grace;
        let unused = next.filter(|(next, _)| next.consumed_at.is_none());
        let Some((next, _)) = unused.filter(|_| in_grace) else {
            let family = &self.grant.id;
            return Err(self
                .context
                .replayed(GrantType::RefreshToken, &self.client.client, family)
                .await?);
        };
        if has_ended(&next, now) {
            return Err(unknown());
        }
        self.context.require_active(&self.grant.subject).await?;
        let scope = self.scope()?;
        let on_behalf = Some((&self.grant.subject, &self.grant.id));
        let access = self
            .context
            .access_token(&self.client.client, on_behalf, scope)
            .await?;
        self.context
            .store
            .insert_access_token(&access.record)
            .await?;
        Ok(access.response(Some(self.next)))
    }

    /// RFC 6749 §6: never more than was granted; less is for this access token only.
    fn scope(&self) -> Result<ScopeSet, OAuthError> {
        let allowed = self.context.allowed_scope(self.grant, &self.client.client);
        match &self.asked {
            Some(asked) if !allowed.covers_all(asked) => {
                Err(scope::invalid("unknown scope, or more than was granted"))
            }
            Some(asked) => Ok(asked.clone()),
            None => Ok(allowed),
        }
    }
}

fn has_ended(token: &RefreshTokenRecord, now: Timestamp) -> bool {
    token.expires_at <= now || token.idle_expires_at <= now
}
