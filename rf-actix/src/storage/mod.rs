//! storage

pub(crate) mod configure;
