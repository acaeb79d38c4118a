//! Which request a line belongs to: its id, and its place in a distributed trace.

use super::random::random;
use std::{
    cell::RefCell,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::{Builder, Uuid, fmt::Hyphenated};

/// What is random about a request: drawn once, because each drawing has its price.
pub(crate) struct Seed {
    id: [u8; 10],
    trace: [u8; 16],
    span: [u8; 8],
}

impl Seed {
    pub(crate) fn draw() -> Self {
        let drawn: [u8; 34] = random();
        let (id, rest) = drawn.split_first_chunk().expect("34 is more than 10");
        let (trace, rest) = rest.split_first_chunk().expect("24 is more than 16");
        let span = rest.first_chunk().expect("8 is 8");
        Self {
            id: *id,
            trace: *trace,
            span: *span,
        }
    }
}

/// The id of a request: taken from `X-Request-Id` when it is sound, else a fresh UUID version 7 (RFC 9562).
///
/// It is echoed on every response and stands in every line logged under the request. In handlers it is an
/// extractor; other code finds it with [`RequestId::of`].
#[derive(Clone)]
pub struct RequestId(Text);

#[derive(Clone)]
enum Text {
    Made([u8; Hyphenated::LENGTH]),
    Sent(Arc<str>),
}

impl RequestId {
    pub(crate) fn fresh(seed: &Seed) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since.unwrap_or_default().as_millis() as u64;
        let id = Builder::from_unix_timestamp_millis(millis, &seed.id).into_uuid();
        let mut text = [0; Hyphenated::LENGTH];
        id.hyphenated().encode_lower(&mut text);
        Self(Text::Made(text))
    }

    /// The id a client or proxy sent; anything but 1 to 128 of `A-Z a-z 0-9 . _ -` is not accepted, because it
    /// goes into lines, headers and other people's systems.
    pub(crate) fn accept(sent: &[u8]) -> Option<Self> {
        let sound = (1..=128).contains(&sent.len())
            && sent
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !sound {
            return None;
        }
        let id = std::str::from_utf8(sent).ok()?;
        Some(Self(Text::Sent(id.into())))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Made(text) => std::str::from_utf8(text).expect("hex digits and dashes are ASCII"),
            Text::Sent(text) => text,
        }
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RequestId {}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({})", self.as_str())
    }
}

/// Where a request stands in a distributed trace (W3C Trace Context, section 3.2).
///
/// The trace is the caller's when it sent a valid `traceparent`, else a new one; the span is always ours.
/// `Display` gives the `traceparent` to send along with calls to other services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// `trace_id` (32 hex digits) and `span_id` (16), one after the other.
    ids: [u8; 48],
    flags: u8,
}

impl TraceContext {
    const TRACE_ID: usize = 32;

    pub(crate) fn fresh(seed: &Seed) -> Self {
        let mut context = Self {
            ids: [b'0'; 48],
            flags: 0,
        };
        // One of version 4, so it is not all zeros, which would mean none (section 3.2.2.3).
        let trace = Builder::from_random_bytes(seed.trace).into_uuid();
        trace
            .simple()
            .encode_lower(&mut context.ids[..Self::TRACE_ID]);
        context.new_span(seed);
        context
    }

    /// Continues the trace of a `traceparent` header, when it is a valid one.
    pub(crate) fn continued(header: &[u8], seed: &Seed) -> Option<Self> {
        let text = std::str::from_utf8(header).ok()?;
        let mut parts = text.split('-');
        let (version, trace, parent, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known_length = version != "00" || parts.next().is_none();
        let sound = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace, 32)
            && is_hex(parent, 16)
            && is_hex(flags, 2)
            && known_length
            // Only zeros mean "none" (sections 3.2.2.3 and 3.2.2.4).
            && trace.bytes().any(|b| b != b'0')
            && parent.bytes().any(|b| b != b'0');
        if !sound {
            return None;
        }
        let mut ids = [b'0'; 48];
        ids[..Self::TRACE_ID].copy_from_slice(trace.as_bytes());
        let mut context = Self {
            ids,
            flags: u8::from_str_radix(flags, 16).ok()?,
        };
        context.new_span(seed);
        Some(context)
    }

    fn new_span(&mut self, seed: &Seed) {
        // The first half is that of no id; all zeros would mean none (section 3.2.2.4).
        let span = u64::from_be_bytes(seed.span).max(1);
        let mut text = [0; 32];
        Uuid::from_u64_pair(0, span)
            .simple()
            .encode_lower(&mut text);
        self.ids[Self::TRACE_ID..].copy_from_slice(&text[16..]);
    }

    /// The trace: 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        std::str::from_utf8(&self.ids[..Self::TRACE_ID]).expect("hex digits are ASCII")
    }

    /// This request's span in it: 16 hex digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        std::str::from_utf8(&self.ids[Self::TRACE_ID..]).expect("hex digits are ASCII")
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace_id(),
            self.span_id(),
            self.flags
        )
    }
}

impl FromStr for TraceContext {
    type Err = BadTraceParent;

    fn from_str(header: &str) -> Result<Self, Self::Err> {
        Self::continued(header.as_bytes(), &Seed::draw()).ok_or(BadTraceParent)
    }
}

/// A `traceparent` that the W3C recommendation does not allow.
#[derive(Debug, thiserror::Error)]
#[error("not a valid traceparent, expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>")]
pub struct BadTraceParent;

fn is_hex(text: &str, length: usize) -> bool {
    // Upper case is not allowed (section 3.2.2).
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What identifies a request in its lines.
#[derive(Debug)]
pub(crate) struct Ids {
    pub(crate) request_id: Option<RequestId>,
    pub(crate) trace: TraceContext,
    /// What was added on the way.
    fields: OnceLock<Mutex<Vec<(&'static str, String)>>>,
}

impl Ids {
    pub(crate) fn new(request_id: Option<RequestId>, trace: TraceContext) -> Self {
        Self {
            request_id,
            trace,
            fields: OnceLock::new(),
        }
    }

    /// Adds a field to the request's later lines, or replaces it.
    pub(crate) fn add(&self, key: &'static str, value: String) {
        let mut fields = self
            .fields
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match fields.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => fields.push((key, value)),
        }
    }

    /// Each field that was added, the last one first.
    pub(crate) fn each_field(&self, mut each: impl FnMut(&'static str, &str)) {
        if let Some(fields) = self.fields.get() {
            let fields = fields.lock().unwrap_or_else(PoisonError::into_inner);
            fields
                .iter()
                .rev()
                .for_each(|(key, value)| each(key, value));
        }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Ids>>> = const { RefCell::new(None) };
}

/// The ids of the request whose future is being polled on this thread.
pub(crate) fn current() -> Option<Arc<Ids>> {
    // A line may be logged while the thread's locals are being destroyed.
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Replaces the current ids and returns the former ones.
pub(crate) fn replace(ids: Option<Arc<Ids>>) -> Option<Arc<Ids>> {
    CURRENT
        .try_with(|current| current.replace(ids))
        .ok()
        .flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_plain_request_ids_are_accepted() {
        for good in ["a", "01HX.a_b-C", &"x".repeat(128)] {
            assert_eq!(RequestId::accept(good.as_bytes()).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "a b",
            "a\"b",
            "é",
            "a\u{1b}[31m",
            "a/b",
            &"x".repeat(129),
        ] {
            assert_eq!(RequestId::accept(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(RequestId::accept(b"\xff\xfe"), None);
    }

    #[test]
    fn a_fresh_request_id_is_a_version_7_uuid() {
        let fresh = || RequestId::fresh(&Seed::draw());
        let id = Uuid::parse_str(fresh().as_str()).unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(now.as_secs() - seconds <= 60);
        assert_ne!(fresh(), fresh());
    }

    #[test]
    fn a_fresh_trace_is_one_that_others_continue() {
        let fresh = TraceContext::fresh(&Seed::draw());
        assert!(fresh.to_string().parse::<TraceContext>().is_ok());
        let other = TraceContext::fresh(&Seed::draw());
        assert_ne!(fresh.trace_id(), other.trace_id());
        assert_ne!(fresh.span_id(), other.span_id());
        // Whatever is drawn, no id is the one that means none.
        let zeros = Seed {
            id: [0; 10],
            trace: [0; 16],
            span: [0; 8],
        };
        let unlikely = TraceContext::fresh(&zeros);
        assert!(unlikely.to_string().parse::<TraceContext>().is_ok());
    }

    #[test]
    fn an_id_that_was_sent_is_the_same_as_one_that_was_made() {
        let made = RequestId::fresh(&Seed::draw());
        let sent = RequestId::accept(made.as_str().as_bytes()).unwrap();
        assert_eq!(made, sent);
        assert_eq!(std::collections::HashSet::from([made, sent]).len(), 1);
    }

    #[test]
    fn a_trace_is_continued_under_a_span_of_ours() {
        let sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context: TraceContext = sent.parse().unwrap();
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_ne!(context.span_id(), "00f067aa0ba902b7");
        let passed_on = context.to_string();
        assert!(
            passed_on.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-")
                && passed_on.ends_with("-01")
        );
        assert!(passed_on.parse::<TraceContext>().is_ok());
    }

    #[test]
    fn a_bad_traceparent_is_not_continued() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert!(bad.parse::<TraceContext>().is_err(), "{bad}");
        }
        let future = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(
            future.parse::<TraceContext>().is_ok(),
            "later versions may append fields"
        );
    }
}
