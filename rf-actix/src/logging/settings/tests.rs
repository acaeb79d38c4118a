#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn read(text: &str) -> Result<LoggerBuilder, String> {
    let settings: LoggingSettings = toml::from_str(text).map_err(|error| error.to_string())?;
    settings.builder().map_err(|error| error.to_string())
}

#[test]
fn an_empty_section_is_valid() {
    let _builder = read("").unwrap();
}

#[test]
fn every_refusal_names_its_key_and_says_what_to_write() {
    for (text, parts) in [
        ("level = 'loud'", ["level", "`warn`"]),
        ("directives = 'sqlx'", ["directives", "sqlx=warn"]),
        ("slow_request = 'soon'", ["slow_request", "500ms"]),
        ("colour = true", ["colour", "`level`"]),
        ("[[outputs]]\nto = 'printer'", ["to", "`stdout`"]),
        (
            "[[outputs]]\nto = 'stdout'\nformat = 'xml'",
            ["format", "`json`"],
        ),
        (
            "[[outputs]]\nto = 'stdout'\noverflow = 'wait'",
            ["overflow", "`block`"],
        ),
        (
            "[[outputs]]\nto = 'stdout'\nlevel = 'loud'",
            ["level", "`warn`"],
        ),
        (
            "[[outputs]]\nfile = 'a.log'\nhourly = true",
            ["hourly", "`file`"],
        ),
        ("[[outputs]]\nfile = ''", ["outputs[0].file", "var/app.log"]),
        (
            "[[outputs]]\nsyslog = '/dev/log'",
            ["outputs[0].syslog", "unix:///dev/log"],
        ),
        (
            "[[outputs]]\nsyslog = 'unix:///dev/log'\nformat = 'json'",
            ["outputs[0].format", "RFC 5424"],
        ),
        (
            "[[outputs]]\nsyslog = 'unix:///dev/log'\nfacility = 'mine'",
            ["outputs[0].facility", "local0"],
        ),
        (
            "[[outputs]]\nsyslog = 'unix:///dev/log'\ngzip = true",
            ["outputs[0].gzip", "a file"],
        ),
        (
            "[[outputs]]\nto = 'stdout'\nfacility = 'daemon'",
            ["outputs[0].facility", "syslog"],
        ),
        (
            "[[outputs]]\nfile = 'a.log'\nkeep = 3",
            ["outputs[0].keep", "daily = true"],
        ),
        (
            "[[outputs]]\nfile = 'a.log'\nmax_size = 'much'",
            ["max_size", "5MiB"],
        ),
        (
            "[[outputs]]\nfile = 'a.log'\nmax_size = 0",
            ["outputs[0].max_size", "100MiB"],
        ),
        (
            "[[outputs]]\nto = 'stdout'\nqueue = 0",
            ["outputs[0].queue", "lines"],
        ),
        (
            "[channels.audit]\noutputs = [{ file = '' }]",
            ["channels.audit.outputs[0].file", "var/app.log"],
        ),
        ("[channels.audit]\nlevels = 'info'", ["levels", "`level`"]),
        (
            "[[outputs]]\nto = 'stdout'\n[[outputs]]\nformat = 'json'",
            ["outputs[1]", "to = \"stdout\""],
        ),
        (
            "[[outputs]]\nto = 'stdout'\nfile = 'a.log'",
            ["outputs[0]", "an output for each"],
        ),
    ] {
        let error = read(text).map(drop).unwrap_err();
        assert!(
            parts.iter().all(|part| error.contains(part)),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_file_is_json_and_a_stream_is_pretty_unless_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let settings: LoggingSettings = toml::from_str(&format!(
        "outputs = [{{ file = {path:?}, level = 'warn' }}]"
    ))
    .unwrap();
    let logger = Logger::from_settings(&settings).unwrap();
    slog::warn!(logger.slog(), "kept");
    slog::info!(logger.slog(), "not important enough");
    logger.shutdown().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["msg"], "kept");
}

#[test]
fn channels_that_cannot_be_stacked_are_refused_by_name() {
    for (text, parts) in [
        ("[channels.a]", ["\"a\"", "goes nowhere"]),
        ("[channels.a]\nalso = ['b']", ["\"a\"", "\"b\""]),
        (
            "[channels.a]\nalso = ['b']\n[channels.b]\nalso = ['a']",
            ["\"a\"", "on itself"],
        ),
        (
            "[channels.default]\noutputs = [{ to = 'stdout' }]",
            ["\"default\"", "of its own"],
        ),
    ] {
        let error = read(text).unwrap().build().unwrap_err().to_string();
        assert!(
            parts.iter().all(|part| error.contains(part)),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_channel_of_the_configuration_has_its_own_file_and_gets_copies_of_its_targets() {
    let folder = tempfile::tempdir().unwrap();
    let (app, audit) = (
        folder.path().join("app.log"),
        folder.path().join("audit.log"),
    );
    let settings: LoggingSettings = toml::from_str(&format!(
        "level = 'warn'\noutputs = [{{ file = {app:?} }}]\ncontext = {{ service = 'drive' }}\n\
         [channels.audit]\nlevel = 'info'\noutputs = [{{ file = {audit:?} }}]\ntargets = ['rf::oauth2']\n\
         [channels.both]\nalso = ['default', 'audit']\ntargets = ['rf::oauth2']"
    ))
    .unwrap();
    let logger = Logger::from_settings(&settings).unwrap();
    logger.share("instance", "7");
    slog::info!(logger.channel("audit").unwrap().slog(), "role granted"; "channel" => "spoofed");
    slog::warn!(logger.channel("both").unwrap().slog(), "to both");
    logger.log_event(Level::Warn, "rf::oauth2::grant", "token refused", &[]);
    slog::warn!(logger.slog(), "to the app");
    slog::info!(logger.slog(), "to nobody");
    assert!(logger.channel("other").is_err());
    logger.shutdown().unwrap();
    let read = |path| -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let messages = |lines: &[serde_json::Value]| -> Vec<String> {
        lines
            .iter()
            .map(|line| line["msg"].as_str().unwrap().to_owned())
            .collect()
    };
    let (app, audit) = (read(app), read(audit));
    assert_eq!(messages(&app), ["to both", "token refused", "to the app"]);
    assert_eq!(
        messages(&audit),
        ["role granted", "to both", "token refused"]
    );
    assert_eq!(
        (
            &audit[0]["channel"],
            &audit[0]["field.channel"],
            &audit[0]["service"],
            &audit[0]["instance"]
        ),
        (
            &"audit".into(),
            &"spoofed".into(),
            &"drive".into(),
            &"7".into()
        )
    );
    assert_eq!(app[2].get("channel"), None);
}

#[test]
fn a_channel_with_a_level_of_its_own_misses_nothing_of_its_targets() {
    let folder = tempfile::tempdir().unwrap();
    let (app, audit) = (
        folder.path().join("app.log"),
        folder.path().join("audit.log"),
    );
    let settings: LoggingSettings = toml::from_str(&format!(
        "level = 'warn'\ndirectives = 'rf::oauth2::grant=off'\noutputs = [{{ file = {app:?} }}]\n\
         sampling = [{{ target = '', first = 0, then_every = 0 }}]\n\
         [channels.audit]\nlevel = 'info'\noutputs = [{{ file = {audit:?} }}]\ntargets = ['rf::oauth2']\n\
         [channels.copies]\noutputs = [{{ file = {app:?} }}]\ntargets = ['rf::oauth2', 'rf::storage']"
    ))
    .unwrap();
    let logger = Logger::from_settings(&settings).unwrap();
    let log = |level, target, message| logger.log_event(level, target, message, &[]);
    log(Level::Info, "rf::oauth2", "below the level");
    log(Level::Error, "rf::oauth2::grant", "silenced by a directive");
    log(Level::Warn, "rf::oauth2", "left out by sampling");
    log(
        Level::Warn,
        "rf::storage",
        "left out by sampling, of another",
    );
    log(Level::Debug, "rf::oauth2", "too detailed");
    log(Level::Warn, "rf::metrics", "nobody's");
    log(Level::Info, "rf::storage", "nobody's");
    slog::log!(logger.slog(), slog::Level::Info, "rf::oauth2", "by slog");
    logger.set_level(Level::Error);
    log(Level::Info, "rf::oauth2", "below the level of later");
    assert!(logger.enabled(Level::Info, "rf::oauth2") && !logger.enabled(Level::Info, "rf"));
    assert_eq!(
        logger.pipeline.tuning.most_detailed(),
        Some(Level::Info),
        "what libraries are told to offer"
    );
    logger.shutdown().unwrap();
    let messages = |path| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines
            .filter(|line| line["target"] != "rf::logging")
            .map(|line| line["msg"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        messages(audit),
        [
            "below the level",
            "silenced by a directive",
            "left out by sampling",
            "by slog",
            "below the level of later"
        ]
    );
    assert_eq!(
        messages(app),
        ["left out by sampling", "left out by sampling, of another"],
        "copies of a channel without a level of its own"
    );
    assert_eq!(logger.stats().suppressed(), 3);
}
