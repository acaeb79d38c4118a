//! The pages a person sees: sign in, consent, and what went wrong.
//!
//! Rendering only: a view in, HTML out, with no request, no store and no I/O. [`DefaultPages`]
//! renders them plainly and well in light and dark, on a phone too, without a line of script;
//! change its words through [`Texts`], or bring pages of your own by implementing [`Pages`].
//!
//! ```
//! use rf::oauth2::page::{DefaultPages, ErrorView, Pages, Texts};
//!
//! let pages = DefaultPages::new(Texts { login_title: "Anmelden".into(), lang: "de".into(), ..Texts::default() });
//! let html = pages.error(&ErrorView::new("Not found", "no such <client>", "invalid_request"));
//! assert!(html.contains("no such &#60;client&#62;"));
//! ```

mod apps;
mod pages;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod view;

pub use apps::{AppLine, AppsView};
pub use pages::{DefaultPages, Pages};
pub use style::content_security_policy;
pub use text::Texts;
pub use view::{ConsentView, ErrorView, LoginError, LoginView, ScopeLine};
