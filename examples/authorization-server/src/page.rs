//! The app's pages: its own consent page, and what all pages are sent with.

use actix_web::{
    Error, HttpResponse, Result,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorForbidden, ErrorInternalServerError},
    http::{
        Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
            X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
};
use askama::Template;
use rf::oauth2::page::{
    AppsView, ConsentView, DefaultPages, ErrorView, LoginView, Pages, Texts,
    content_security_policy,
};

/// What the app's own pages may load: its stylesheet. `form-action` is left out: Chromium applies it to the redirect
/// back to the client.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A consent page of the app's own; the other pages are the built-in ones, in the app's words.
pub(crate) struct OwnPages {
    built_in: DefaultPages,
    policy: String,
}

impl Default for OwnPages {
    fn default() -> Self {
        let texts = Texts {
            apps_lead: "They may act for you at the shop as follows.".into(),
            ..Texts::default()
        };
        // Both stylesheets: that of the consent page and the built-in one.
        let policy = content_security_policy().replace("style-src", "style-src 'self'");
        Self {
            built_in: DefaultPages::new(texts),
            policy,
        }
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    view: &'a ConsentView<'a>,
}

impl Pages for OwnPages {
    fn login(&self, view: &LoginView<'_>) -> String {
        self.built_in.login(view)
    }

    fn consent(&self, view: &ConsentView<'_>) -> String {
        (Consent { view })
            .render()
            .unwrap_or_else(|_| self.built_in.consent(view))
    }

    fn error(&self, view: &ErrorView<'_>) -> String {
        self.built_in.error(view)
    }

    fn apps(&self, view: &AppsView<'_>) -> String {
        self.built_in.apps(view)
    }

    fn content_security_policy(&self) -> &str {
        &self.policy
    }
}

pub(crate) fn html(status: u16, page: &impl Template) -> Result<HttpResponse> {
    let status = StatusCode::from_u16(status).map_err(ErrorInternalServerError)?;
    let page = page.render().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .content_type("text/html; charset=utf-8")
        .body(page))
}

/// No framing, no caching, no telling where somebody was; and no form of another site signs anybody in or out.
pub(crate) async fn headers<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let own = ["/sign-in", "/sign-up", "/sign-out"].contains(&req.path());
    let site = req.headers().get("sec-fetch-site");
    if own && req.method() == Method::POST && site.is_some_and(|site| site != "same-origin") {
        return Err(ErrorForbidden("this form was sent by another site"));
    }
    let mut answer = next.call(req).await?;
    let headers = answer.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    default(CACHE_CONTROL, "no-store");
    default(X_FRAME_OPTIONS, "DENY");
    default(REFERRER_POLICY, "same-origin");
    Ok(answer)
}
