//! Which trace an observation belongs to.

use std::{fmt, sync::Arc};

/// What an exemplar's labels may be long together, in characters (OpenMetrics 1.0, "Exemplars").
const MAX_CHARS: usize = 128;
/// The label that holds the trace.
pub(super) const LABEL: &str = "trace_id";
/// How long a trace of W3C Trace Context is (section 3.2.2.3); one of this length is kept without an allocation.
const DIGITS: usize = 32;

/// The name of a trace, as an exemplar shows it. Made from text; made and cloned without an allocation when it is one of
/// W3C Trace Context, for each request has one and few become exemplars.
///
/// ```
/// let trace: rf::metrics::TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".into();
/// assert_eq!(trace.as_str(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TraceId(Text);

#[derive(Clone, PartialEq, Eq)]
enum Text {
    Digits([u8; DIGITS]),
    Other(Box<str>),
}

impl TraceId {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Digits(digits) => {
                std::str::from_utf8(digits).expect("it was copied from a whole text")
            }
            Text::Other(text) => text,
        }
    }

    /// Whether the format has room for it.
    pub(super) fn fits(&self) -> bool {
        match &self.0 {
            Text::Digits(_) => true,
            Text::Other(text) => {
                !text.is_empty() && LABEL.len() + text.chars().count() <= MAX_CHARS
            }
        }
    }
}

impl From<&str> for TraceId {
    fn from(text: &str) -> Self {
        match text.as_bytes().try_into() {
            Ok(digits) => Self(Text::Digits(digits)),
            Err(_) => Self(Text::Other(text.into())),
        }
    }
}

impl From<String> for TraceId {
    fn from(text: String) -> Self {
        match text.as_bytes().try_into() {
            Ok(digits) => Self(Text::Digits(digits)),
            Err(_) => Self(Text::Other(text.into())),
        }
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceId").field(&self.as_str()).finish()
    }
}

/// Names the trace of what is happening on this thread now.
#[derive(Clone, Default)]
pub(super) struct Tracer(Option<Arc<Name>>);

type Name = dyn Fn() -> Option<TraceId> + Send + Sync;

impl Tracer {
    pub(super) fn new(name: impl Fn() -> Option<TraceId> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(name)))
    }

    /// The trace of now, if there is one.
    pub(super) fn current(&self) -> Option<TraceId> {
        self.0.as_ref()?()
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracer").field(&self.is_set()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_kept_as_it_is() {
        for length in [0, 1, 31, 32, 33, 200] {
            let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
            assert_eq!(TraceId::from(text.as_str()).as_str(), text);
            assert_eq!(TraceId::from(text.clone()), TraceId::from(text.as_str()));
        }
    }

    #[test]
    fn the_format_has_room_for_120_characters() {
        let fits = |length| TraceId::from("é".repeat(length)).fits();
        assert!(fits(1) && fits(16) && fits(120));
        assert!(!fits(0) && !fits(121));
    }
}
