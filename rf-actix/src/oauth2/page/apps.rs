//! The page of what somebody has allowed.

use std::fmt;

use askama::Template;

use super::pages::html;
use super::style::STYLE;
use super::text::{Phrase, Texts};
use super::view::ScopeLine;

/// The applications that somebody has allowed something.
///
/// Each has a form that posts `csrf` and its `client_id` to [`action`](Self::action).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AppsView<'a> {
    /// Where the forms post to.
    pub action: &'a str,
    /// The anti-forgery token, sent back as `csrf`.
    pub csrf: &'a str,
    /// Who is signed in.
    pub subject: &'a str,
    /// The applications, in order.
    pub apps: &'a [AppLine<'a>],
}

impl<'a> AppsView<'a> {
    /// A page whose forms post to `/oauth/apps`.
    pub fn new(csrf: &'a str, subject: &'a str, apps: &'a [AppLine<'a>]) -> Self {
        Self {
            action: "/oauth/apps",
            csrf,
            subject,
            apps,
        }
    }
}

impl fmt::Debug for AppsView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppsView")
            .field("action", &self.action)
            .field("csrf", &"[redacted]")
            .field("subject", &self.subject)
            .field("apps", &self.apps)
            .finish()
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLine<'a> {
    /// Its identifier, which is also the value posted.
    pub client_id: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// What it may do.
    pub scopes: Vec<ScopeLine<'a>>,
    /// The day since which it may, such as `2027-01-15`.
    pub since: String,
}

#[derive(Template)]
#[template(path = "oauth2/apps.html")]
struct AppsPage<'a> {
    texts: &'a Texts,
    style: &'a str,
    view: &'a AppsView<'a>,
    who: Phrase<'a>,
}

/// The page in these words.
pub(super) fn render(texts: &Texts, view: &AppsView<'_>) -> String {
    html(&AppsPage {
        texts,
        style: STYLE,
        view,
        who: Phrase::new(&texts.signed_in_as, "{subject}", view.subject),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth2::page::{DefaultPages, Pages};

    const HOSTILE: &str = "\"'><script>alert(1)</script>";

    fn page(name: &str, subject: &str) -> String {
        let scopes = vec![
            ScopeLine {
                scope: "files:read",
                text: "See your files",
            },
            ScopeLine {
                scope: "x",
                text: "",
            },
        ];
        let apps = [AppLine {
            client_id: name,
            name,
            scopes,
            since: "2027-01-15".to_owned(),
        }];
        DefaultPages::default().apps(&AppsView::new("c5rf", subject, &apps))
    }

    #[test]
    fn each_app_has_a_form_that_posts_what_the_endpoint_reads() {
        let page = page("shop", "ada");
        assert!(
            page.contains(r#"<form method="post" action="/oauth/apps">"#),
            "{page}"
        );
        assert!(
            page.contains(r#"name="csrf" value="c5rf""#)
                && page.contains(r#"name="client_id" value="shop""#)
        );
        assert!(page.contains("See your files") && page.contains(r#"datetime="2027-01-15""#));
        assert!(page.contains("Signed in as <strong>ada</strong>."));
    }

    #[test]
    fn every_value_of_the_page_is_escaped_and_there_is_no_script() {
        for page in [page(HOSTILE, "ada"), page("shop", HOSTILE)] {
            assert!(
                !page.contains("<script") && !page.contains(" style="),
                "{page}"
            );
            assert!(page.contains("&#60;script&#62;"), "{page}");
        }
    }

    #[test]
    fn nobody_who_allowed_nothing_sees_an_empty_page() {
        let page = DefaultPages::default().apps(&AppsView::new("c", "ada", &[]));
        assert!(
            page.contains("have not allowed") && !page.contains("<form"),
            "{page}"
        );
        assert!(!format!("{:?}", AppsView::new("s3cret", "ada", &[])).contains("s3cret"));
    }
}
