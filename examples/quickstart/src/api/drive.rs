//! Whose drive: each person and each service has one of its own, and nobody sees the folder it is kept in.

use rf::{
    oauth2::{AccessToken, Principal},
    storage::{Disk, Disks, Error, Prefix},
};

/// The drive of whoever the token speaks for.
///
/// A person and a service of the same name are not the same: their drives lie in different folders.
pub(crate) fn drive_of(token: &AccessToken, disks: &Disks) -> Result<Disk, Error> {
    let folder = match token.principal() {
        Principal::User(subject) => {
            Prefix::parse("users")?.nest(&Prefix::for_name(subject.as_str())?)?
        }
        Principal::Client(id) => Prefix::parse("clients")?.nest(&Prefix::for_name(id.as_str())?)?,
    };
    disks.default_disk().scoped(folder)
}
