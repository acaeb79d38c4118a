//! The shape of a grant.

use async_trait::async_trait;

use super::GrantContext;
use crate::oauth2::error::OAuthError;
use crate::oauth2::model::{GrantType, RegisteredClient, TokenParams, TokenResponse};

/// A way to get a token (RFC 6749 §4); one of the app's own has an absolute URI for its name (§4.5), and comes in
/// by [`OAuth2ServerBuilder::grant`](crate::oauth2::OAuth2ServerBuilder::grant).
///
/// The client is authenticated, and may use the grant, before it is asked. It gets what it may do by its context,
/// never the server.
///
/// ```
/// use rf::oauth2::{
///     ErrorCode, GrantContext, GrantType, OAuthError, RegisteredClient, Subject, TokenGrant, TokenParams, TokenResponse,
/// };
///
/// /// A card that is held to a kiosk.
/// struct Card;
///
/// #[async_trait::async_trait]
/// impl TokenGrant for Card {
///     fn grant_type(&self) -> GrantType {
///         "urn:example:grant:card".parse().expect("an absolute URI")
///     }
///
///     async fn execute(
///         &self,
///         context: GrantContext<'_>,
///         client: &RegisteredClient,
///         params: &TokenParams,
///     ) -> Result<TokenResponse, OAuthError> {
///         let card = params.extra.get("card");
///         let card = card.ok_or_else(|| OAuthError::new(ErrorCode::InvalidRequest, "card is missing"))?;
///         let holder: Subject = holder_of(card.expose())
///             .ok_or_else(|| OAuthError::new(ErrorCode::InvalidGrant, "unknown card"))?;
///         let scope = context.scope(client, params)?;
///         context.issue_for_user(client, &holder, scope).await
///     }
/// }
/// # fn holder_of(_: &str) -> Option<Subject> { None }
/// ```
#[async_trait]
pub trait TokenGrant: Send + Sync + 'static {
    /// The value of `grant_type`; always the same.
    fn grant_type(&self) -> GrantType;

    /// Answers a token request of `client`.
    ///
    /// # Errors
    /// In the words of RFC 6749 §5.2.
    async fn execute(
        &self,
        context: GrantContext<'_>,
        client: &RegisteredClient,
        params: &TokenParams,
    ) -> Result<TokenResponse, OAuthError>;
}
