//! What is known of keys. They are static and come again and again, so each is looked into once a thread.

use super::Scan;
use crate::logging::{
    keys::{CHANNEL, LEVEL, LOG_ERROR, MSG, REQUEST_ID, SPAN_ID, TARGET, TRACE_ID, TRUNCATED, TS},
    redact::is_secret_key,
};

/// Where keys are remembered: a power of two.
const PLACES: usize = 512;

/// How many keys are remembered before all are forgotten: with the places half empty each is found at once, or nearly.
const MOST: usize = PLACES / 2;

/// What a key is, whoever uses it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) key: &'static str,
    /// How a field under it begins in JSON, with the comma before it; empty when its key has to be thought about.
    pub(super) json: String,
    /// What values under it are, unless they say no more than yes, no or nothing.
    pub(super) secret: bool,
    pub(super) role: Role,
    /// Stands for it where keys are remembered roughly: equal keys have the same bit.
    bit: u64,
}

/// Who says what stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Whoever logs.
    Field,
    /// The pipeline, of every record or of any.
    Record,
    /// The pipeline, of records under a request.
    Request,
    /// The pipeline, of records under a request that has an id.
    RequestId,
    /// The pipeline, of records of a channel.
    Channel,
}

impl Known {
    fn look(key: &'static str) -> Self {
        let (first, last) = (key.bytes().next(), key.bytes().next_back());
        let sum = key.len()
            + 7 * usize::from(first.unwrap_or_default())
            + 31 * usize::from(last.unwrap_or_default());
        Self {
            key,
            json: if Scan::of(key).plain {
                format!(",\"{key}\":")
            } else {
                String::new()
            },
            secret: is_secret_key(key),
            role: match key {
                TS | LEVEL | MSG | TARGET | LOG_ERROR | TRUNCATED => Role::Record,
                TRACE_ID | SPAN_ID => Role::Request,
                REQUEST_ID => Role::RequestId,
                CHANNEL => Role::Channel,
                _ => Role::Field,
            },
            bit: 1 << (sum % 64),
        }
    }
}

/// The name of a field that cannot have the name it was given, because the pipeline says something under it.
pub(super) fn renamed(key: &'static str) -> &'static str {
    match key {
        TS => "field.ts",
        LEVEL => "field.level",
        MSG => "field.msg",
        TARGET => "field.target",
        LOG_ERROR => "field.log_error",
        TRUNCATED => "field.truncated",
        TRACE_ID => "field.trace_id",
        SPAN_ID => "field.span_id",
        REQUEST_ID => "field.request_id",
        CHANNEL => "field.channel",
        key => key,
    }
}

/// The keys that a thread has seen, and roughly those of the record at hand.
#[derive(Debug)]
pub(super) struct Keys {
    known: Vec<Known>,
    /// Where each of them is in `known`; [`NOBODY`] where there is none.
    places: Box<[u16; PLACES]>,
    seen: u64,
}

const NOBODY: u16 = u16::MAX;

impl Default for Keys {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            places: Box::new([NOBODY; PLACES]),
            seen: 0,
        }
    }
}

impl Keys {
    /// Another record begins.
    pub(super) fn clear(&mut self) {
        self.seen = 0;
    }

    /// What is known of a key, and whether the record may have it already: what it does not seem to have, it has not.
    #[inline]
    pub(super) fn see(&mut self, key: &'static str) -> (&Known, bool) {
        let mut place = first_place(key);
        let number = loop {
            let number = usize::from(self.places[place]);
            match self.known.get(number) {
                // Where a static text lies says which it is.
                Some(known) if std::ptr::eq(known.key, key) => break number,
                Some(_) => place = (place + 1) % PLACES,
                None => break self.learn(key, place),
            }
        };
        let known = &self.known[number];
        let again = self.seen & known.bit != 0;
        self.seen |= known.bit;
        (known, again)
    }

    #[inline(never)]
    fn learn(&mut self, key: &'static str, mut place: usize) -> usize {
        if self.known.len() == MOST {
            self.known.clear();
            self.places.fill(NOBODY);
            place = first_place(key);
        }
        let number = self.known.len();
        self.known.push(Known::look(key));
        self.places[place] = number as u16;
        number
    }
}

/// Literals lie beside each other, at any distance.
#[inline]
fn first_place(key: &'static str) -> usize {
    let hash = (key.as_ptr().addr() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 55) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_also_when_there_are_more_than_are_remembered() {
        let mut keys = Keys::default();
        let many: Vec<&'static str> = (0..2 * MOST)
            .map(|n| {
                &*Box::leak(format!("key-{n}-{}", if n % 3 == 0 { "token" } else { "x" }).into())
            })
            .collect();
        for _ in 0..2 {
            for (n, key) in many.iter().enumerate() {
                let (known, _) = keys.see(key);
                assert_eq!((known.key, known.secret), (*key, n % 3 == 0));
                assert_eq!(known.json, format!(",\"{key}\":"));
            }
        }
    }

    #[test]
    fn a_key_is_recognized_within_a_record_wherever_it_lies() {
        let mut keys = Keys::default();
        let other: &'static str = Box::leak(Box::from("name"));
        assert!(!keys.see("name").1);
        assert!(keys.see("name").1 && keys.see(other).1);
        keys.clear();
        assert!(!keys.see(other).1);
    }
}
