//! Redirect URIs and the rest of the authorization request.

use actix_web::http::Uri;
use actix_web::http::header::COOKIE;
use actix_web::test::TestRequest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{Target, fuzz};

const REGISTERED: [(&str, &str); 6] = [
    ("service", "https://app.example.com/cb"),
    ("service", "https://app.example.com/tenant?id=1"),
    ("own", "https://own.example.com/cb"),
    ("native", "http://127.0.0.1/done"),
    ("native", "http://[::1]/done"),
    ("native", "com.example.app:/done"),
];

/// A registered URI with something done to it.
fn bent() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "",
        "/",
        "//",
        "\\",
        "?",
        "#",
        "@",
        ":",
        ":443",
        ":8080",
        ":0",
        "%2f",
        "%00",
        "..",
        "/../",
        ".evil.com",
        "evil.com@",
        "user:pw@",
        " ",
        "\t",
        "\r\n",
        "é",
        "HTTPS",
        "https://evil.com/",
        "&",
        "=",
        "%",
        "cb",
        "[::1]",
    ]);
    let registered = prop::sample::select(REGISTERED.to_vec());
    (
        registered,
        vec((piece, any::<prop::sample::Index>(), 0..4_usize), 0..3),
    )
        .prop_map(|((_, uri), changes)| {
            let mut uri: Vec<char> = uri.chars().collect();
            for (piece, at, cut) in changes {
                let at = at.index(uri.len() + 1);
                let end = (at + cut).min(uri.len());
                drop(uri.splice(at..end, piece.chars()));
            }
            uri.into_iter().collect()
        })
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whether `uri` is registered for the client, or differs by the port of a loopback literal only.
fn is_registered(client: &str, uri: &str) -> bool {
    let mut own = REGISTERED.iter().filter(|(id, _)| *id == client);
    own.any(|(_, registered)| {
        let Some((host, path)) = [("http://127.0.0.1", "/done"), ("http://[::1]", "/done")]
            .into_iter()
            .find(|(host, path)| *registered == format!("{host}{path}"))
        else {
            return uri == *registered;
        };
        let port = uri
            .strip_prefix(host)
            .and_then(|rest| rest.strip_suffix(path));
        port.is_some_and(|port| {
            let digits = port.strip_prefix(':');
            port.is_empty()
                || digits.is_some_and(|digits| {
                    digits.bytes().all(|byte| byte.is_ascii_digit())
                        && digits.parse::<u16>().is_ok_and(|it| it != 0)
                })
        })
    })
}

async fn goes_nowhere_else(
    target: &Target,
    client: &str,
    uri: &str,
    rest: &str,
) -> Result<(), TestCaseError> {
    let path = format!(
        "/oauth/authorize?response_type=code&client_id={client}&redirect_uri={}&scope=read{rest}\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        encode(uri)
    );
    if path.parse::<Uri>().is_err() {
        return Ok(());
    }
    let request = TestRequest::get()
        .uri(&path)
        .insert_header((COOKIE, target.cookie.as_str()));
    let reply = target.ask(request).await?;
    let allowed = is_registered(client, uri);
    match reply.location() {
        Some(location) if location.starts_with("/login?") => prop_assert!(allowed),
        Some(location) => {
            prop_assert!(allowed && location.starts_with(uri), "{location}");
        }
        // A page: of consent for those that are registered, of an error for the others.
        None => prop_assert_eq!(reply.status.as_u16() == 200, allowed),
    }
    Ok(())
}

#[test]
fn the_browser_is_sent_to_a_registered_redirect_uri_or_nowhere() {
    let client = prop::sample::select(vec!["service", "own", "native"]);
    let uri = prop_oneof![6 => bent(), 1 => "[ -~]{0,60}", 1 => any::<String>()];
    let corpus = REGISTERED
        .map(|(client, uri)| (client, uri.to_owned()))
        .into_iter()
        .chain([
            ("native", "http://127.0.0.1:65535/done".to_owned()),
            ("native", "http://127.0.0.1:00080/done".to_owned()),
            ("native", "http://127.0.0.1:80@evil.com/done".to_owned()),
            ("service", "https://app.example.com/cb\0".to_owned()),
            ("own", String::from("https://own.example.com/cb%00")),
        ]);
    // An empty one counts as left out, which is another matter.
    let inputs = (client, uri).prop_filter("empty", |(_, uri)| !uri.is_empty());
    fuzz(
        "tests/oauth2/fuzz/redirect.regressions",
        corpus,
        inputs,
        async |target, (client, uri)| goes_nowhere_else(target, client, &uri, "").await,
    );
}

#[test]
fn no_other_parameter_leads_the_browser_elsewhere() {
    let name = prop::sample::select(vec![
        "state",
        "prompt",
        "max_age",
        "response_mode",
        "scope",
        "nonce",
        "redirect_uri",
        "client_id",
        "x",
        "%00",
        "rf_asked_again",
    ]);
    let value = prop_oneof![
        any::<String>().prop_map(|text| encode(&text)),
        "[!-~&&[^#]]{0,60}".prop_map(|it| it)
    ];
    let inputs = (
        prop::sample::select(REGISTERED.to_vec()),
        vec((name, value), 0..5),
    );
    let corpus = [(
        REGISTERED[0],
        vec![("state", encode("\r\nLocation: https://evil.com"))],
    )];
    fuzz(
        "tests/oauth2/fuzz/parameter.regressions",
        corpus,
        inputs,
        async |target, ((client, uri), extra)| {
            let rest: String = extra
                .iter()
                .map(|(name, value)| format!("&{name}={value}"))
                .collect();
            let path = format!(
                "/oauth/authorize?response_type=code&client_id={client}&redirect_uri={}{rest}",
                encode(uri)
            );
            if path.parse::<Uri>().is_err() {
                return Ok(());
            }
            let request = TestRequest::get()
                .uri(&path)
                .insert_header((COOKIE, target.cookie.as_str()));
            let reply = target.ask(request).await?;
            if let Some(location) = reply.location() {
                let ours = location.starts_with("/login?") || location.starts_with(uri);
                prop_assert!(ours, "{location}");
            }
            Ok(())
        },
    );
}
