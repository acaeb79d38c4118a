//! What types alone cannot say about the settings.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::Url;

use super::{
    AccessTokenSettings, CheckMode, ClientSettings, OAuth2Settings, TokenFormat, UserSettings,
};
use crate::oauth2::model::{
    Client, ClientId, ClientSecret, GrantType, InvalidRedirectUri, RedirectUri, Scope, Subject,
};

/// The longest is far beyond any use, and short of where arithmetic with times would end.
pub(crate) const LIFETIMES: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(10 * 366 * 24 * 60 * 60);

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
        self.check_keys()?;
        self.check_scopes()?;
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

    fn check_scopes(&self) -> Result<(), SettingError> {
        if let Some((scope, implied)) = self.scopes.unknown_implied() {
            let message = format!("implies {implied}, which is not in oauth2.scopes, add it there");
            return Err(SettingError::new(
                format!("scopes.{scope:?}", scope = scope.as_str()),
                message,
            ));
        }
        for (index, scope) in self.default_scopes.iter().enumerate() {
            check_known(self, scope, &format!("default_scopes[{index}]"))?;
        }
        Ok(())
    }

    fn check_keys(&self) -> Result<(), SettingError> {
        if self.key_rotation < Duration::from_secs(60 * 60)
            || !LIFETIMES.contains(&self.key_rotation)
        {
            let message = "write at least \"1h\" and at most ten years";
            return Err(SettingError::new("key_rotation", message));
        }
        let AccessTokenSettings { format, check, .. } = self.access_token;
        if format == TokenFormat::Opaque && check == CheckMode::Stateless {
            let message = "opaque tokens cannot be checked without the database, write \"cached\" or \"strict\"";
            return Err(SettingError::new("access_token.check", message));
        }
        Ok(())
    }

    fn check_lifetimes(&self) -> Result<(), SettingError> {
        for (key, length) in [
            ("access_token.ttl", self.access_token.ttl),
            ("refresh_token.ttl", self.refresh_token.ttl),
            ("refresh_token.idle", self.refresh_token.idle),
            ("code_ttl", self.code_ttl),
            ("login_ttl", self.login_ttl),
        ] {
            check_lifetime(key, length)?;
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

fn check_lifetime(key: &str, length: Duration) -> Result<(), SettingError> {
    if LIFETIMES.contains(&length) {
        return Ok(());
    }
    Err(SettingError::new(
        key,
        "write at least \"1s\" and at most ten years",
    ))
}

fn check_known(settings: &OAuth2Settings, scope: &Scope, key: &str) -> Result<(), SettingError> {
    if settings.scopes.knows(scope.as_str()) {
        return Ok(());
    }
    let message = format!("{:?} is not in oauth2.scopes, add it there", scope.as_str());
    Err(SettingError::new(key, message))
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
    // RFC 8414 §3.3 and RFC 9207 §2.4 compare it by characters, and so does what tells whether cookies are for https.
    if !issuer.starts_with(&format!("{}://", url.scheme())) {
        return refuse("write it with \"https://\" in small letters");
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
    if user.name.len() > 128 || !Subject::from(user.name.as_str()).is_well_formed() {
        return Err((
            "name",
            "write a name of 1 to 128 bytes without control characters and without a space at its end",
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
            default_scopes: self.default_scopes.iter().cloned().collect(),
            auth_method: self.auth_method,
            access_token_ttl: self.access_token_ttl,
            refresh_token_ttl: self.refresh_token_ttl,
        };
        check_client(&client, client.secret.is_some(), settings)?;
        Ok(client)
    }
}

/// What every client must fulfil, wherever it comes from; `confidential` says whether it has, or gets, a secret.
///
/// # Errors
/// The first value that cannot be used; keys are relative to the client.
pub(crate) fn check_client(
    client: &Client,
    confidential: bool,
    settings: &OAuth2Settings,
) -> Result<(), SettingError> {
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
    check_secret(client, confidential)?;
    check_grants(client, confidential, settings)?;
    for (index, scope) in client.scopes.iter().enumerate() {
        check_known(settings, scope, &format!("scopes[{index}]"))?;
    }
    for (index, scope) in client.default_scopes.iter().enumerate() {
        if !client.scopes.covers(scope.as_str()) {
            let message = format!("{scope} is not among its scopes, add it there");
            return Err(SettingError::new(
                format!("default_scopes[{index}]"),
                message,
            ));
        }
    }
    for (key, length) in [
        ("access_token_ttl", client.access_token_ttl),
        ("refresh_token_ttl", client.refresh_token_ttl),
    ] {
        length.map_or(Ok(()), |length| check_lifetime(key, length))?;
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

fn check_secret(client: &Client, confidential: bool) -> Result<(), SettingError> {
    use crate::oauth2::model::ClientSecretKind;

    match client.secret.as_ref().map(|secret| &secret.0) {
        Some(ClientSecretKind::Plain(secret)) if secret.expose().is_empty() => Err(
            SettingError::new("secret", "is empty, leave it out for a public client"),
        ),
        Some(ClientSecretKind::Hash(hash)) if !is_argon2id(hash) => {
            Err(SettingError::new("secret_hash", ARGON2ID))
        }
        _ if !confidential && client.auth_method.is_some() => Err(SettingError::new(
            "auth_method",
            "is for clients with a secret, leave it out for a public client",
        )),
        _ => Ok(()),
    }
}

fn check_grants(
    client: &Client,
    confidential: bool,
    settings: &OAuth2Settings,
) -> Result<(), SettingError> {
    let refuse = |key, message| Err(SettingError::new(key, message));
    if client.grants.is_empty() {
        return refuse("grants", "is empty, name at least one grant");
    }
    if client.allows(GrantType::Password) && !settings.password_grant {
        return refuse(
            "grants",
            "password is switched off, leave it out or write password_grant = true in oauth2",
        );
    }
    // RFC 6749 §4.4: client credentials are for confidential clients only.
    if !confidential && client.allows(GrantType::ClientCredentials) {
        return refuse(
            "secret",
            "is missing: client_credentials needs secret or secret_hash",
        );
    }
    if client.allows(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return refuse("redirect_uris", "is missing: authorization_code needs one");
    }
    let of_people = |grant: &GrantType| {
        matches!(
            grant,
            GrantType::AuthorizationCode | GrantType::Password | GrantType::Extension(_)
        )
    };
    if client.allows(GrantType::RefreshToken) && !client.grants.iter().any(of_people) {
        return refuse(
            "grants",
            "refresh_token needs authorization_code, password or a grant of your own beside it",
        );
    }
    Ok(())
}
