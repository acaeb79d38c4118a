//! oauth2

pub(crate) mod configure;
pub mod page;
