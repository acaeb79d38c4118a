//! From rows to the language and back.

use std::time::Duration;

use sea_orm::DbErr;
use sea_orm::Set;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::oauth2::entity::{
    access_token, authorization_code, client, client_secret, consent, grant, interaction,
    refresh_token, signing_key,
};
use crate::oauth2::model::{
    AccessTokenRecord, AuthMethod, AuthorizationCode, Client, ClientId, CodeChallenge, Consent,
    Digest, Grant, GrantType, Interaction, KeyPurpose, RefreshTokenRecord, RegisteredClient,
    ScopeSet, SigningKey, StoredSecret, Timestamp,
};

/// A row holds what this version cannot read.
fn unreadable(what: &str, why: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(format!("{what} in the database cannot be read: {why}"))
}

pub(super) fn scopes(text: &str) -> Result<ScopeSet, DbErr> {
    text.parse().map_err(|why| unreadable("scope", why))
}

fn list<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, DbErr> {
    serde_json::from_str(json).map_err(|why| unreadable(what, why))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings and lists of strings are always JSON")
}

fn at(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

fn millis(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_millis)
}

fn length(millis: Option<i64>) -> Option<Duration> {
    millis.and_then(|millis| u64::try_from(millis).ok().map(Duration::from_millis))
}

fn in_millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn to_client(
    row: client::Model,
    secrets: Vec<StoredSecret>,
) -> Result<RegisteredClient, DbErr> {
    let grants = (row.grants.split_ascii_whitespace())
        .map(str::parse::<GrantType>)
        .collect::<Result<_, _>>()
        .map_err(|why| unreadable("grants", why))?;
    Ok(RegisteredClient {
        client: Client {
            id: row.id.into(),
            name: row.name,
            secret: None,
            grants,
            redirect_uris: list("redirect_uris", &row.redirect_uris)?,
            scopes: scopes(&row.scopes)?,
            default_scopes: scopes(row.default_scopes.as_deref().unwrap_or_default())?,
            allowed_origins: list("allowed_origins", &row.allowed_origins)?,
            first_party: row.first_party,
            auth_method: row.auth_method.as_deref().and_then(AuthMethod::from_name),
            access_token_ttl: length(row.access_token_ttl),
            refresh_token_ttl: length(row.refresh_token_ttl),
        },
        secrets,
        from_settings: row.from_settings,
        disabled: row.disabled_at.is_some(),
    })
}

pub(super) fn from_client(from: &RegisteredClient, now: Timestamp) -> client::ActiveModel {
    client::ActiveModel {
        from_settings: Set(from.from_settings),
        disabled_at: Set(from.disabled.then_some(now.as_millis())),
        created_at: Set(now.as_millis()),
        ..changed_client(&from.client, now)
    }
}

/// What of a client can be changed while it is registered.
pub(super) fn changed_client(client: &Client, now: Timestamp) -> client::ActiveModel {
    let grants: Vec<_> = client.grants.iter().map(GrantType::as_str).collect();
    let default_scopes = (!client.default_scopes.is_empty()).then_some(&client.default_scopes);
    client::ActiveModel {
        id: Set(client.id.as_str().to_owned()),
        name: Set(client.name.clone()),
        grants: Set(grants.join(" ")),
        redirect_uris: Set(json(&client.redirect_uris)),
        scopes: Set(client.scopes.to_string()),
        default_scopes: Set(default_scopes.map(ToString::to_string)),
        allowed_origins: Set(json(&client.allowed_origins)),
        auth_method: Set(client.auth_method.map(|method| method.as_str().to_owned())),
        access_token_ttl: Set(client.access_token_ttl.map(in_millis)),
        refresh_token_ttl: Set(client.refresh_token_ttl.map(in_millis)),
        first_party: Set(client.first_party),
        updated_at: Set(now.as_millis()),
        ..Default::default()
    }
}

pub(super) fn to_secret(row: client_secret::Model) -> StoredSecret {
    StoredSecret {
        id: row.id,
        hash: row.hash,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: at(row.expires_at),
    }
}

pub(super) fn from_secret(client: &ClientId, from: &StoredSecret) -> client_secret::ActiveModel {
    client_secret::ActiveModel {
        id: Set(from.id.clone()),
        client_id: Set(client.as_str().to_owned()),
        hash: Set(from.hash.clone()),
        created_at: Set(from.created_at.as_millis()),
        expires_at: Set(millis(from.expires_at)),
    }
}

pub(super) fn to_grant(row: grant::Model) -> Result<Grant, DbErr> {
    Ok(Grant {
        id: row.id.into(),
        client_id: row.client_id.into(),
        subject: row.subject.into(),
        scope: scopes(&row.scope)?,
        auth_time: Timestamp::from_millis(row.auth_time),
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        revoked_at: at(row.revoked_at),
    })
}

pub(super) fn from_grant(from: &Grant) -> grant::ActiveModel {
    grant::ActiveModel {
        id: Set(from.id.as_str().to_owned()),
        client_id: Set(from.client_id.as_str().to_owned()),
        subject: Set(from.subject.as_str().to_owned()),
        scope: Set(from.scope.to_string()),
        auth_time: Set(from.auth_time.as_millis()),
        created_at: Set(from.created_at.as_millis()),
        expires_at: Set(from.expires_at.as_millis()),
        revoked_at: Set(millis(from.revoked_at)),
    }
}

pub(super) fn to_code(row: authorization_code::Model) -> Result<AuthorizationCode, DbErr> {
    let code_challenge = (row.code_challenge.as_deref())
        .map(CodeChallenge::new)
        .transpose()
        .map_err(|why| unreadable("code_challenge", why))?;
    Ok(AuthorizationCode {
        hash: Digest::from_hex(row.hash),
        grant_id: row.grant_id.into(),
        client_id: row.client_id.into(),
        redirect_uri: row.redirect_uri,
        redirect_uri_sent: row.redirect_uri_sent,
        code_challenge,
        issued_at: Timestamp::from_millis(row.issued_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        consumed_at: at(row.consumed_at),
    })
}

pub(super) fn from_code(from: &AuthorizationCode) -> authorization_code::ActiveModel {
    authorization_code::ActiveModel {
        hash: Set(from.hash.as_str().to_owned()),
        grant_id: Set(from.grant_id.as_str().to_owned()),
        client_id: Set(from.client_id.as_str().to_owned()),
        redirect_uri: Set(from.redirect_uri.clone()),
        redirect_uri_sent: Set(from.redirect_uri_sent),
        code_challenge: Set((from.code_challenge.as_ref()).map(|it| it.as_str().to_owned())),
        issued_at: Set(from.issued_at.as_millis()),
        expires_at: Set(from.expires_at.as_millis()),
        consumed_at: Set(millis(from.consumed_at)),
    }
}

pub(super) fn to_access_token(row: access_token::Model) -> Result<AccessTokenRecord, DbErr> {
    Ok(AccessTokenRecord {
        id: row.id,
        grant_id: row.grant_id.map(Into::into),
        client_id: row.client_id.into(),
        subject: row.subject.map(Into::into),
        scope: scopes(&row.scope)?,
        issued_at: Timestamp::from_millis(row.issued_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        revoked_at: at(row.revoked_at),
        extra: (row.extra.as_deref())
            .map(|extra| list("extra", extra))
            .transpose()?
            .unwrap_or_default(),
    })
}

pub(super) fn from_access_token(from: &AccessTokenRecord) -> access_token::ActiveModel {
    access_token::ActiveModel {
        id: Set(from.id.clone()),
        grant_id: Set(from.grant_id.as_ref().map(|id| id.as_str().to_owned())),
        client_id: Set(from.client_id.as_str().to_owned()),
        subject: Set((from.subject.as_ref()).map(|subject| subject.as_str().to_owned())),
        scope: Set(from.scope.to_string()),
        issued_at: Set(from.issued_at.as_millis()),
        expires_at: Set(from.expires_at.as_millis()),
        revoked_at: Set(millis(from.revoked_at)),
        extra: Set((!from.extra.is_empty()).then(|| json(&from.extra))),
    }
}

pub(super) fn to_refresh_token(row: refresh_token::Model) -> RefreshTokenRecord {
    RefreshTokenRecord {
        hash: Digest::from_hex(row.hash),
        grant_id: row.grant_id.into(),
        client_id: row.client_id.into(),
        issued_at: Timestamp::from_millis(row.issued_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        idle_expires_at: Timestamp::from_millis(row.idle_expires_at),
        consumed_at: at(row.consumed_at),
    }
}

pub(super) fn from_refresh_token(from: &RefreshTokenRecord) -> refresh_token::ActiveModel {
    refresh_token::ActiveModel {
        hash: Set(from.hash.as_str().to_owned()),
        grant_id: Set(from.grant_id.as_str().to_owned()),
        client_id: Set(from.client_id.as_str().to_owned()),
        issued_at: Set(from.issued_at.as_millis()),
        expires_at: Set(from.expires_at.as_millis()),
        idle_expires_at: Set(from.idle_expires_at.as_millis()),
        consumed_at: Set(millis(from.consumed_at)),
    }
}

pub(super) fn to_consent(row: consent::Model) -> Result<Consent, DbErr> {
    Ok(Consent {
        subject: row.subject.into(),
        client_id: row.client_id.into(),
        scope: scopes(&row.scope)?,
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}

pub(super) fn from_consent(from: &Consent) -> consent::ActiveModel {
    consent::ActiveModel {
        subject: Set(from.subject.as_str().to_owned()),
        client_id: Set(from.client_id.as_str().to_owned()),
        scope: Set(from.scope.to_string()),
        updated_at: Set(from.updated_at.as_millis()),
    }
}

pub(super) fn to_interaction(row: interaction::Model) -> Result<Interaction, DbErr> {
    Ok(Interaction {
        ticket_hash: Digest::from_hex(row.ticket_hash),
        session_hash: Digest::from_hex(row.session_hash),
        subject: row.subject.into(),
        request: list("request", &row.request)?,
        expires_at: Timestamp::from_millis(row.expires_at),
        consumed_at: at(row.consumed_at),
    })
}

pub(super) fn from_interaction(from: &Interaction) -> interaction::ActiveModel {
    interaction::ActiveModel {
        ticket_hash: Set(from.ticket_hash.as_str().to_owned()),
        session_hash: Set(from.session_hash.as_str().to_owned()),
        subject: Set(from.subject.as_str().to_owned()),
        request: Set(json(&from.request)),
        expires_at: Set(from.expires_at.as_millis()),
        consumed_at: Set(millis(from.consumed_at)),
    }
}

pub(super) fn to_key(row: signing_key::Model) -> Option<SigningKey> {
    let purpose = (KeyPurpose::ALL.into_iter()).find(|it| it.as_str() == row.purpose)?;
    Some(SigningKey {
        id: row.id,
        purpose,
        generation: row.generation,
        private: Zeroizing::new(row.private_key),
        sealed_by: row.sealed_by,
        created_at: Timestamp::from_millis(row.created_at),
        active_from: Timestamp::from_millis(row.active_from),
    })
}

pub(super) fn from_key(from: &SigningKey) -> signing_key::ActiveModel {
    signing_key::ActiveModel {
        id: Set(from.id.clone()),
        purpose: Set(from.purpose.as_str().to_owned()),
        generation: Set(from.generation),
        private_key: Set(from.private.to_vec()),
        sealed_by: Set(from.sealed_by.clone()),
        created_at: Set(from.created_at.as_millis()),
        active_from: Set(from.active_from.as_millis()),
    }
}
