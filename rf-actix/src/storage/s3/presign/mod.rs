//! Links and forms that work without credentials (Signature Version 4 in the query, and POST policies).

mod form;
mod link;
mod sign;
#[cfg(test)]
mod tests;

pub(super) use sign::presign;
