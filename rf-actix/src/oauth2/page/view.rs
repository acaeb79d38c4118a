//! What a page is given to show.
//!
//! Views borrow, and hold plain text: whoever renders one escapes it.

use std::fmt;

/// The sign-in form.
///
/// It posts `username`, `password`, `csrf` and `return_to` to [`action`](Self::action).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct LoginView<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The anti-forgery token, sent back as `csrf`.
    pub csrf: &'a str,
    /// The path to go on to after signing in, sent back as `return_to`.
    pub return_to: &'a str,
    /// Why the person sees the form again.
    pub error: Option<LoginError>,
    /// The client that asked for the sign-in, when there is one.
    pub client_name: Option<&'a str>,
    /// What was typed as the name last time; empty at first.
    pub username: &'a str,
}

impl<'a> LoginView<'a> {
    /// An empty form that posts to `/login`.
    pub fn new(csrf: &'a str, return_to: &'a str) -> Self {
        Self {
            action: "/login",
            csrf,
            return_to,
            error: None,
            client_name: None,
            username: "",
        }
    }
}

impl fmt::Debug for LoginView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginView")
            .field("action", &self.action)
            .field("csrf", &"[redacted]")
            .field("return_to", &self.return_to)
            .field("error", &self.error)
            .field("client_name", &self.client_name)
            .field("username", &self.username)
            .finish()
    }
}

/// Why a sign-in did not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginError {
    /// The name or the password is wrong. Which of the two is not told.
    WrongCredentials,
    /// Too many attempts.
    TooManyAttempts {
        /// Seconds until the next attempt is looked at.
        retry_after: u64,
    },
    /// The form was open for too long, or did not come from this site.
    Expired,
}

/// The question whether a client may have what it asks for.
///
/// The form posts `ticket`, one `scope` for each box that is ticked, and `decision` (`allow` or
/// `deny`) to [`action`](Self::action).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ConsentView<'a> {
    /// Where the form posts to.
    pub action: &'a str,
    /// The single-use token that stands for the pending request, sent back as `ticket`.
    pub ticket: &'a str,
    /// The client that asks.
    pub client_name: &'a str,
    /// Who is asked: the person signed in.
    pub subject: &'a str,
    /// What the client asks for.
    pub scopes: &'a [ScopeLine<'a>],
    /// Host (and port) the browser goes to after the decision, which a name cannot fake.
    pub redirect_host: Option<&'a str>,
    /// Link to sign in as somebody else.
    pub switch_account: Option<&'a str>,
}

impl<'a> ConsentView<'a> {
    /// A question that posts to `/oauth/authorize`.
    pub fn new(
        ticket: &'a str,
        client_name: &'a str,
        subject: &'a str,
        scopes: &'a [ScopeLine<'a>],
    ) -> Self {
        Self {
            action: "/oauth/authorize",
            ticket,
            client_name,
            subject,
            scopes,
            redirect_host: None,
            switch_account: None,
        }
    }
}

impl fmt::Debug for ConsentView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsentView")
            .field("action", &self.action)
            .field("ticket", &"[redacted]")
            .field("client_name", &self.client_name)
            .field("subject", &self.subject)
            .field("scopes", &self.scopes)
            .field("redirect_host", &self.redirect_host)
            .field("switch_account", &self.switch_account)
            .finish()
    }
}

/// One scope on the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeLine<'a> {
    /// The scope token (RFC 6749 §3.3), which is also the value posted.
    pub scope: &'a str,
    /// What it means to a person; empty shows the token alone.
    pub text: &'a str,
}

/// An authorization request that cannot go on, and must not go back to the client.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ErrorView<'a> {
    /// What went wrong, in a few words.
    pub title: &'a str,
    /// What it means and what to do.
    pub detail: &'a str,
    /// The error code (RFC 6749 §4.1.2.1), for the client's developer; empty shows none.
    pub code: &'a str,
}

impl<'a> ErrorView<'a> {
    /// An error to show.
    pub fn new(title: &'a str, detail: &'a str, code: &'a str) -> Self {
        Self {
            title,
            detail,
            code,
        }
    }
}
