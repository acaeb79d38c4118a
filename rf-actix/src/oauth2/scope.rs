//! What a request for scopes comes to: what was asked, what is known, what the client may have, what is the default.

use super::error::{ErrorCode, OAuthError};
use super::model::{Client, ScopeSet};
use super::settings::OAuth2Settings;

/// The scopes of a request (RFC 6749 §3.3): those asked for, when they are known here and allowed to the client;
/// the default when none is asked for.
pub(crate) fn requested(
    settings: &OAuth2Settings,
    client: &Client,
    asked: Option<&str>,
) -> Result<ScopeSet, OAuthError> {
    let Some(asked) = parse(asked)? else {
        return default(settings, client);
    };
    let all = allowed(settings, client);
    let allowed = |scope: &str| settings.scopes.knows(scope) && all.covers(scope);
    if let Some(scope) = asked.iter().find(|scope| !allowed(scope.as_str())) {
        let description = format!("the client may not ask for the scope {scope}");
        return Err(invalid(description));
    }
    Ok(asked)
}

/// All that a client may have; what its scopes imply is among it.
pub(crate) fn allowed(settings: &OAuth2Settings, client: &Client) -> ScopeSet {
    settings.scopes.with_implied(&client.scopes)
}

/// The scopes that a request names, in the grammar of RFC 6749 §3.3.
pub(crate) fn parse(scope: Option<&str>) -> Result<Option<ScopeSet>, OAuthError> {
    let parsed = scope.map(str::parse::<ScopeSet>).transpose();
    let parsed = parsed.map_err(|_| invalid("malformed scope"))?;
    // Nothing but spaces asks for nothing.
    Ok(parsed.filter(|asked| !asked.is_empty()))
}

/// RFC 6749 §3.3: a documented default, or a refusal.
fn default(settings: &OAuth2Settings, client: &Client) -> Result<ScopeSet, OAuthError> {
    let known = |scopes: &ScopeSet| -> ScopeSet {
        let known = (scopes.iter()).filter(|scope| settings.scopes.knows(scope.as_str()));
        known.cloned().collect()
    };
    if !client.default_scopes.is_empty() {
        return Ok(known(&client.default_scopes.limited_to(&client.scopes)));
    }
    if settings.default_scopes.is_empty() {
        return Ok(known(&client.scopes));
    }
    let default: ScopeSet = settings.default_scopes.iter().cloned().collect();
    let default = default.limited_to(&allowed(settings, client));
    if default.is_empty() {
        return Err(invalid("scope is missing, and the client has no default"));
    }
    Ok(default)
}

/// A refusal of scopes.
pub(crate) fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidScope, description)
}
