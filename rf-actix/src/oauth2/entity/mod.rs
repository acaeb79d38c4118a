//! The rows, one file per table. Times are Unix milliseconds; sets are words parted by spaces, lists JSON.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "the derives make public items; the tables are described in the migration"
)]

pub(crate) mod access_token;
pub(crate) mod authorization_code;
pub(crate) mod client;
pub(crate) mod client_secret;
pub(crate) mod consent;
pub(crate) mod grant;
pub(crate) mod interaction;
pub(crate) mod refresh_token;
pub(crate) mod signing_key;
