//! What an access token says (RFC 9068 §2.2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{AccessTokenRecord, ClientId, GrantType, ScopeSet, Subject};

/// The claims of a valid access token. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom the client acts; the client's own identifier when for itself. Use [`Claims::principal`] to
    /// tell people from clients: a person may be called like a client.
    pub sub: String,
    /// For whom it is meant.
    pub aud: String,
    /// When it ends.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// Its identifier.
    pub jti: String,
    /// Who got it.
    pub client_id: ClientId,
    /// What it allows.
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    /// The grant type by which a client acts for itself; absent when it acts for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gty: Option<String>,
    /// What the policy added.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who stands behind a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person, through a client.
    User(Subject),
    /// A client, for itself.
    Client(ClientId),
}

impl Claims {
    /// The names that [`Claims::extra`] cannot hold.
    pub(crate) const RESERVED: [&str; 10] = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "client_id",
        "scope",
        "gty",
    ];

    /// What the token of `record` says.
    pub(crate) fn of(record: &AccessTokenRecord, issuer: &str, audience: &str) -> Self {
        let subject = record.subject.as_ref();
        Self {
            iss: issuer.to_owned(),
            sub: subject
                .map_or(record.client_id.as_str(), Subject::as_str)
                .to_owned(),
            aud: audience.to_owned(),
            exp: record.expires_at.as_secs(),
            iat: record.issued_at.as_secs(),
            jti: record.id.clone(),
            client_id: record.client_id.clone(),
            scope: record.scope.clone(),
            // RFC 9068 §5: a subject must not be taken for a client of the same name.
            gty: (subject.is_none()).then(|| GrantType::ClientCredentials.as_str().to_owned()),
            extra: record.extra.clone(),
        }
    }

    /// Whether the client acts for itself, and `sub` is therefore its own identifier.
    pub fn is_client(&self) -> bool {
        self.gty.as_deref() == Some(GrantType::ClientCredentials.as_str())
    }

    /// Who stands behind the token. A person and a client are never equal, whatever they are called.
    pub fn principal(&self) -> Principal {
        if self.is_client() {
            Principal::Client(self.client_id.clone())
        } else {
            Principal::User(self.sub.as_str().into())
        }
    }
}
