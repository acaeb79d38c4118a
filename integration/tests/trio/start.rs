//! Starts, ends, and configurations that cannot be used.

use super::process::{
    AUTHORIZATION_SERVER, Browser, RESOURCE_SERVER, Running, SIGN_IN, command, location,
};

#[tokio::test]
async fn people_and_who_is_signed_in_outlive_a_restart() {
    let variables = [
        ("RF_SERVER__BIND", "127.0.0.1:0"),
        ("RF_LOGGING__OUTPUTS", "[{ file = \"app.log\" }]"),
    ];
    let server = Running::start(AUTHORIZATION_SERVER, &variables);
    let browser = Browser::new();
    let form = [
        ("name", "ada"),
        ("password", "lovelace-1843"),
        ("return_to", "//evil.example.com"),
    ];
    let joined = browser
        .post(&format!("{}/sign-up", server.base), &form)
        .await;
    assert_eq!(
        location(&joined),
        format!("{}/", server.base),
        "no way to another site"
    );
    let taken = browser
        .post(&format!("{}/sign-up", server.base), &form)
        .await;
    assert_eq!(taken.status(), 400);
    let (status, dir) = server.stop();
    assert_eq!(status.code(), Some(0));

    let server = Running::start_in(dir, AUTHORIZATION_SERVER, &variables);
    // Cookies know hosts, not ports.
    let account = browser
        .get(&format!("{}/", server.base))
        .await
        .text()
        .await
        .unwrap();
    assert!(account.contains("Hello, ada"), "{account}");
    let sign_in = format!("{}/sign-in", server.base);
    let stranger = Browser::new();
    for (name, password) in [("ada", "wrong"), ("nobody", "lovelace-1843")] {
        let refused = stranger
            .post(&sign_in, &[("name", name), ("password", password)])
            .await;
        assert_eq!(refused.status(), 403);
    }
    let foreign = stranger
        .0
        .post(&sign_in)
        .header("sec-fetch-site", "cross-site")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403, "another site signs nobody in");
    let right = stranger
        .post(&sign_in, &[("name", "ada"), ("password", "lovelace-1843")])
        .await;
    assert_eq!(right.status(), 303);
    // Neither the database nor the log holds the password.
    for file in ["var/people.db", "var/people.db-wal", "app.log"] {
        let bytes = std::fs::read(server.dir.path().join(file)).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("lovelace-1843"),
            "{file}"
        );
    }
}

#[test]
fn each_mistake_is_one_line_that_says_what_to_write() {
    let cases = [
        (
            AUTHORIZATION_SERVER,
            "RF_SERVER__BIND",
            "192.0.2.1:0",
            "free address",
        ),
        (
            AUTHORIZATION_SERVER,
            "RF_OAUTH2__ISSUER",
            "http://id.example.com",
            "https",
        ),
        (RESOURCE_SERVER, "CHECK", "perhaps", "introspection"),
        (RESOURCE_SERVER, "ISSUER", "id", "https://id.example.com"),
        (RESOURCE_SERVER, "AUDIENCE", "", "audience"),
        (SIGN_IN, "COOKIE_SECRET", "short", "32 random bytes"),
        (
            SIGN_IN,
            "PUBLIC_URL",
            "http://shop.example.com",
            "https://app.example.com/sign-in",
        ),
        (SIGN_IN, "ISSUER", "http://id.example.com", "https"),
    ];
    for (program, variable, value, advice) in cases {
        let dir = tempfile::tempdir().unwrap();
        let output = command(dir.path(), program)
            .env("BIND", "127.0.0.1:0")
            .env(variable, value)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.contains(advice), "{variable}={value}: {said}");
    }
}
