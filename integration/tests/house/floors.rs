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

const ROOMS: &[(&str, &str, Floor)] = &[];

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
