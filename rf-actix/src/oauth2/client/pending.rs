//! Sign-ins that were started in this browser and have not come back yet.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, time};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;

use super::cookie::{Jar, LONGEST_VALUE};
use super::seal::Seal;
use crate::oauth2::model::{Digest, Timestamp};

/// How long the provider's pages may stay open.
const LONGEST: Duration = Duration::from_secs(600);
/// In so many tabs at once; with more the oldest must start again.
const TABS: usize = 4;

/// One of them.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) return_to: String,
    pub(super) started_at: Timestamp,
}

/// Keeps each in a cookie of its own: tabs that start at the same time know nothing of one another, and the answer to one
/// must not undo what the answer to the other set.
pub(super) struct PendingJar {
    all: Jar,
    seal: Seal,
}

impl PendingJar {
    pub(super) fn new(all: Jar, seal: Seal) -> Self {
        Self { all, seal }
    }

    /// The cookies that keep `pending`, and end those that are too old, or too many beside it; nothing when it is too
    /// long.
    pub(super) fn add(&self, req: &HttpRequest, pending: &Pending) -> Option<Vec<Cookie<'static>>> {
        let sealed = self.seal.close(pending);
        let seconds = i64::try_from(LONGEST.as_secs()).unwrap_or(i64::MAX);
        let lifetime = time::Duration::seconds(seconds);
        let mut cookies = self.one(&pending.state).write(req, &sealed, lifetime)?;
        // Servers take so much in their headers, and no more.
        let (mut tabs, mut room) = (TABS - 1, LONGEST_VALUE.saturating_sub(sealed.len()));
        let mut others: Vec<_> = (self.all.parts(req).into_iter())
            .map(|jar| {
                let sealed = jar.read(req).unwrap_or_default();
                (self.open(&sealed, pending.started_at), sealed.len(), jar)
            })
            .collect();
        others.sort_by_key(|(found, ..)| found.as_ref().map(|found| found.started_at));
        for (found, length, jar) in others.into_iter().rev() {
            if found.is_some() && tabs > 0 && length <= room {
                tabs -= 1;
                room -= length;
            } else {
                cookies.extend(jar.end(req));
            }
        }
        Some(cookies)
    }

    /// The one of this state, if it is not too old.
    pub(super) fn find(&self, req: &HttpRequest, state: &str, now: Timestamp) -> Option<Pending> {
        let found = self.open(&self.one(state).read(req)?, now)?;
        let same = found.state.as_bytes().ct_eq(state.as_bytes());
        bool::from(same).then_some(found)
    }

    /// The cookies that end the one of this state.
    pub(super) fn end(&self, req: &HttpRequest, state: &str) -> Vec<Cookie<'static>> {
        self.one(state).end(req)
    }

    fn open(&self, sealed: &str, now: Timestamp) -> Option<Pending> {
        let found: Pending = self.seal.open(sealed)?;
        (now.distance(found.started_at) < LONGEST).then_some(found)
    }

    fn one(&self, state: &str) -> Jar {
        // As much of it as tells a few from one another.
        self.all.part(&Digest::of(state).as_str()[..16])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use actix_web::test::TestRequest;

    /// A browser, as far as cookies go.
    struct Browser {
        jar: PendingJar,
        kept: Vec<Cookie<'static>>,
    }

    impl Browser {
        fn new() -> Self {
            Self {
                jar: PendingJar::new(
                    Jar::new("p", true),
                    Seal::new(&[7; 32], "pending".to_owned()),
                ),
                kept: Vec::new(),
            }
        }

        fn request(&self) -> HttpRequest {
            let cookies = self.kept.iter().cloned();
            cookies
                .fold(TestRequest::default(), TestRequest::cookie)
                .to_http_request()
        }

        fn take(&mut self, cookies: Vec<Cookie<'static>>) {
            for cookie in cookies {
                self.kept.retain(|kept| kept.name() != cookie.name());
                if !cookie.value().is_empty() {
                    self.kept.push(cookie);
                }
            }
        }

        fn start(&mut self, state: &str, seconds: i64) {
            let added = self.jar.add(&self.request(), &pending(state, seconds, "/"));
            self.take(added.unwrap());
        }

        fn finds(&self, state: &str, seconds: i64) -> bool {
            let found = self.jar.find(&self.request(), state, at(seconds));
            found.is_some_and(|found| found.state == state)
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn pending(state: &str, seconds: i64, return_to: &str) -> Pending {
        Pending {
            state: state.to_owned(),
            verifier: String::new(),
            return_to: return_to.to_owned(),
            started_at: at(seconds),
        }
    }

    #[test]
    fn a_pending_sign_in_is_found_until_it_is_ended_or_too_old() {
        let mut browser = Browser::new();
        browser.start("a", 0);
        browser.start("b", 0);
        assert!(!browser.finds("c", 1));
        assert!(browser.finds("a", 1));
        let ended = browser.jar.end(&browser.request(), "a");
        browser.take(ended);
        assert!(!browser.finds("a", 1));
        assert!(browser.finds("b", 599) && !browser.finds("b", 600));
        assert!(!browser.finds("b", -600), "the clock was set back");
    }

    #[test]
    fn tabs_that_start_at_the_same_time_do_not_undo_one_another() {
        let mut browser = Browser::new();
        let request = browser.request();
        let answers: Vec<_> = ["a", "b", "c"]
            .iter()
            .map(|state| browser.jar.add(&request, &pending(state, 0, "/")).unwrap())
            .collect();
        for answer in answers {
            browser.take(answer);
        }
        assert!(["a", "b", "c"].iter().all(|state| browser.finds(state, 1)));
    }

    #[test]
    fn no_number_of_starts_makes_the_cookies_grow() {
        let mut browser = Browser::new();
        for number in 0..50 {
            browser.start(&number.to_string(), number);
        }
        assert_eq!(browser.kept.len(), TABS);
        assert!((46..50).all(|number| browser.finds(&number.to_string(), 50)));
        browser.start("next", 1000);
        assert_eq!(browser.kept.len(), 1, "the old ones are over");
    }

    #[test]
    fn no_length_of_addresses_makes_the_cookies_grow() {
        let mut browser = Browser::new();
        for number in 0..8 {
            let long = format!("/{}", "x".repeat(6000));
            let pending = pending(&number.to_string(), number, &long);
            let added = browser.jar.add(&browser.request(), &pending).unwrap();
            browser.take(added);
            let all: usize = (browser.kept.iter()).map(|kept| kept.value().len()).sum();
            assert!(all <= LONGEST_VALUE, "{all}");
        }
        assert!(browser.finds("7", 8));
    }

    #[test]
    fn what_somebody_else_planted_is_ended() {
        let mut browser = Browser::new();
        let name = browser.jar.one("a").piece(0);
        browser.kept.push(Cookie::new(name, "planted"));
        assert!(!browser.finds("a", 0));
        browser.start("b", 0);
        assert_eq!(browser.kept.len(), 1);
    }
}
