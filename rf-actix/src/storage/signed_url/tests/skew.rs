//! Clocks that differ.

use super::*;

#[test]
fn a_link_outlives_its_expiry_by_the_configured_skew_only() {
    let options = SignedUrlOptions::download(MINUTE);
    let link = signer_at(NOW, &[NEW])
        .sign(&Prefix::default(), &key("a"), &options)
        .unwrap();
    let query = query(&link.url);
    let at = |seconds: u64| {
        let mut signer = signer_at(NOW + seconds, &[NEW]);
        signer.skew = Duration::from_secs(5);
        signer.verify(LinkMethod::Get, &key("a"), &query).is_ok()
    };
    assert!(at(59) && at(60) && at(64));
    assert!(!at(65));
}
