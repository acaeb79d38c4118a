//! Since when a request waits for a new sign-in.
//!
//! A client that wants the person to sign in again (`prompt=login`, `max_age`) must get that, and only once: the
//! request comes back unchanged after the login, and would ask again for ever. So the way to the login page notes
//! the time in the request it comes back with, signed together with that very request.

use crate::oauth2::{model::Timestamp, session::CookieKey};
use std::time::Duration;

const NAME: &str = "rf_asked_again=";

/// How long a login page may stay open.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The query of a request that comes back after the login.
pub(super) fn note(query: &str, now: Timestamp, key: CookieKey<'_>) -> String {
    let query = without(query);
    let millis = now.as_millis();
    let signature = key.sign("asked-again", &format!("{millis} {query}"));
    let separator = if query.is_empty() { "" } else { "&" };
    format!("{query}{separator}{NAME}{millis}.{signature}")
}

/// When the request was sent to the login page, if it was.
pub(super) fn noted(query: &str, now: Timestamp, key: CookieKey<'_>) -> Option<Timestamp> {
    let note = query.split('&').find_map(|pair| pair.strip_prefix(NAME))?;
    let (millis, signature) = note.split_once('.')?;
    let at = Timestamp::from_millis(millis.parse().ok()?);
    let signed = key.verifies(
        "asked-again",
        &format!("{millis} {}", without(query)),
        signature,
    );
    (signed && at <= now && now.since(at) < LONGEST).then_some(at)
}

fn without(query: &str) -> String {
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with(NAME))
        .collect();
    rest.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: CookieKey<'_> = CookieKey(&[7; 32]);
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    #[test]
    fn a_note_is_read_with_its_own_request_only() {
        let noted_query = note("a=1&b=2", NOW, KEY);
        assert_eq!(noted(&noted_query, NOW, KEY), Some(NOW));
        assert_eq!(noted(&noted_query.replace("b=2", "b=3"), NOW, KEY), None);
        assert_eq!(
            noted(&noted_query.replace("1000000", "1000001"), NOW, KEY),
            None
        );
        assert_eq!(noted(&noted_query, NOW, CookieKey(&[8; 32])), None);
        assert_eq!(noted("a=1&b=2", NOW, KEY), None);
    }

    #[test]
    fn a_note_is_stale_after_an_hour() {
        let noted_query = note("a=1", NOW, KEY);
        assert_eq!(noted(&noted_query, NOW.plus(LONGEST), KEY), None);
    }

    #[test]
    fn a_request_keeps_one_note() {
        let twice = note(
            &note("a=1", NOW, KEY),
            NOW.plus(Duration::from_secs(1)),
            KEY,
        );
        assert_eq!(twice.matches(NAME).count(), 1);
        assert!(twice.starts_with("a=1&"));
    }
}
