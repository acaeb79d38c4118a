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

/// Variables, and what the refusal must say.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

#[test]
fn each_mistake_names_its_key_and_what_to_write() {
    let cases: &[Case] = &[
        (
            &[("RF_SERVER__BNID", "x")],
            &["RF_SERVER__BNID", "server.bnid", "did you mean `bind`"],
        ),
        (
            &[("RF_SERVER__BIND", "everywhere")],
            &["server.bind", "127.0.0.1:8080"],
        ),
        (&[("RF_SERVER__DRAIN", "soon")], &["server.drain", "\"1h\""]),
        (
            &[("RF_OAUTH2__CODE_TTL", "soon")],
            &["oauth2.code_ttl", "\"1h\""],
        ),
        (
            &[("RF_OAUTH2__ISSUER", "not a url")],
            &["oauth2.issuer", "http"],
        ),
        (
            &[("RF_DATABASE__URL", "oracle://x")],
            &["database.url", "sqlite://"],
        ),
        (
            &[("RF_DATABASE__URL", "postgres://nobody@127.0.0.1:1/none")],
            &["database.url"],
        ),
        (
            &[("RF_STORAGE__DISKS__DRIVE__DRIVER", "floppy")],
            &["storage.disks.drive", "local"],
        ),
        (
            &[("RF_STORAGE__DISKS__DRIVE__MAX_SIZE", "huge")],
            &["storage.disks.drive.max_size", "5MiB"],
        ),
        (&[("RF_STORAGE__DEFAULT", "nowhere")], &["storage.default"]),
        (&[("RF_LOGGING__LEVEL", "loud")], &["logging.level", "info"]),
        (
            &[("RF_LOGGING__OUTPUTS", "[{ to = \"printer\" }]")],
            &["logging.outputs[0]", "stdout"],
        ),
        (
            &[("RF_LOGGING__OUTPUTS", "[{ syslog = \"unix:///dev/log\" }]")],
            &["logging.outputs[0]"],
        ),
        (
            &[("RF_METRICS__PATH", "metrics")],
            &["metrics.path", "/metrics"],
        ),
        (
            &[("RF_OAUTH2__PASSWORD_GRANT", "true")],
            &["oauth2.password_grant"],
        ),
        (
            &[("RF_CONFIG", "no/such.toml")],
            &["no/such.toml", "cannot be read"],
        ),
    ];
    for (variables, parts) in cases {
        let said = refusal(None, variables);
        for part in *parts {
            assert!(said.contains(part), "{said:?} does not say {part:?}");
        }
    }
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
        said.contains("server.bind") && said.contains("in use"),
        "{said}"
    );
}
