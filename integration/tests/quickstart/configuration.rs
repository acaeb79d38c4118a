//! A configuration that cannot be used: exit code 2 and one line that says which key and what to write.

use super::app::{App, command};
use std::fs;

/// The one line the quickstart says of these variables, after it ended with code 2.
fn refusal(file: Option<&str>, variables: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    if let Some(file) = file {
        fs::write(dir.path().join("rf.toml"), file).unwrap();
    }
    let output = command(dir.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    said.trim_end().to_owned()
}

/// A variable, its value, the key that the refusal must name, and what it must say to write.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn each_mistake_names_its_variable_its_key_and_what_to_write() {
    let cases: &[Case] = &[
        ("RF_SERVER__BNID", "x", "server.bnid", "did you mean `bind`"),
        (
            "RF_SERVER__BIND",
            "everywhere",
            "server.bind",
            "127.0.0.1:8080",
        ),
        (
            "RF_SERVER__BIND",
            "192.0.2.1:0",
            "server.bind",
            "write one that is, or 0.0.0.0",
        ),
        (
            "RF_SERVER__WORKERS",
            "1000000",
            "server.workers",
            "write 1 to 512",
        ),
        (
            "RF_SERVER__WORKERS",
            "many",
            "server.workers",
            "write a number, for example 2",
        ),
        ("RF_SERVER__DRAIN", "soon", "server.drain", r#""1h""#),
        (
            "RF_SERVER__DRAIN",
            "5",
            "server.drain",
            r#"write for example "5s""#,
        ),
        (
            "RF_SERVER__TRUSTED_PROXIES",
            "10.0.0.1",
            "server.trusted_proxies",
            r#"write a list, for example ["10.0.0.1"]"#,
        ),
        (
            "RF_SERVER__TRUSTED_PROXIES",
            r#"["proxy"]"#,
            "server.trusted_proxies[0]",
            r#"for example "10.0.0.1""#,
        ),
        (
            "RF_SEVER__BIND",
            "127.0.0.1:0",
            "sever",
            "did you mean `server`",
        ),
        ("RF_NOPE__X", "1", "nope", "remove it"),
        (
            "RF_DATABASE__URL",
            "sqlite:///proc/none/app.db",
            "database.url",
            "write a file in a folder that can be made",
        ),
        (
            "RF_DATABASE__URL",
            "oracle://x",
            "database.url",
            "sqlite://",
        ),
        (
            "RF_DATABASE__URL",
            "postgres://me:tiger@127.0.0.1:1/none",
            "database.url",
            "start the database or correct the url",
        ),
        ("RF_OAUTH2__CODE_TTL", "soon", "oauth2.code_ttl", r#""1h""#),
        ("RF_OAUTH2__ISSUER", "not a url", "oauth2.issuer", "http"),
        (
            "RF_OAUTH2__KEY_ENCRYPTION_KEY",
            "hush",
            "oauth2.key_encryption_key",
            "openssl rand",
        ),
        (
            "RF_OAUTH2__ACCESS_TOKEN",
            "1h",
            "oauth2.access_token",
            r#"write a table, for example { ttl = "1h" }"#,
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__MAX_SIZE",
            "huge",
            "storage.disks.drive.max_size",
            "5MiB",
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__ROOT",
            "",
            "storage.disks.drive.root",
            r#"for example "var/drive""#,
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__SERVE",
            "files",
            "storage.disks.drive.serve",
            r#"for example "/files""#,
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__SERVE",
            "/api",
            "storage.disks.drive.serve",
            r#"write another path, for example "/files""#,
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__SERVE",
            "/oauth/files",
            "storage.disks.drive.serve",
            "write another path",
        ),
        (
            "RF_STORAGE__DISKS__DRIVE__SERVE",
            "/metrics",
            "storage.disks.drive.serve",
            "write another path",
        ),
        (
            "RF_STORAGE__DEFAULT",
            "nowhere",
            "storage.default",
            "write one of: drive",
        ),
        (
            "RF_STORAGE__URL_KEY",
            "short",
            "storage.url_key",
            "write at least 16 random bytes",
        ),
        ("RF_LOGGING__LEVEL", "loud", "logging.level", "info"),
        (
            "RF_LOGGING__DIRECTIVES",
            "sqlx",
            "logging.directives",
            "sqlx=warn",
        ),
        (
            "RF_LOGGING__OUTPUTS",
            r#"[{ to = "printer" }]"#,
            "logging.outputs[0]",
            "stdout",
        ),
        (
            "RF_LOGGING__OUTPUTS",
            r#"[{ syslog = "nowhere" }]"#,
            "logging.outputs[0].syslog",
            "unix:///dev/log",
        ),
        (
            "RF_LOGGING__OUTPUTS",
            r#"[{ file = "/proc/app.log" }]"#,
            "logging.outputs",
            "write a file in a writable folder",
        ),
        ("RF_METRICS__PATH", "metrics", "metrics.path", "/metrics"),
        (
            "RF_METRICS__PATH",
            "/api",
            "metrics.path",
            r#"write another path, for example "/metrics""#,
        ),
        (
            "RF_METRICS__NAMESPACE",
            "my-app",
            "metrics.namespace",
            "use letters, digits",
        ),
    ];
    for (variable, value, key, remedy) in cases {
        let said = refusal(None, &[(variable, value)]);
        let start = format!("{variable}: {key}");
        assert!(
            said.starts_with(&start),
            "{said:?} does not start {start:?}"
        );
        assert!(said.contains(remedy), "{said:?} does not say {remedy:?}");
        assert!(!said.contains("tiger"), "{said:?} shows a password");
    }
}

#[test]
fn a_mistake_in_the_file_that_is_found_late_names_the_file() {
    for (text, key) in [
        ("[storage]\ndefault = \"nowhere\"", "storage.default"),
        ("[logging]\ndirectives = \"sqlx\"", "logging.directives"),
        ("[metrics]\npath = \"/health\"", "metrics.path"),
        (
            "[database]\nurl = \"postgres://me@127.0.0.1:1/none\"",
            "database.url",
        ),
    ] {
        let said = refusal(
            Some(&format!(
                "{text}\n[storage.disks.drive]\ndriver = \"local\"\nroot = \"var/drive\""
            )),
            &[("RF_SERVER__DRAIN", "1s")],
        );
        assert!(said.starts_with(&format!("rf.toml: {key}: ")), "{said}");
    }
}

#[test]
fn a_variable_that_is_no_key_is_refused() {
    for name in ["RF_SERVER", "RF_BIND"] {
        let said = refusal(None, &[(name, "1")]);
        assert!(said.starts_with(&format!("{name}: ")), "{said}");
        assert!(said.contains("write RF_<SECTION>__<KEY>"), "{said}");
    }
    let said = refusal(None, &[("RF_DATABASE_URL", "sqlite://x.db")]);
    assert!(said.contains("write RF_DATABASE__URL"), "{said}");
}

#[test]
fn a_driver_that_nobody_knows_names_the_variable_too() {
    let said = refusal(None, &[("RF_STORAGE__DISKS__DRIVE__DRIVER", "floppy")]);
    for part in [
        "RF_STORAGE__DISKS__DRIVE__DRIVER",
        "storage.disks.drive",
        "local",
    ] {
        assert!(said.contains(part), "{said:?} does not say {part:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said = refusal(None, &[("RF_CONFIG", "no/such.toml")]);
    assert!(said.starts_with("no/such.toml: cannot be read"), "{said}");
    assert!(said.contains("name a readable file in RF_CONFIG"), "{said}");
    let said = refusal(None, &[("RF_CONFIG", "")]);
    assert!(said.starts_with("RF_CONFIG: cannot be read"), "{said}");
}

#[test]
fn a_missing_secret_names_the_client() {
    let said = refusal(
        Some(
            "[[oauth2.clients]]\nid = \"job\"\nname = \"Job\"\ngrants = [\"client_credentials\"]\nscopes = []\n",
        ),
        &[],
    );
    assert!(
        said.starts_with("rf.toml: oauth2.clients[0].secret"),
        "{said}"
    );
    assert!(said.contains("secret_hash"), "{said}");
}

#[test]
fn an_unknown_key_in_a_file_names_the_file() {
    let said = refusal(Some("[server]\nbnd = \"127.0.0.1:0\"\n"), &[]);
    assert!(
        said.starts_with("rf.toml: server.bnd: unknown key, did you mean `bind`?"),
        "{said}"
    );
}

#[test]
fn a_port_in_use_is_told_as_such() {
    let app = App::start();
    let taken = app.base.trim_start_matches("http://");
    let said = refusal(None, &[("RF_SERVER__BIND", taken)]);
    assert!(
        said.starts_with("RF_SERVER__BIND: server.bind: ") && said.contains("write another port"),
        "{said}"
    );
}
