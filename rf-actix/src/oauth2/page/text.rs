//! The words on the pages.

use std::borrow::Cow;

/// Every word [`DefaultPages`](super::DefaultPages) writes itself, in English by default.
///
/// A `{name}` in braces is where the value goes; a text without it gets the value at its end.
/// Texts are plain text: they are escaped like every other value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Language of the texts, for `<html lang>` (BCP 47).
    pub lang: Cow<'static, str>,
    /// Direction of the writing: `ltr` or `rtl`.
    pub dir: Cow<'static, str>,
    /// Title of the sign-in page.
    pub login_title: Cow<'static, str>,
    /// Which `{client}` the sign-in is for.
    pub login_lead: Cow<'static, str>,
    /// Label of the name.
    pub username: Cow<'static, str>,
    /// Label of the password.
    pub password: Cow<'static, str>,
    /// The button of the sign-in page.
    pub sign_in: Cow<'static, str>,
    /// [`LoginError::WrongCredentials`](super::LoginError::WrongCredentials).
    pub wrong_credentials: Cow<'static, str>,
    /// [`LoginError::TooManyAttempts`](super::LoginError::TooManyAttempts), in `{seconds}`.
    pub too_many_attempts: Cow<'static, str>,
    /// [`LoginError::Expired`](super::LoginError::Expired).
    pub login_expired: Cow<'static, str>,
    /// Title of the consent page, in the browser's tab.
    pub consent_title: Cow<'static, str>,
    /// The question: may `{client}` have this?
    pub consent_heading: Cow<'static, str>,
    /// Above the scopes.
    pub consent_scopes: Cow<'static, str>,
    /// The `{host}` the browser goes to afterwards.
    pub consent_back: Cow<'static, str>,
    /// Who is signed in: `{subject}`.
    pub signed_in_as: Cow<'static, str>,
    /// The link to another account.
    pub switch_account: Cow<'static, str>,
    /// The button that says yes.
    pub allow: Cow<'static, str>,
    /// The button that says no.
    pub deny: Cow<'static, str>,
    /// Title of the page of what was allowed.
    pub apps_title: Cow<'static, str>,
    /// Above the applications.
    pub apps_lead: Cow<'static, str>,
    /// Instead of them, when there are none.
    pub apps_none: Cow<'static, str>,
    /// Before the day.
    pub apps_since: Cow<'static, str>,
    /// The button that takes it back.
    pub apps_revoke: Cow<'static, str>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            lang: "en".into(),
            dir: "ltr".into(),
            login_title: "Sign in".into(),
            login_lead: "to go on to {client}".into(),
            username: "Username".into(),
            password: "Password".into(),
            sign_in: "Sign in".into(),
            wrong_credentials: "That username and password do not match. Try again.".into(),
            too_many_attempts: "Too many attempts. Try again in {seconds} s.".into(),
            login_expired: "The page was open for too long. Please sign in again.".into(),
            consent_title: "Allow access?".into(),
            consent_heading: "{client} wants to use your account".into(),
            consent_scopes: "It will be able to".into(),
            consent_back: "Either way you go on to {host}.".into(),
            signed_in_as: "Signed in as {subject}.".into(),
            switch_account: "Use another account".into(),
            allow: "Allow".into(),
            deny: "Cancel".into(),
            apps_title: "Your authorized apps".into(),
            apps_lead: "They may use your account as follows.".into(),
            apps_none: "You have not allowed any app to use your account.".into(),
            apps_since: "Since".into(),
            apps_revoke: "Remove access".into(),
        }
    }
}

/// A text cut open where its value goes, so that a template can mark the value up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phrase<'a> {
    pub(super) before: &'a str,
    pub(super) value: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Phrase<'a> {
    /// Cuts `text` at the first `placeholder` (with its braces).
    pub(super) fn new(text: &'a str, placeholder: &str, value: &'a str) -> Self {
        let (before, after) = text.split_once(placeholder).unwrap_or((text, ""));
        Self {
            before,
            value,
            after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Phrase;

    #[test]
    fn a_phrase_is_cut_where_the_value_goes() {
        let phrase = Phrase::new("for {client}, now", "{client}", "Ada {client}");
        assert_eq!(
            (phrase.before, phrase.value, phrase.after),
            ("for ", "Ada {client}", ", now")
        );
    }

    #[test]
    fn a_text_without_placeholder_still_shows_the_value() {
        let phrase = Phrase::new("for: ", "{client}", "Ada");
        assert_eq!(
            (phrase.before, phrase.value, phrase.after),
            ("for: ", "Ada", "")
        );
    }
}
