//! What every record says: what the builder was told, and what became known later.

use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;

/// Fields of every record. Each key is kept once, so that a value which changes all day long takes no more room.
#[derive(Debug, Default)]
pub(crate) struct Shared(ArcSwap<Fields>);

/// The last one written last.
pub(crate) type Fields = Vec<(&'static str, String)>;

impl Shared {
    pub(crate) fn new(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut kept = Fields::new();
        for (key, value) in fields {
            put(&mut kept, key, value);
        }
        Self(ArcSwap::from_pointee(kept))
    }

    /// Adds a field to every record from now on, or replaces it.
    pub(crate) fn share(&self, key: &'static str, value: &str) {
        self.0.rcu(|fields| {
            let mut fields = Fields::clone(fields);
            put(&mut fields, key, value.to_owned());
            fields
        });
    }

    pub(crate) fn load(&self) -> Guard<Arc<Fields>> {
        self.0.load()
    }
}

fn put(fields: &mut Fields, key: &'static str, value: String) {
    fields.retain(|(known, _)| *known != key);
    fields.push((key, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_shared_again_and_again_is_kept_once() {
        let shared = Shared::new([("service", "drive".to_owned()), ("state", "new".to_owned())]);
        for n in 0..1000 {
            shared.share("state", &n.to_string());
        }
        shared.share("node", "a");
        let kept = shared.load();
        let kept: Vec<_> = kept
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .collect();
        assert_eq!(
            kept,
            [("service", "drive"), ("state", "999"), ("node", "a")]
        );
    }
}
