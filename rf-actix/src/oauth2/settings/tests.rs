//! Settings as people write them.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::OAuth2Settings;

fn read(text: &str) -> Result<OAuth2Settings, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

const GOOD: &str = r#"
    issuer = "http://127.0.0.1:8080"
    access_token = { format = "jwt", algorithm = "ES256", ttl = "1h", check = "cached" }
    refresh_token = { ttl = "30d", idle = "14d", rotate = true, grace = "10s" }
    code_ttl = "60s"
    password_grant = false
    audience = "quickstart"
    scopes = { "files:read" = "See your files", "files:write" = "Add and remove your files" }

    [[clients]]
    id = "demo-web"
    name = "Demo web app"
    secret = "demo-secret"
    grants = ["authorization_code", "refresh_token"]
    redirect_uris = ["http://127.0.0.1:8080/callback"]
    scopes = ["files:read", "files:write"]

    [[users]]
    name = "demo"
    password = "demo"
"#;

#[test]
fn the_settings_of_the_quickstart_are_read_and_valid() {
    let settings = read(GOOD).unwrap();
    settings.validate().unwrap();
    assert_eq!(settings.audience(), "quickstart");
    assert_eq!(settings.scopes.text("files:read"), Some("See your files"));
    assert!(!format!("{settings:?}").contains("demo-secret"));
}

#[test]
fn what_is_unknown_is_refused_when_it_is_read() {
    for (text, said) in [
        ("access_token = { format = \"saml\" }", "\"opaque\""),
        ("access_token = { algorithm = \"HS256\" }", "\"RS256\""),
        ("key_encryption_key = \"hush\"", "openssl rand"),
        ("access_token = { check = \"never\" }", "\"cached\""),
        ("access_token = { ttl = \"soon\" }", "\"1h\""),
        ("isuer = \"x\"", "isuer"),
        ("[[clients]]\ngrants = [\"implicit\"]", "authorization_code"),
        (
            "[[clients]]\nauth_method = \"private_key_jwt\"",
            "client_secret_basic",
        ),
        ("[[clients]]\naccess_token_ttl = 5", "\"5s\""),
        ("scopes = { \"a\" = 1 }", "implies"),
        ("[[clients]]\nscopes = [\"a b\"]", "scope"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn a_value_that_cannot_be_used_is_refused_with_its_key() {
    for (from, to, key) in [
        (
            "http://127.0.0.1:8080\"\n",
            "http://example.com\"\n",
            "issuer",
        ),
        (
            "http://127.0.0.1:8080\"\n",
            "https://id.example.com/\"\n",
            "issuer",
        ),
        (
            "http://127.0.0.1:8080\"\n",
            "https://id.example.com?a\"\n",
            "issuer",
        ),
        (
            "http://127.0.0.1:8080\"\n",
            "HTTPS://id.example.com\"\n",
            "issuer",
        ),
        (
            "http://127.0.0.1:8080\"\n",
            "https:id.example.com\"\n",
            "issuer",
        ),
        ("http://127.0.0.1:8080\"\n", "nonsense\"\n", "issuer"),
        ("\"quickstart\"", "\"\"", "audience"),
        ("\"60s\"", "\"11m\"", "code_ttl"),
        ("\"10s\"", "\"10m\"", "refresh_token.grace"),
        ("\"1h\"", "\"0s\"", "access_token.ttl"),
        ("\"30d\"", "\"100y\"", "refresh_token.ttl"),
        (
            "\"authorization_code\", \"refresh_token\"",
            "\"password\"",
            "clients[0].grants",
        ),
        ("\"authorization_code\", ", "", "clients[0].grants"),
        (
            "secret = \"demo-secret\"",
            "auth_method = \"client_secret_post\"",
            "clients[0].auth_method",
        ),
        (
            "secret = \"demo-secret\"",
            "access_token_ttl = \"0s\"",
            "clients[0].access_token_ttl",
        ),
        (
            "secret = \"demo-secret\"",
            "refresh_token_ttl = \"100y\"",
            "clients[0].refresh_token_ttl",
        ),
        (
            "secret = \"demo-secret\"",
            "default_scopes = [\"files:read\", \"files:admin\"]",
            "clients[0].default_scopes[0]",
        ),
        (
            "audience =",
            "default_scopes = [\"files:raed\"]\naudience =",
            "default_scopes[0]",
        ),
        (
            "\"See your files\"",
            "{ text = \"x\", implies = [\"mail\"] }",
            "scopes.\"files:read\"",
        ),
        ("\"demo-web\"", "\"\"", "clients[0].id"),
        (
            "/callback\"]",
            "/callback\", \"http://example.com/\"]",
            "clients[0].redirect_uris[1]",
        ),
        (
            "secret = \"demo-secret\"",
            "secret = \"\"",
            "clients[0].secret",
        ),
        (
            "secret = \"demo-secret\"",
            "secret_hash = \"x\"",
            "clients[0].secret_hash",
        ),
        (
            "secret = \"demo-secret\"",
            "secret = \"a\"\nsecret_hash = \"b\"",
            "clients[0].secret_hash",
        ),
        (
            "scopes = [\"files:read\"",
            "scopes = [\"files:raed\"",
            "clients[0].scopes[0]",
        ),
        (
            "[[users]]",
            "[[clients]]\nid = \"demo-web\"\n[[users]]",
            "clients[1].id",
        ),
        ("password = \"demo\"", "", "users[0].password"),
        (
            "password = \"demo\"",
            "password = \"\"",
            "users[0].password",
        ),
        (
            "password = \"demo\"",
            "password_hash = \"x\"",
            "users[0].password_hash",
        ),
        ("name = \"demo\"", "name = \"\"", "users[0].name"),
        (
            "name = \"demo\"",
            "name = \"demo\"\npassword = \"x\"\n[[users]]\nname = \"demo\"",
            "users[1].name",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = read(&text).unwrap().validate().unwrap_err();
        assert_eq!(error.key, key, "{to}: {error}");
        assert!(!error.message.is_empty());
    }
}

#[test]
fn keys_that_rotate_all_the_time_and_opaque_tokens_without_a_database_are_refused() {
    for (text, key) in [
        ("key_rotation = \"59m\"", "key_rotation"),
        (
            "access_token = { format = \"opaque\", check = \"stateless\" }",
            "access_token.check",
        ),
    ] {
        assert_eq!(read(text).unwrap().validate().unwrap_err().key, key);
    }
    read("access_token = { format = \"opaque\", check = \"strict\" }")
        .unwrap()
        .validate()
        .unwrap();
}
