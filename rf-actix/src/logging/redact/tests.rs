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
        "private_key",
        "db.password",
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
fn statements_lose_their_literals() {
    assert_eq!(
        sql("SELECT a1 FROM t2 WHERE b = 'it''s' AND c IN (1, 2.5) AND d = $1"),
        "SELECT a1 FROM t2 WHERE b = ? AND c IN (?, ?) AND d = $1"
    );
    assert_eq!(sql("x = 'never closed"), "x = ?");
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
