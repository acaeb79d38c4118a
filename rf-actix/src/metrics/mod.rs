//! metrics

pub(crate) mod configure;
