//! oauth2

pub(crate) mod configure;
