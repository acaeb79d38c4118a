//! Which module lives on which floor.

/// The parts of the suite; each works without the others.
pub(crate) const PARTS: [&str; 4] = ["storage", "oauth2", "logging", "metrics"];

/// Numbered as in ARCHITECTURE.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Floor {
    Language,
    Port,
    Adapter,
    Service,
    Protocol,
    Server,
    Http,
    Wiring,
}

impl Floor {
    pub(crate) fn may_import(self, to: Self) -> bool {
        match (self, to) {
            // An adapter stands beside its port: it is chosen by whoever builds the server, and by nobody else.
            (Self::Service | Self::Protocol | Self::Http, Self::Adapter) => false,
            _ => self >= to,
        }
    }

    pub(crate) fn may_speak_http(self) -> bool {
        self >= Self::Http
    }
}

const ROOMS: &[(&str, &str, Floor)] = &[
    ("storage", "configure", Floor::Wiring),
    ("storage", "serve", Floor::Http),
    ("storage", "upload", Floor::Http),
    ("storage", "extract", Floor::Http),
    // The registry opens backends by their names, as a server is built with its adapters.
    ("storage", "disks", Floor::Server),
    ("storage", "open", Floor::Server),
    ("storage", "key_file", Floor::Server),
    ("storage", "secret", Floor::Language),
    // The handle: a name and a limit on a backend that is scoped.
    ("storage", "disk", Floor::Server),
    // For tests of applications: a registry of disks in memory, and asserts on them.
    ("storage", "fake", Floor::Server),
    ("storage", "signed_url", Floor::Service),
    ("storage", "conformance", Floor::Service),
    ("storage", "local", Floor::Adapter),
    ("storage", "memory", Floor::Adapter),
    ("storage", "s3", Floor::Adapter),
    ("storage", "wrap", Floor::Adapter),
    ("storage", "s3", Floor::Adapter),
    ("storage", "checked", Floor::Port),
    ("storage", "ext", Floor::Port),
    ("storage", "storage", Floor::Port),
    ("storage", "stream", Floor::Language),
    ("storage", "detect", Floor::Language),
    ("storage", "disposition", Floor::Language),
    ("storage", "error", Floor::Language),
    ("storage", "event", Floor::Language),
    ("storage", "key", Floor::Language),
    ("storage", "metadata", Floor::Language),
    ("storage", "naming", Floor::Language),
    ("storage", "options", Floor::Language),
    ("storage", "settings", Floor::Language),
    ("oauth2", "configure", Floor::Wiring),
    ("oauth2", "client", Floor::Http),
    ("oauth2", "endpoint", Floor::Http),
    ("oauth2", "login_page", Floor::Http),
    // For tests of applications: tokens that nobody sent.
    ("oauth2", "testing", Floor::Http),
    ("oauth2", "resource", Floor::Http),
    ("oauth2", "session", Floor::Http),
    ("oauth2", "server", Floor::Server),
    ("oauth2", "authorization", Floor::Protocol),
    ("oauth2", "client_auth", Floor::Protocol),
    ("oauth2", "grant", Floor::Protocol),
    ("oauth2", "key", Floor::Service),
    ("oauth2", "token", Floor::Service),
    ("oauth2", "throttle", Floor::Service),
    ("oauth2", "discovery", Floor::Service),
    ("oauth2", "http", Floor::Service),
    ("oauth2", "kept", Floor::Service),
    ("oauth2", "store::sea_orm", Floor::Adapter),
    ("oauth2", "entity", Floor::Adapter),
    ("oauth2", "migration", Floor::Adapter),
    ("oauth2", "store", Floor::Port),
    // Pure rendering: views in, text out.
    ("oauth2", "page", Floor::Language),
    ("oauth2", "declare", Floor::Language),
    ("oauth2", "error", Floor::Language),
    ("oauth2", "event", Floor::Language),
    ("oauth2", "lifetime", Floor::Language),
    ("oauth2", "model", Floor::Language),
    ("oauth2", "policy", Floor::Language),
    ("oauth2", "scope", Floor::Language),
    ("oauth2", "settings", Floor::Language),
    ("oauth2", "users", Floor::Language),
    ("logging", "middleware", Floor::Http),
    ("logging", "access", Floor::Http),
    ("logging", "payload", Floor::Http),
    ("logging", "body", Floor::Http),
    ("logging", "failure", Floor::Http),
    ("logging", "extract", Floor::Http),
    ("logging", "spawn", Floor::Http),
    ("logging", "error", Floor::Language),
    ("logging", "level", Floor::Language),
    ("logging", "ids", Floor::Language),
    ("logging", "keys", Floor::Language),
    ("logging", "stats", Floor::Language),
    ("logging", "filter", Floor::Language),
    ("logging", "intern", Floor::Language),
    ("logging", "copy", Floor::Language),
    ("logging", "detail", Floor::Language),
    ("logging", "random", Floor::Language),
    ("logging", "shared", Floor::Language),
    ("logging", "format", Floor::Language),
    ("logging", "redact", Floor::Language),
    ("logging", "record", Floor::Language),
    ("logging", "sink", Floor::Port),
    ("logging", "capture", Floor::Adapter),
    ("logging", "output", Floor::Service),
    ("logging", "channel", Floor::Service),
    ("logging", "route", Floor::Service),
    ("logging", "sentry", Floor::Adapter),
    ("logging", "testing", Floor::Server),
    ("logging", "sample", Floor::Language),
    ("logging", "track", Floor::Port),
    ("logging", "tuning", Floor::Service),
    ("logging", "transport", Floor::Service),
    ("logging", "writer", Floor::Service),
    ("logging", "pipeline", Floor::Service),
    ("logging", "context", Floor::Service),
    ("logging", "logger", Floor::Service),
    ("logging", "builder", Floor::Server),
    ("logging", "install", Floor::Server),
    ("logging", "macros", Floor::Service),
    ("logging", "panic", Floor::Service),
    ("logging", "timing", Floor::Service),
    ("logging", "bridge", Floor::Service),
    ("logging", "settings", Floor::Server),
    ("metrics", "error", Floor::Language),
    ("metrics", "name", Floor::Language),
    ("metrics", "kind", Floor::Language),
    ("metrics", "info", Floor::Language),
    ("metrics", "http_families", Floor::Service),
    ("metrics", "settings", Floor::Language),
    ("metrics", "auth", Floor::Language),
    ("metrics", "exemplar", Floor::Service),
    ("metrics", "trace", Floor::Service),
    ("metrics", "database", Floor::Server),
    ("metrics", "family", Floor::Service),
    ("metrics", "handle", Floor::Service),
    ("metrics", "collector", Floor::Service),
    ("metrics", "pull", Floor::Service),
    ("metrics", "process", Floor::Service),
    ("metrics", "encode", Floor::Service),
    ("metrics", "catalogue", Floor::Service),
    ("metrics", "draft", Floor::Service),
    ("metrics", "registry", Floor::Service),
    ("metrics", "health", Floor::Service),
    ("metrics", "builder", Floor::Server),
    ("metrics", "configure", Floor::Wiring),
    ("metrics", "middleware", Floor::Http),
];

/// The floor of a module path such as `["oauth2", "grant", "refresh"]`, or of an item inside one.
pub(crate) fn of(path: &[String]) -> Option<Floor> {
    let part = path.first()?;
    let rest = path.get(1..)?.join("::");
    ROOMS
        .iter()
        .filter(|(of, room, _)| {
            of == part && (rest == *room || rest.starts_with(&format!("{room}::")))
        })
        .max_by_key(|(_, room, _)| room.len())
        .map(|(_, _, floor)| *floor)
}

/// SeaORM stays with its adapters, and where an app hands in its connection.
pub(crate) fn may_speak_sql(name: &str) -> bool {
    [
        "oauth2/store/sea_orm",
        "oauth2/entity",
        "oauth2/migration",
        "oauth2/server",
        "metrics/database",
        "suite",
    ]
    .iter()
    .any(|place| name.contains(place))
}
