//! What types alone cannot say about the settings.

use std::collections::HashSet;
use std::time::Duration;

use url::Url;

use super::{ClientSettings, OAuth2Settings, UserSettings};
use crate::oauth2::model::{
    Client, ClientId, ClientSecret, GrantType, InvalidRedirectUri, RedirectUri,
};

/// A value that cannot be used, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct SettingError {
    /// The key, relative to the section: `clients[0].redirect_uris[1]`.
    pub key: String,
    /// What is wrong and what to write, without the key.
    pub message: String,
}

impl SettingError {
    pub(crate) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
        }
    }
}

impl OAuth2Settings {
    /// Looks at everything that can be looked at without a database.
    ///
    /// # Errors
    /// The first value that cannot be used, with its key.
    pub fn validate(&self) -> Result<(), SettingError> {
        check_issuer(&self.issuer)?;
        if self.audience.as_deref() == Some("") {
            return Err(SettingError::new(
                "audience",
                "is empty, write a name or leave it out",
            ));
        }
        self.check_lifetimes()?;
        if self.password_grant {
            return Err(SettingError::new(
                "password_grant",
                "is not supported yet, write false",
            ));
        }
        let mut seen = HashSet::new();
        for (index, client) in self.clients.iter().enumerate() {
            if !seen.insert(client.id.as_str()) {
                let message = format!("{:?} is taken by a client above", client.id);
                return Err(SettingError::new(format!("clients[{index}].id"), message));
            }
            client.to_client(self).map_err(|error| SettingError {
                key: format!("clients[{index}].{}", error.key),
                ..error
            })?;
        }
        seen.clear();
        for (index, user) in self.users.iter().enumerate() {
            check_user(user).map_err(|(key, message)| {
                SettingError::new(format!("users[{index}].{key}"), message)
            })?;
            if !seen.insert(user.name.as_str()) {
                let message = format!("{:?} is taken by a user above", user.name);
                return Err(SettingError::new(format!("users[{index}].name"), message));
            }
        }
        Ok(())
    }

    fn check_lifetimes(&self) -> Result<(), SettingError> {
        let second = Duration::from_secs(1);
        // Far beyond any use, and short of where arithmetic with times would end.
        let longest = Duration::from_secs(10 * 366 * 24 * 60 * 60);
        for (key, length) in [
            ("access_token.ttl", self.access_token.ttl),
            ("refresh_token.ttl", self.refresh_token.ttl),
            ("refresh_token.idle", self.refresh_token.idle),
            ("code_ttl", self.code_ttl),
            ("login_ttl", self.login_ttl),
        ] {
            if length < second || length > longest {
                return Err(SettingError::new(
                    key,
                    "write at least \"1s\" and at most ten years",
                ));
            }
        }
        // RFC 6749 §4.1.2.
        if self.code_ttl > Duration::from_secs(600) {
            return Err(SettingError::new("code_ttl", "write at most \"10m\""));
        }
        if self.refresh_token.grace > Duration::from_secs(60) {
            return Err(SettingError::new(
                "refresh_token.grace",
                "write at most \"60s\"",
            ));
        }
        Ok(())
    }
}

fn check_issuer(issuer: &str) -> Result<(), SettingError> {
    let refuse = |message: &str| Err(SettingError::new("issuer", message));
    let Ok(url) = Url::parse(issuer) else {
        return refuse("write the public URL of the server, such as \"https://id.example.com\"");
    };
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    // RFC 8414 §2: https, without query and fragment. Plain http is let pass on the machine itself.
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return refuse("write an https URL (plain http is for loopback addresses only)");
    }
    if issuer.contains(['?', '#', '@']) || !issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse("write a URL without user, query and fragment");
    }
    if issuer.ends_with('/') {
        return refuse("write it without the slash at the end");
    }
    Ok(())
}

fn check_user(user: &UserSettings) -> Result<(), (&'static str, &'static str)> {
    if user.name.is_empty() || user.name.len() > 128 || user.name.chars().any(char::is_control) {
        return Err((
            "name",
            "write a name of 1 to 128 bytes without control characters",
        ));
    }
    match (&user.password, &user.password_hash) {
        (Some(_), Some(_)) => Err(("password_hash", "write either password or password_hash")),
        (None, None) => Err(("password", "is missing, write password or password_hash")),
        (Some(password), None) if password.expose().is_empty() => Err(("password", "is empty")),
        (None, Some(hash)) if !is_argon2id(hash) => Err(("password_hash", ARGON2ID)),
        _ => Ok(()),
    }
}

const ARGON2ID: &str = "write an Argon2id hash, \"$argon2id$v=19$…\"";

/// Whether `hash` is a PHC string of Argon2id.
pub(crate) fn is_argon2id(hash: &str) -> bool {
    hash.starts_with("$argon2id$") && argon2::password_hash::phc::PasswordHash::new(hash).is_ok()
}

impl ClientSettings {
    /// The client of these settings.
    ///
    /// # Errors
    /// The first value that cannot be used; keys are relative to the client.
    pub(crate) fn to_client(&self, settings: &OAuth2Settings) -> Result<Client, SettingError> {
        let secret = match (&self.secret, &self.secret_hash) {
            (Some(_), Some(_)) => {
                return Err(SettingError::new(
                    "secret_hash",
                    "write either secret or secret_hash",
                ));
            }
            (Some(secret), None) => Some(ClientSecret::from(secret.clone())),
            (None, Some(hash)) => Some(ClientSecret::hashed(hash)),
            (None, None) => None,
        };
        let redirect_uris = (self.redirect_uris.iter().enumerate())
            .map(|(index, uri)| {
                uri.parse::<RedirectUri>()
                    .map_err(|error: InvalidRedirectUri| {
                        SettingError::new(format!("redirect_uris[{index}]"), error.to_string())
                    })
            })
            .collect::<Result<_, _>>()?;
        let client = Client {
            id: self.id.as_str().into(),
            name: self.name.clone(),
            secret,
            grants: self.grants.clone(),
            redirect_uris,
            scopes: self.scopes.iter().cloned().collect(),
            allowed_origins: self.allowed_origins.clone(),
            first_party: self.first_party,
            auth_method: None,
        };
        check_client(&client, settings)?;
        Ok(client)
    }
}

/// What every client must fulfil, wherever it comes from.
///
/// # Errors
/// The first value that cannot be used; keys are relative to the client.
pub(crate) fn check_client(client: &Client, settings: &OAuth2Settings) -> Result<(), SettingError> {
    use crate::oauth2::model::ClientSecretKind;

    if !client.id.is_well_formed() {
        let message = format!(
            "write 1 to {} visible ASCII characters without space",
            ClientId::MAX_LENGTH
        );
        return Err(SettingError::new("id", message));
    }
    if client.name.len() > 200 || client.name.chars().any(char::is_control) {
        return Err(SettingError::new(
            "name",
            "write at most 200 bytes without control characters",
        ));
    }
    match client.secret.as_ref().map(|secret| &secret.0) {
        Some(ClientSecretKind::Plain(secret)) if secret.expose().is_empty() => {
            return Err(SettingError::new(
                "secret",
                "is empty, leave it out for a public client",
            ));
        }
        Some(ClientSecretKind::Hash(hash)) if !is_argon2id(hash) => {
            return Err(SettingError::new("secret_hash", ARGON2ID));
        }
        _ => {}
    }
    if client.grants.is_empty() {
        return Err(SettingError::new(
            "grants",
            "is empty, name at least one grant",
        ));
    }
    // RFC 6749 §4.4: client credentials are for confidential clients only.
    if client.secret.is_none() && client.allows(GrantType::ClientCredentials) {
        return Err(SettingError::new(
            "secret",
            "is missing: client_credentials needs secret or secret_hash",
        ));
    }
    if client.allows(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return Err(SettingError::new(
            "redirect_uris",
            "is missing: authorization_code needs one",
        ));
    }
    if client.allows(GrantType::RefreshToken) && !client.allows(GrantType::AuthorizationCode) {
        return Err(SettingError::new(
            "grants",
            "refresh_token needs authorization_code beside it",
        ));
    }
    for (index, scope) in client.scopes.iter().enumerate() {
        if !settings.scopes.knows(scope.as_str()) {
            let message = format!("{:?} is not in oauth2.scopes, add it there", scope.as_str());
            return Err(SettingError::new(format!("scopes[{index}]"), message));
        }
    }
    for (index, origin) in client.allowed_origins.iter().enumerate() {
        let exact = Url::parse(origin).is_ok_and(|url| {
            url.origin().is_tuple() && url.origin().ascii_serialization() == *origin
        });
        if !exact {
            return Err(SettingError::new(
                format!("allowed_origins[{index}]"),
                format!(
                    "{origin:?} is not an origin, write scheme and host only, such as \"https://app.example.com\""
                ),
            ));
        }
    }
    Ok(())
}
