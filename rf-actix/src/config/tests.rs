#![allow(clippy::unwrap_used, reason = "tests")]

use super::super::{ConfigError, Sources};

fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Sources::new()
        .text("rf.toml", text)
        .variables(variables)
        .load()
        .unwrap_err()
        .to_string()
}

#[test]
fn an_unknown_key_is_named_with_its_file_and_a_near_one() {
    let said = refusal("[server]\nbnd = \"127.0.0.1:1\"", &[]);
    assert!(
        said.starts_with("rf.toml: server.bnd: unknown key, did you mean `bind`?"),
        "{said}"
    );
}

#[test]
fn an_unknown_section_is_refused() {
    let said = refusal("[sever]\nbind = \"127.0.0.1:1\"", &[]);
    assert!(
        said.starts_with("rf.toml: sever: unknown key, did you mean `server`?"),
        "{said}"
    );
}

#[test]
fn a_bad_duration_says_how_one_is_written() {
    let said = refusal("[server]\ndrain = \"soon\"", &[]);
    assert_eq!(
        said,
        "rf.toml: server.drain: \"soon\" is not a duration, write for example \"500ms\", \"1h\" or \"30d\""
    );
}

#[test]
fn a_bad_variable_is_named_as_the_variable() {
    let said = refusal("", &[("RF_SERVER__WORKERS", "many")]);
    assert!(
        said.starts_with("RF_SERVER__WORKERS: server.workers: "),
        "{said}"
    );
    let said = refusal("", &[("RF_SERVER__WRKERS", "2")]);
    assert!(
        said.starts_with("RF_SERVER__WRKERS: server.wrkers: unknown key"),
        "{said}"
    );
}

#[test]
fn one_underscore_too_few_is_noticed() {
    let said = refusal("", &[("RF_DATABASE_URL", "sqlite://x.db")]);
    assert!(said.contains("write RF_DATABASE__URL"), "{said}");
}

#[test]
fn a_variable_that_names_no_key_is_refused() {
    for name in ["RF_SERVER", "RF_BIND", "RF_"] {
        let said = refusal("", &[(name, "1")]);
        assert!(said.starts_with(&format!("{name}: ")), "{said}");
        assert!(said.ends_with("write RF_<SECTION>__<KEY>"), "{said}");
    }
}

#[test]
fn a_section_made_by_a_variable_is_told_as_the_variable() {
    let said = refusal("[server]", &[("RF_SEVER__BIND", "x")]);
    assert!(
        said.starts_with("RF_SEVER__BIND: sever: unknown key, did you mean `server`?"),
        "{said}"
    );
}

#[test]
fn an_error_found_later_is_told_with_its_origin() {
    let config = Sources::new()
        .text("rf.toml", "[server]\nbind = \"127.0.0.1:1\"")
        .variables([("RF_SERVER__DRAIN".to_owned(), "2s".to_owned())])
        .load()
        .unwrap();
    let said = |key: &str| config.located(ConfigError::new(key, "no")).to_string();
    assert_eq!(said("server.bind"), "rf.toml: server.bind: no");
    assert_eq!(said("server.drain"), "RF_SERVER__DRAIN: server.drain: no");
    assert_eq!(
        said("server"),
        "rf.toml with RF_SERVER__DRAIN: server: no",
        "either may be at fault"
    );
    let known = ConfigError::new("server.bind", "no").at("elsewhere");
    assert_eq!(config.located(known.clone()), known);
}

#[test]
fn a_value_of_the_wrong_kind_is_told_in_plain_words() {
    for (text, wanted) in [
        ("workers = \"many\"", "write a number, for example 2"),
        ("workers = -1", "write a number, for example 2"),
        ("bind = 8080", "write text in quotes, for example \"name\""),
        (
            "drain = 5",
            "a duration needs its unit, write for example \"5s\"",
        ),
        (
            "drain = true",
            "write a duration with its unit, for example \"5s\"",
        ),
        (
            "trusted_proxies = \"10.0.0.1\"",
            "write a list, for example [\"10.0.0.1\"]",
        ),
        (
            "trusted_proxies = [\"proxy\"]",
            "not an IP address, write one, for example \"10.0.0.1\"",
        ),
    ] {
        let said = refusal(&format!("[server]\n{text}"), &[]);
        assert!(said.ends_with(wanted), "{said}");
        assert!(said.starts_with("rf.toml: server."), "{said}");
    }
    let said = refusal("server = 1", &[]);
    assert!(said.contains("write a table, for example {"), "{said}");
}

#[test]
fn a_file_that_is_not_toml_is_told_in_one_line_with_its_number() {
    let said = refusal("[server]\nbind = ", &[]);
    assert!(said.starts_with("rf.toml: line 2: not TOML"), "{said}");
    assert!(!said.contains('\n'), "{said}");
}

#[cfg(feature = "oauth2")]
#[test]
fn a_url_of_no_database_is_refused_without_showing_it() {
    let said = refusal("[database]\nurl = \"oracle://scott:tiger@host/db\"", &[]);
    assert!(
        said.starts_with("rf.toml: database.url: not a database url"),
        "{said}"
    );
    assert!(!said.contains("tiger"), "{said}");
}

#[test]
fn an_address_without_a_port_and_no_workers_are_refused() {
    assert!(refusal("[server]\nbind = \"localhost\"", &[]).contains("server.bind"));
    assert!(refusal("[server]\nworkers = 0", &[]).contains("server.workers"));
    let said = refusal("[server]\nworkers = 513", &[]);
    assert_eq!(
        said,
        "rf.toml: server.workers: 513 is out of range, write 1 to 512, or leave it out"
    );
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let said = Sources::new()
        .file("no/such/rf.toml")
        .load()
        .unwrap_err()
        .to_string();
    assert!(
        said.starts_with("no/such/rf.toml: cannot be read"),
        "{said}"
    );
}

#[test]
fn variables_go_on_top_and_take_the_kind_their_key_needs() {
    let variables = [
        ("RF_SERVER__WORKERS", "3"),
        ("RF_SERVER__BIND", "127.0.0.1:0"),
        ("RF_SERVER__TRUSTED_PROXIES", "[\"10.0.0.1\"]"),
        ("OTHER", "left alone"),
    ];
    let config = Sources::new()
        .text("rf.toml", "[server]\nbind = \"127.0.0.1:1\"\nworkers = 1")
        .variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .load()
        .unwrap();
    assert_eq!(config.server.workers, Some(3));
    assert_eq!(config.server.bind, "127.0.0.1:0");
    assert_eq!(config.server.trusted_proxies.len(), 1);
}

#[cfg(feature = "oauth2")]
#[test]
fn debug_output_shows_no_password() {
    let config = Sources::new()
        .text("rf.toml", "[database]\nurl = \"sqlite://user:hunter2@x\"")
        .load()
        .unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}
