//! What a family is, for people and for tests of documentation.

use super::kind::Kind;

/// A registered family, as [`Metrics::families`](super::Metrics::families) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FamilyInfo {
    /// The full name, namespace included.
    pub name: String,
    /// The type.
    pub kind: Kind,
    /// What it means; empty where nobody said so yet.
    pub help: String,
    /// The names of its labels, without the constant ones.
    pub labels: Vec<String>,
}
