//! Revocation (RFC 7009).

use super::{Epoch, Verifier};
use crate::oauth2::event::{Event, Observers};
use crate::oauth2::model::{Digest, RegisteredClient, Secret, Timestamp};
use crate::oauth2::store::{Store, StoreError};

/// Revokes `token` if it is one of `client`'s: an access token alone, a refresh token with its family.
///
/// What is unknown, another client's, or over already is no error: the client wanted it not to count, and for it
/// it does not (RFC 7009 §2.2). The hint is not needed: the two kinds look different.
pub(crate) async fn revoke(
    token: &Secret,
    client: &RegisteredClient,
    (store, verifier, epoch): (&dyn Store, &Verifier, &Epoch),
    observers: &Observers,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = &client.client.id;
    let done = |kind| {
        // First, so that whoever hears of it finds it so.
        epoch.advance();
        observers.emit(&Event::Revoked {
            client_id: id.clone(),
            kind,
        });
    };
    if let Some((jti, owner)) = verifier.find(token.expose()).await? {
        if owner == *id && store.revoke_access_token(&jti, now).await? {
            done("access_token");
        }
        return Ok(());
    }
    let found = store.refresh_token(&Digest::of(token.expose())).await?;
    if let Some((found, _)) = found.filter(|(found, _)| found.client_id == *id)
        && store.revoke_grant(&found.grant_id, now).await?
    {
        done("refresh_token");
    }
    Ok(())
}
