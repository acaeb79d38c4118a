//! Which grants there are, and the choice of one.

use std::fmt;

use super::authorization_code::AuthorizationCode;
use super::client_credentials::ClientCredentials;
use super::password::Password;
use super::refresh_token::RefreshToken;
use super::{GrantContext, TokenGrant};
use crate::oauth2::error::{ErrorCode, OAuthError};
use crate::oauth2::model::{GrantType, RegisteredClient, TokenParams, TokenResponse};

/// The grants of a server.
pub(crate) struct Grants(Vec<Box<dyn TokenGrant>>);

impl Grants {
    /// Those that are built in; the password grant only when it is switched on.
    pub(crate) fn built_in(password: bool) -> Self {
        let mut grants: Vec<Box<dyn TokenGrant>> = vec![
            Box::new(AuthorizationCode),
            Box::new(RefreshToken),
            Box::new(ClientCredentials),
        ];
        if password {
            grants.push(Box::new(Password));
        }
        Self(grants)
    }

    /// Adds one of the app's own; the error is its name, when that is taken or no absolute URI (RFC 6749 §4.5).
    pub(crate) fn add(&mut self, grant: Box<dyn TokenGrant>) -> Result<(), GrantType> {
        let name = grant.grant_type();
        if !matches!(name, GrantType::Extension(_)) || self.find(name.as_str()).is_some() {
            return Err(name);
        }
        self.0.push(grant);
        Ok(())
    }

    /// Their names, in order.
    pub(crate) fn types(&self) -> impl Iterator<Item = GrantType> {
        self.0.iter().map(|grant| grant.grant_type())
    }

    /// The grant of that name, if there is one here.
    pub(crate) fn find(&self, name: &str) -> Option<&dyn TokenGrant> {
        let found = self.0.iter().find(|it| it.grant_type().as_str() == name);
        found.map(|grant| &**grant)
    }
}

/// Answers a token request of an authenticated client.
pub(crate) async fn execute(
    grant: &dyn TokenGrant,
    context: GrantContext<'_>,
    client: &RegisteredClient,
    params: &TokenParams,
) -> Result<TokenResponse, OAuthError> {
    // RFC 6749 §5.2.
    if !client.client.allows(grant.grant_type()) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "the client may not use this grant",
        ));
    }
    grant.execute(context, client, params).await
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.types()).finish()
    }
}
