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
    let (changed, kind) = if let Some((jti, owner)) = verifier.find(token.expose()).await? {
        if owner != *id {
            return Ok(());
        }
        (store.revoke_access_token(&jti, now).await?, "access_token")
    } else {
        let found = store.refresh_token(&Digest::of(token.expose())).await?;
        let Some((found, _)) = found.filter(|(found, _)| found.client_id == *id) else {
            return Ok(());
        };
        let changed = store.revoke_grant(&found.grant_id, now).await?;
        (changed, "refresh_token")
    };
    // First, so that whoever hears of it finds it so; and also when another instance was quicker, of which this one
    // has not heard.
    epoch.advance();
    if changed {
        observers.emit(&Event::Revoked {
            client_id: id.clone(),
            kind,
        });
    }
    Ok(())
}
