//! The trait an app may implement, and the pages it gets otherwise.

use askama::Template;

use super::apps::{self, AppsView};
use super::style::{STYLE, content_security_policy};
use super::text::{Phrase, Texts};
use super::view::{ConsentView, ErrorView, LoginError, LoginView};

/// The pages of the authorization server, as complete HTML documents.
///
/// A page gets plain text and escapes it itself. The server sends each with
/// `X-Frame-Options: DENY`, `Referrer-Policy: no-referrer`, `Cache-Control: no-store` and
/// [`content_security_policy`](Self::content_security_policy).
pub trait Pages: Send + Sync {
    /// The sign-in form.
    fn login(&self, view: &LoginView<'_>) -> String;

    /// The question whether a client may have what it asks for.
    fn consent(&self, view: &ConsentView<'_>) -> String;

    /// An error that cannot go back to the client.
    fn error(&self, view: &ErrorView<'_>) -> String;

    /// What somebody has allowed, with a button to take each back. By default that of [`DefaultPages`].
    fn apps(&self, view: &AppsView<'_>) -> String {
        DefaultPages::default().apps(view)
    }

    /// What the pages may load: by default nothing but the stylesheet of [`DefaultPages`].
    ///
    /// Keep `frame-ancestors 'none'` (RFC 9700 §4.16), and leave `form-action` out: Chromium
    /// applies it to the redirect back to the client.
    fn content_security_policy(&self) -> &str {
        content_security_policy()
    }
}

/// Plain pages: responsive, light and dark, without script.
#[derive(Clone, Debug, Default)]
pub struct DefaultPages {
    texts: Texts,
}

impl DefaultPages {
    /// The pages with these words.
    pub fn new(texts: Texts) -> Self {
        Self { texts }
    }
}

impl Pages for DefaultPages {
    fn login(&self, view: &LoginView<'_>) -> String {
        let texts = &self.texts;
        let error = view.error.map(|error| match error {
            LoginError::WrongCredentials => texts.wrong_credentials.to_string(),
            LoginError::TooManyAttempts { retry_after } => texts
                .too_many_attempts
                .replace("{seconds}", &retry_after.to_string()),
            LoginError::Expired => texts.login_expired.to_string(),
        });
        html(&LoginPage {
            texts,
            style: STYLE,
            view,
            lead: view
                .client_name
                .map(|name| Phrase::new(&texts.login_lead, "{client}", name)),
            wrong: view.error == Some(LoginError::WrongCredentials),
            error,
        })
    }

    fn consent(&self, view: &ConsentView<'_>) -> String {
        let texts = &self.texts;
        html(&ConsentPage {
            texts,
            style: STYLE,
            view,
            heading: Phrase::new(&texts.consent_heading, "{client}", view.client_name),
            who: Phrase::new(&texts.signed_in_as, "{subject}", view.subject),
            back: view
                .redirect_host
                .map(|host| Phrase::new(&texts.consent_back, "{host}", host)),
        })
    }

    fn apps(&self, view: &AppsView<'_>) -> String {
        apps::render(&self.texts, view)
    }

    fn error(&self, view: &ErrorView<'_>) -> String {
        html(&ErrorPage {
            texts: &self.texts,
            style: STYLE,
            view,
        })
    }
}

#[derive(Template)]
#[template(path = "oauth2/login.html")]
struct LoginPage<'a> {
    texts: &'a Texts,
    style: &'a str,
    view: &'a LoginView<'a>,
    lead: Option<Phrase<'a>>,
    error: Option<String>,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "oauth2/consent.html")]
struct ConsentPage<'a> {
    texts: &'a Texts,
    style: &'a str,
    view: &'a ConsentView<'a>,
    heading: Phrase<'a>,
    who: Phrase<'a>,
    back: Option<Phrase<'a>>,
}

#[derive(Template)]
#[template(path = "oauth2/error.html")]
struct ErrorPage<'a> {
    texts: &'a Texts,
    style: &'a str,
    view: &'a ErrorView<'a>,
}

pub(super) fn html(page: &impl Template) -> String {
    page.render()
        .expect("the templates format nothing but text, and a string takes it all")
}
