//! What the pages hold, and what they never let through.

use super::style::STYLE;
use super::*;

/// Breaks out of an element, of an attribute in either quote, and of a comment.
const HOSTILE: &str = "\"'><script>alert(1)</script><!--&amp;";

fn assert_harmless(page: &str, times: usize) {
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("<!--"), "{page}");
    let escaped = "&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#60;!--&#38;amp;";
    assert_eq!(page.matches(escaped).count(), times, "{page}");
}

#[test]
fn every_value_of_the_login_page_is_escaped() {
    let pages = DefaultPages::default();
    let view = || LoginView::new("csrf", "/");
    assert_harmless(
        &pages.login(&LoginView {
            action: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.login(&LoginView {
            csrf: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.login(&LoginView {
            return_to: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.login(&LoginView {
            username: HOSTILE,
            ..view()
        }),
        1,
    );
    let client_name = Some(HOSTILE);
    assert_harmless(
        &pages.login(&LoginView {
            client_name,
            ..view()
        }),
        1,
    );
}

#[test]
fn every_value_of_the_consent_page_is_escaped() {
    let pages = DefaultPages::default();
    let scopes = [ScopeLine {
        scope: "files:read",
        text: "See your files",
    }];
    let view = || ConsentView::new("ticket", "Demo", "demo", &scopes);
    assert_harmless(
        &pages.consent(&ConsentView {
            action: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.consent(&ConsentView {
            ticket: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.consent(&ConsentView {
            client_name: HOSTILE,
            ..view()
        }),
        1,
    );
    assert_harmless(
        &pages.consent(&ConsentView {
            subject: HOSTILE,
            ..view()
        }),
        1,
    );
    let redirect_host = Some(HOSTILE);
    assert_harmless(
        &pages.consent(&ConsentView {
            redirect_host,
            ..view()
        }),
        1,
    );
    let switch_account = Some(HOSTILE);
    assert_harmless(
        &pages.consent(&ConsentView {
            switch_account,
            ..view()
        }),
        1,
    );
    let scopes = [ScopeLine {
        scope: HOSTILE,
        text: "",
    }];
    assert_harmless(
        &pages.consent(&ConsentView {
            scopes: &scopes,
            ..view()
        }),
        2,
    );
    let scopes = [ScopeLine {
        scope: "x",
        text: HOSTILE,
    }];
    assert_harmless(
        &pages.consent(&ConsentView {
            scopes: &scopes,
            ..view()
        }),
        1,
    );
}

#[test]
fn every_value_of_the_error_page_is_escaped() {
    let pages = DefaultPages::default();
    assert_harmless(&pages.error(&ErrorView::new("t", HOSTILE, "c")), 1);
    assert_harmless(&pages.error(&ErrorView::new("t", "d", HOSTILE)), 1);
    assert_harmless(&pages.error(&ErrorView::new(HOSTILE, "d", "c")), 2);
}

#[test]
fn a_translated_text_is_escaped_too() {
    let hostile = || HOSTILE.into();
    let texts = Texts {
        lang: hostile(),
        login_title: hostile(),
        ..Texts::default()
    };
    assert_harmless(&DefaultPages::new(texts).login(&LoginView::new("", "/")), 3);
}

#[test]
fn the_login_form_posts_what_the_endpoint_reads() {
    let view = LoginView {
        username: "ada",
        ..LoginView::new("c5rf", "/oauth/authorize?a=1&b=2")
    };
    let page = DefaultPages::default().login(&view);
    assert!(
        page.contains(r#"<form method="post" action="/login">"#),
        "{page}"
    );
    assert!(page.contains(r#"name="csrf" value="c5rf""#), "{page}");
    assert!(
        page.contains(r#"name="return_to" value="/oauth/authorize?a=1&#38;b=2""#),
        "{page}"
    );
    assert!(
        page.contains(r#"name="username" type="text" value="ada""#),
        "{page}"
    );
    assert!(
        page.contains(r#"name="password" type="password" autocomplete="current-password""#),
        "{page}"
    );
    assert!(!page.contains("role=\"alert\""), "{page}");
    assert!(!page.contains("aria-invalid="), "{page}");
}

#[test]
fn a_failed_login_says_so_to_a_screen_reader_and_keeps_the_name() {
    let error = Some(LoginError::WrongCredentials);
    let view = LoginView {
        username: "ada",
        error,
        ..LoginView::new("c", "/")
    };
    let page = DefaultPages::default().login(&view);
    assert!(
        page.contains(r#"id="error" role="alert">That username"#),
        "{page}"
    );
    assert_eq!(
        page.matches(r#"aria-describedby="error" aria-invalid="true""#)
            .count(),
        2
    );
    assert!(page.contains(r#"value="ada""#), "{page}");
}

#[test]
fn too_many_attempts_say_how_long_to_wait() {
    let error = Some(LoginError::TooManyAttempts { retry_after: 42 });
    let page = DefaultPages::default().login(&LoginView {
        error,
        ..LoginView::new("c", "/")
    });
    assert!(page.contains("Try again in 42 s."), "{page}");
}

#[test]
fn the_consent_form_posts_what_the_endpoint_reads() {
    let scopes = [
        ScopeLine {
            scope: "files:read",
            text: "See your files",
        },
        ScopeLine {
            scope: "profile",
            text: "",
        },
    ];
    let page = DefaultPages::default().consent(&ConsentView::new("t1cket", "Demo", "ada", &scopes));
    assert!(
        page.contains(r#"<form method="post" action="/oauth/authorize">"#),
        "{page}"
    );
    assert!(page.contains(r#"name="ticket" value="t1cket""#), "{page}");
    assert!(
        page.contains(r#"name="scope" value="files:read" checked"#),
        "{page}"
    );
    assert!(
        page.contains(r#"name="scope" value="profile" checked"#),
        "{page}"
    );
    assert!(page.contains(r#"name="decision" value="allow""#), "{page}");
    assert!(page.contains(r#"name="decision" value="deny""#), "{page}");
    assert!(page.contains("Demo wants to use your account"), "{page}");
    assert!(
        page.contains("Signed in as <strong>ada</strong>."),
        "{page}"
    );
}

#[test]
fn the_pages_carry_no_script_and_no_inline_style_attribute() {
    let pages = DefaultPages::default();
    for page in [
        pages.login(&LoginView::new("c", "/")),
        pages.consent(&ConsentView::new("t", "Demo", "ada", &[])),
        pages.error(&ErrorView::new("t", "d", "c")),
    ] {
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains(" style="), "{page}");
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "{page}");
    }
}

#[test]
fn debug_prints_neither_csrf_token_nor_ticket() {
    let login = format!("{:?}", LoginView::new("s3cret", "/"));
    let consent = format!("{:?}", ConsentView::new("s3cret", "Demo", "ada", &[]));
    assert!(!login.contains("s3cret") && !consent.contains("s3cret"));
}

#[test]
fn an_app_brings_its_own_pages() {
    struct Bare;
    impl Pages for Bare {
        fn login(&self, view: &LoginView<'_>) -> String {
            view.csrf.to_owned()
        }
        fn consent(&self, view: &ConsentView<'_>) -> String {
            view.ticket.to_owned()
        }
        fn error(&self, view: &ErrorView<'_>) -> String {
            view.code.to_owned()
        }
    }
    let pages: Box<dyn Pages> = Box::new(Bare);
    assert_eq!(pages.login(&LoginView::new("c", "/")), "c");
}
