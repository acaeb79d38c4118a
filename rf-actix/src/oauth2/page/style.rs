//! The one stylesheet, and the policy that lets in nothing else.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// Goes into `<style>` byte for byte: the policy names it by its hash.
pub(super) const STYLE: &str = include_str!("../../../templates/oauth2/style.css");

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
});

/// The `Content-Security-Policy` of [`DefaultPages`](super::DefaultPages): their own stylesheet,
/// the site's icon, and nothing else; no framing (RFC 9700 §4.16).
///
/// `form-action` is left out on purpose. Chromium applies it to the redirects that follow a
/// submitted form too, so that `'self'` would stop the browser on its way back to the client.
pub fn content_security_policy() -> &'static str {
    &POLICY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_stylesheet_by_its_hash_and_allows_no_script() {
        let policy = content_security_policy();
        let hash = policy
            .split_once("'sha256-")
            .and_then(|(_, rest)| rest.split_once('\''))
            .map(|(hash, _)| hash);
        assert_eq!(hash, Some(&*STANDARD.encode(Sha256::digest(STYLE))));
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }

    #[test]
    fn the_policy_has_no_form_action_that_would_stop_the_redirect_to_the_client() {
        assert!(!content_security_policy().contains("form-action"));
    }

    #[test]
    fn the_stylesheet_loads_nothing_and_cannot_end_its_element() {
        assert!(!STYLE.contains("url("));
        assert!(!STYLE.contains("@import"));
        assert!(!STYLE.contains('<'));
    }

    #[test]
    fn the_stylesheet_is_hashed_as_a_browser_reads_it() {
        // An HTML parser turns CR LF into LF before the hash is taken.
        assert!(!STYLE.contains('\r'));
    }
}
