//! Files in a folder of the host.
//!
//! Everything happens beneath descriptors of the root: no path of the host is ever put together, and symbolic
//! links are not followed ([`root`]). A write goes to a hidden staging folder of the same file system and is
//! renamed into place ([`stage`], [`publish`]); type and notes are extended attributes of the staged file, so
//! that one rename publishes both ([`attribute`]).

mod attribute;
mod list;
mod local_storage;
mod publish;
mod read;
mod root;
mod stage;
#[cfg(test)]
mod tests;
mod writer;

pub use local_storage::{LocalStorage, LocalStorageBuilder};
