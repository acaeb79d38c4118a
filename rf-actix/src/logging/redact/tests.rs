use super::*;

#[test]
fn keys_of_secrets_are_known_in_any_case_and_compound() {
    for key in [
        "Authorization",
        "PROXY-AUTHORIZATION",
        "cookie",
        "Set-Cookie",
        "x-api-key",
        "X_API_KEY",
        "apiKey",
        "password",
        "passwordHash",
        "client_secret",
        "secret_key",
        "token",
        "accessToken",
        "refresh_token",
        "token_hash",
        "pwd",
        "credentials",
        "X-Amz-Credential",
        "private_key",
        "db.password",
        "password1",
        "password2_hash",
        "DBPassword",
        "AWSSecretKey",
        "secrets",
        "passwords",
        "IDToken",
    ] {
        assert!(is_secret_key(key), "{key}");
    }
}

#[test]
fn keys_that_only_sound_alike_are_not_touched() {
    for key in [
        "key",
        "keys",
        "token_type",
        "token_endpoint",
        "tokens",
        "author",
        "secretary",
        "url_key_id",
        "max_tokens",
        "sha256",
        "ApiVersion",
        "passed",
        "",
    ] {
        assert!(!is_secret_key(key), "{key}");
    }
}

#[test]
fn texts_lose_what_is_named_as_secret() {
    for (text_with, without) in [
        ("password=hunter2", "password=[redacted]"),
        ("a&client_secret=hunter2&b", "a&client_secret=[redacted]&b"),
        (
            "{\"password\":\"hunter2\",\"a\":1}",
            "{\"password\":\"[redacted]\",\"a\":1}",
        ),
        (
            "{\"password\": \"hunter2\"}",
            "{\"password\": \"[redacted]\"}",
        ),
        (
            "Authorization: Bearer abc, def\nHost: x",
            "Authorization: [redacted]\nHost: x",
        ),
        ("cookie: a=b; c=d", "cookie: [redacted]"),
        (
            "sent Bearer abcdefghijkl.mno to x",
            "sent Bearer [redacted] to x",
        ),
        ("basic dXNlcjpwYXNzd29yZA==", "basic [redacted]"),
        (
            "postgres://app:hunter2@db/app",
            "postgres://[redacted]@db/app",
        ),
        ("https://user@host/p@th", "https://[redacted]@host/p@th"),
        (
            "/callback?state=x&code=abc#f",
            "/callback?state=x&code=[redacted]#f",
        ),
        ("code=abc&state=x", "code=[redacted]&state=x"),
        ("/x?access_token=a&b=c", "/x?access_token=[redacted]&b=c"),
        ("é password='a b' é", "é password='[redacted]' é"),
    ] {
        assert_eq!(Redactor::default().text(text_with), without);
    }
}

#[test]
fn harmless_texts_are_borrowed_as_they_are() {
    for harmless in [
        "exit code=404",
        "\"code=404\"",
        "http://localhost:8080/@user",
        "http://[::1]:80/@user",
        "password: None, x",
        "password: true",
        "unexpected token: `}`",
        "bearer token missing",
        "basic auth required",
        "https://example.com/@user",
        "mail a@b.c",
        "12:30:00 a=b",
        "password=[redacted]",
        "token: ",
        "=:",
        "",
        "://",
    ] {
        assert!(
            matches!(Redactor::default().text(harmless), Cow::Borrowed(same) if same == harmless),
            "{harmless}: {}",
            Redactor::default().text(harmless)
        );
    }
}

#[test]
fn values_are_replaced_as_a_whole_however_they_are_written() {
    for (text_with, without) in [
        // What `Debug` writes.
        (
            "Login { name: \"ada\", password: Some(\"hunter2\"), age: 5 }",
            "Login { name: \"ada\", password: [redacted], age: 5 }",
        ),
        (
            "Login {\n    password: Some(\n        \"hunter2\",\n    ),\n    age: 5 }",
            "Login {\n    password: [redacted],\n    age: 5 }",
        ),
        (
            "password: SecretString(\"a)b\"), x",
            "password: [redacted], x",
        ),
        (
            "Reset { token: \"hunter2\" }",
            "Reset { token: \"[redacted]\" }",
        ),
        (
            "Reset { token: Some(\"hunter2\") }",
            "Reset { token: [redacted] }",
        ),
        ("secret_key: [104, 117], x", "secret_key: [redacted], x"),
        (
            "{\"cookie\": Value { inner: [\"sid=hunter2\"] }, \"host\": Value { inner: [\"x\"] }}",
            "{\"cookie\": [redacted], \"host\": Value { inner: [\"x\"] }}",
        ),
        (
            "authorization: Some(\"Bearer abc\"), x",
            "authorization: [redacted], x",
        ),
        ("password=Some(\"hunter2\") x", "password=[redacted] x"),
        // JSON, as it is and inside a text.
        (
            "{\"password\":[\"x\",\"]y\"],\"a\":1}",
            "{\"password\":[redacted],\"a\":1}",
        ),
        (
            "password: \"hun\\\"ter2\", x",
            "password: \"[redacted]\", x",
        ),
        (
            "password: \"hunter2\\\\\", x",
            "password: \"[redacted]\", x",
        ),
        (
            "\"{\\\"password\\\":\\\"hun\\\\\\\"ter2\\\",\\\"a\\\":1}\"",
            "\"{\\\"password\\\":\\\"[redacted]\\\",\\\"a\\\":1}\"",
        ),
        // TOML.
        (
            "password = \"hunter2\"\nx = 1",
            "password = \"[redacted]\"\nx = 1",
        ),
        ("password = 'hunter2'", "password = '[redacted]'"),
        // Headers.
        (
            "cookie: sid=\"hunter2\"; a\nhost: x",
            "cookie: [redacted]\nhost: x",
        ),
        (
            "[\"cookie: sid=hunter2\", \"host: x\"]",
            "[\"cookie: [redacted]\", \"host: x\"]",
        ),
        (
            "[\"cookie: sid=\\\"hunter2\\\"\", \"host: x\"]",
            "[\"cookie: [redacted]\", \"host: x\"]",
        ),
        // Where it ends cannot be told.
        ("password: Some(\"hunter2", "password: [redacted]"),
        ("password: \"hunter2, and more", "password: \"[redacted]"),
    ] {
        assert_eq!(Redactor::default().text(text_with), without);
        // What was replaced stays as it is.
        assert_eq!(Redactor::default().text(without), without);
    }
}

#[test]
fn addresses_lose_what_opens_doors() {
    for (text_with, without) in [
        (
            "/f?expires=1&signature=abc",
            "/f?expires=1&signature=[redacted]",
        ),
        (
            "https://s3/a?X-Amz-Credential=AK%2F1&X-Amz-Signature=abc&x=1",
            "https://s3/a?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&x=1",
        ),
        (
            "a=b&client_assertion=ey.ey.x",
            "a=b&client_assertion=[redacted]",
        ),
        (
            "HttpRequest GET:/cb\n  query: ?\"code=abc&state=x\"",
            "HttpRequest GET:/cb\n  query: ?\"code=[redacted]&state=x\"",
        ),
        (
            "postgres://app:hun/ter2@db/app",
            "postgres://[redacted]@db/app",
        ),
        (
            "postgres://app:hun?ter#2@db/app",
            "postgres://[redacted]@db/app",
        ),
    ] {
        assert_eq!(Redactor::default().text(text_with), without);
    }
}

#[test]
fn no_text_is_read_to_its_end_for_each_of_its_words() {
    // What ends behind so much is not looked for.
    let far = format!("://app:x/{}@db", "y".repeat(LONGEST_USERINFO));
    assert_eq!(Redactor::default().text(&far), far);
    let far = format!("token: {}(x)", "y".repeat(200));
    assert_eq!(Redactor::default().text(&far), far);
}

#[test]
fn an_application_adds_names_of_its_own() {
    let redactor = Redactor::new(vec!["card_number".to_owned()]);
    assert!(redactor.is_secret_key("Card_Number") && !redactor.is_secret_key("card"));
    assert_eq!(
        redactor.text("paid with card_number=4111 by me"),
        "paid with card_number=[redacted] by me"
    );
    let mut nested = serde_json::json!({ "card_number": 4111, "amount": 5 });
    redactor.nested(&mut nested);
    assert_eq!(
        nested,
        serde_json::json!({ "card_number": "[redacted]", "amount": 5 })
    );
}
