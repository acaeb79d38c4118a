//! Registering clients, and keeping those of the settings in step.

use super::OAuth2Server;
use crate::oauth2::error::Error;
use crate::oauth2::event::Event;
use crate::oauth2::grant::Grants;
use crate::oauth2::model::{
    Client, ClientId, ClientSecretKind, GrantType, Registered, RegisteredClient, Secret,
    StoredSecret, Timestamp,
};
use crate::oauth2::settings::{OAuth2Settings, SettingError, check_client};
use crate::oauth2::store::{ClientStore, Store};
use crate::oauth2::token::{Hasher, TokenKind, generate};

impl OAuth2Server {
    /// Registers a client, or replaces the one of this identifier, its secrets and all; one that was disabled goes
    /// on. Calling it with the same client at every start changes nothing.
    ///
    /// A client without identifier gets one, and [`ClientSecret::generated`](crate::oauth2::ClientSecret::generated)
    /// makes a secret, which is in the answer and never shown again:
    ///
    /// ```
    /// # use rf::oauth2::{Client, ClientSecret, GrantType, OAuth2Server};
    /// # async fn register(server: OAuth2Server) -> Result<(), Box<dyn std::error::Error>> {
    /// let registered = server.register_client(Client {
    ///     secret: Some(ClientSecret::generated()),
    ///     grants: vec![GrantType::ClientCredentials],
    ///     scopes: "reports:write".parse()?,
    ///     ..Default::default()
    /// }).await?;
    /// let secret = registered.secret.expect("one was made");
    /// println!("{}: {}", registered.client.id, secret.expose());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the client breaks a rule, or the database fails.
    pub async fn register_client(&self, mut client: Client) -> Result<Registered, Error> {
        if client.id.as_str().is_empty() {
            client.id = ClientId::generate();
        }
        self.check(&client, client.secret.is_some())?;
        let inner = &*self.0;
        let now = inner.clock.now();
        let saved = save(&*inner.store, &inner.hasher, client, false, now).await?;
        let client_id = saved.registered.client.id.clone();
        match saved.change {
            Change::None => {}
            Change::Added => self.emit(&Event::ClientRegistered { client_id }),
            Change::Replaced => {
                inner.epoch.advance();
                let change = "updated";
                self.emit(&Event::ClientChanged { client_id, change });
            }
        }
        Ok(saved.registered)
    }

    /// What every client of this server must fulfil.
    pub(super) fn check(&self, client: &Client, confidential: bool) -> Result<(), Error> {
        check_client(client, confidential, self.settings())
            .and_then(|()| check_extensions(client, &self.0.grants))
            .map_err(|source| Error::Client {
                id: client.id.to_string(),
                source,
            })
    }
}

/// A grant that nobody answers is a mistake.
fn check_extensions(client: &Client, grants: &Grants) -> Result<(), SettingError> {
    let unknown = |grant: &&GrantType| {
        matches!(grant, GrantType::Extension(_)) && grants.find(grant.as_str()).is_none()
    };
    match client.grants.iter().find(unknown) {
        Some(grant) => Err(SettingError::new(
            "grants",
            format!("{grant} is not a grant of this server, add it by OAuth2ServerBuilder::grant"),
        )),
        None => Ok(()),
    }
}

/// Keeps the clients of the settings in step: those that are there are saved, those that came from settings
/// and are there no more are disabled, and are clients of the settings no more: that tells them from those that
/// somebody disabled, which stay so. Clients registered otherwise are left alone.
pub(super) async fn keep_in_step(
    store: &dyn Store,
    hasher: &Hasher,
    settings: &OAuth2Settings,
    grants: &Grants,
    now: Timestamp,
) -> Result<(), Error> {
    for (index, client) in settings.clients.iter().enumerate() {
        let client = client.to_client(settings)?;
        check_extensions(&client, grants).map_err(|error| SettingError {
            key: format!("clients[{index}].{}", error.key),
            ..error
        })?;
        save(store, hasher, client, true, now).await?;
    }
    for id in store.clients_from_settings().await? {
        if !settings
            .clients
            .iter()
            .any(|client| client.id == id.as_str())
        {
            store.drop_from_settings(&id, now).await?;
        }
    }
    Ok(())
}

struct Saved {
    registered: Registered,
    change: Change,
}

enum Change {
    None,
    Added,
    Replaced,
}

async fn save(
    store: &(impl ClientStore + ?Sized),
    hasher: &Hasher,
    mut client: Client,
    from_settings: bool,
    now: Timestamp,
) -> Result<Saved, Error> {
    let before = store.client(&client.id).await?;
    let secret = client.secret.take().map(|secret| secret.0);
    let known: Vec<StoredSecret> = (before.iter())
        .flat_map(|before| before.secrets.iter().cloned())
        .collect();
    let mut made = None;
    let secrets = match secret {
        None => Vec::new(),
        Some(ClientSecretKind::Generated) => {
            let secret = generate(TokenKind::Client);
            let hash = hasher.hash(&secret).await?;
            made = Some(secret);
            vec![StoredSecret::new(hash, now)]
        }
        Some(ClientSecretKind::Hash(hash)) if known.iter().any(|it| it.hash == hash) => known,
        Some(ClientSecretKind::Hash(hash)) => vec![StoredSecret::new(hash, now)],
        // A hash that still holds is kept, so that a start changes nothing when nothing changed.
        Some(ClientSecretKind::Plain(secret)) => {
            if holds(hasher, &secret, &known, now).await? {
                known
            } else {
                vec![StoredSecret::new(hasher.hash(&secret).await?, now)]
            }
        }
    };
    // Whoever disabled a client of the settings by hand had a reason, which a restart does not know.
    let disabled = from_settings
        && (before.as_ref()).is_some_and(|before| before.disabled && before.from_settings);
    let wanted = RegisteredClient {
        client,
        secrets,
        from_settings,
        disabled,
    };
    let change = match before {
        Some(before) if before == wanted => Change::None,
        Some(_) => Change::Replaced,
        None => Change::Added,
    };
    if !matches!(change, Change::None) {
        store.save_client(&wanted, now).await?;
    }
    Ok(Saved {
        registered: Registered::new(wanted.client, made),
        change,
    })
}

async fn holds(
    hasher: &Hasher,
    secret: &Secret,
    known: &[StoredSecret],
    now: Timestamp,
) -> Result<bool, Error> {
    let live: Vec<String> = (known.iter())
        .filter(|it| it.counts_at(now))
        .map(|it| it.hash.clone())
        .collect();
    Ok(!live.is_empty() && hasher.verify(secret, &live).await?)
}
