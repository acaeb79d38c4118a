//! Who sits at the browser: a signed cookie.
//!
//! Everybody who is shown a form gets a session, so that the form can be bound to the browser; signing in starts
//! a new one, so that a cookie planted before is worth nothing after (session fixation). The cookie is signed,
//! not looked up: it needs no table and works on every instance. It ends at its expiry.

use crate::oauth2::{
    model::{Digest, Subject, Timestamp},
    token::{TokenKind, generate},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, time::Duration};

/// The 32 bytes that sign cookies and form tokens; kept in the database, so the same on every instance.
#[derive(Clone, Copy)]
pub(crate) struct CookieKey<'a>(pub(crate) &'a [u8]);

impl CookieKey<'_> {
    /// The signature of `text`. `purpose` keeps one kind of signature from being taken for another.
    pub(crate) fn sign(self, purpose: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, text).finalize().into_bytes())
    }

    /// Whether `signature` is that of `text`; in constant time.
    pub(crate) fn verifies(self, purpose: &str, text: &str, signature: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|sent| self.mac(purpose, text).verify_slice(&sent).is_ok())
    }

    fn mac(self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0).expect("HMAC takes a key of any length");
        mac.update(purpose.as_bytes());
        // No purpose holds a NUL, so that no two pairs run together into one text.
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac
    }
}

impl fmt::Debug for CookieKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKey(…)")
    }
}

/// A browser's session.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    id: String,
    login: Option<Login>,
    expires_at: Timestamp,
}

/// Who signed in, and when they proved it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) subject: Subject,
    pub(crate) auth_time: Timestamp,
}

impl Session {
    /// How long a form may stay open before somebody signs in.
    const ANONYMOUS: Duration = Duration::from_secs(60 * 60);

    /// A session in which nobody signed in yet.
    pub(crate) fn anonymous(now: Timestamp) -> Self {
        Self {
            id: generate(TokenKind::Session).expose().to_owned(),
            login: None,
            expires_at: now.plus(Self::ANONYMOUS),
        }
    }

    /// A new session for somebody who just proved who they are.
    pub(crate) fn signed_in(subject: Subject, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            id: generate(TokenKind::Session).expose().to_owned(),
            login: Some(Login {
                subject,
                auth_time: now,
            }),
            expires_at: now.plus(lifetime),
        }
    }

    /// A session for somebody who signed in elsewhere in the app.
    pub(crate) fn adopted(login: Login, now: Timestamp, lifetime: Duration) -> Self {
        Self {
            id: generate(TokenKind::Session).expose().to_owned(),
            login: Some(login),
            expires_at: now.plus(lifetime),
        }
    }

    pub(crate) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What a row may keep of the session that it is bound to.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.id)
    }

    /// The token that a form of this session must bring back.
    pub(crate) fn csrf(&self, key: CookieKey<'_>) -> String {
        key.sign("csrf", &self.id)
    }

    /// Whether a form was made for this session.
    pub(crate) fn issued(&self, csrf: &str, key: CookieKey<'_>) -> bool {
        key.verifies("csrf", &self.id, csrf)
    }

    /// The cookie's value.
    pub(crate) fn seal(&self, key: CookieKey<'_>) -> String {
        let json = serde_json::to_vec(self).expect("strings and numbers are always JSON");
        let body = URL_SAFE_NO_PAD.encode(json);
        let signature = key.sign("session", &body);
        format!("{body}.{signature}")
    }

    /// The session of a cookie's value, unless it was tampered with or has ended.
    pub(crate) fn open(sealed: &str, key: CookieKey<'_>, now: Timestamp) -> Option<Self> {
        let (body, signature) = sealed.split_once('.')?;
        if !key.verifies("session", body, signature) {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(body).ok()?;
        let session: Self = serde_json::from_slice(&json).ok()?;
        (session.expires_at > now).then_some(session)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const KEY: CookieKey<'_> = CookieKey(&[7; 32]);
    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn signed_in() -> Session {
        Session::signed_in("ada".into(), NOW, HOUR)
    }

    #[test]
    fn a_sealed_session_opens_as_it_was() {
        let sealed = signed_in().seal(KEY);
        let opened = Session::open(&sealed, KEY, NOW).unwrap();
        assert_eq!(opened.login(), signed_in().login());
    }

    #[test]
    fn a_session_with_any_character_changed_is_none() {
        let sealed = signed_in().seal(KEY);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(Session::open(&changed, KEY, NOW).is_none(), "{index}");
        }
        assert!(Session::open("", KEY, NOW).is_none());
        assert!(Session::open(".", KEY, NOW).is_none());
    }

    #[test]
    fn a_session_of_another_key_is_none() {
        let sealed = signed_in().seal(CookieKey(&[8; 32]));
        assert!(Session::open(&sealed, KEY, NOW).is_none());
    }

    #[test]
    fn a_session_ends_at_its_expiry() {
        let sealed = signed_in().seal(KEY);
        let last = Timestamp::from_millis(NOW.plus(HOUR).as_millis() - 1);
        assert!(Session::open(&sealed, KEY, last).is_some());
        assert!(Session::open(&sealed, KEY, NOW.plus(HOUR)).is_none());
    }

    #[test]
    fn a_form_token_counts_in_its_own_session_only() {
        let (mine, other) = (Session::anonymous(NOW), Session::anonymous(NOW));
        let token = mine.csrf(KEY);
        assert!(mine.issued(&token, KEY));
        assert!(!other.issued(&token, KEY));
        assert!(!mine.issued("", KEY));
        assert!(!mine.issued(&token, CookieKey(&[8; 32])));
    }

    #[test]
    fn one_kind_of_signature_is_not_taken_for_another() {
        let signature = KEY.sign("csrf", "x");
        assert!(KEY.verifies("csrf", "x", &signature));
        assert!(!KEY.verifies("session", "x", &signature));
        assert_ne!(KEY.sign("a", "b"), KEY.sign("ab", ""));
    }

    #[test]
    fn a_session_does_not_print_what_it_is_signed_with() {
        let session = signed_in();
        assert!(!format!("{session:?}").contains(&session.id));
    }
}
