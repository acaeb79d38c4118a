//! What every record says: what the builder was told, and what became known later.

use arc_swap::{ArcSwap, Guard};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Acquire, Ordering::Release},
};

/// Fields of every record. Each key is kept once, so that a value which changes all day long takes no more room.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    fields: ArcSwap<Fields>,
    /// There are some: asked of every record, and most often answered with no.
    any: AtomicBool,
}

/// The last one written last.
pub(crate) type Fields = Vec<(&'static str, String)>;

impl Shared {
    pub(crate) fn new(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut kept = Fields::new();
        for (key, value) in fields {
            put(&mut kept, key, value);
        }
        Self {
            any: AtomicBool::new(!kept.is_empty()),
            fields: ArcSwap::from_pointee(kept),
        }
    }

    /// Adds a field to every record from now on, or replaces it.
    pub(crate) fn share(&self, key: &'static str, value: &str) {
        self.fields.rcu(|fields| {
            let mut fields = Fields::clone(fields);
            put(&mut fields, key, value.to_owned());
            fields
        });
        self.any.store(true, Release);
    }

    pub(crate) fn load(&self) -> Option<Guard<Arc<Fields>>> {
        self.any.load(Acquire).then(|| self.fields.load())
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
        let kept = shared.load().expect("there are some");
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
