//! The disks of the configuration, checked against what the app needs before anybody is served.

use crate::album::{Documents, Photos};
use rf::{
    Error,
    config::{Config, ConfigError},
    storage::{self, Disks, StorageExt, TypedDisk},
};
use std::time::Duration;

/// Where the key of signed links is kept when the configuration names none.
const URL_KEY_FILE: &str = "var/gallery.key";
/// Everything below each of these is the app's own.
const OWN_PATHS: [&str; 3] = ["/api", "/assets", "/favicon.ico"];

/// Opens the disks, and makes sure that those of the albums are among them.
pub(crate) fn open(config: &Config) -> Result<Disks, Error> {
    free_paths(config)?;
    let disks = Disks::builder()
        .settings(config.storage.clone())
        .url_key_file(URL_KEY_FILE)
        .build()
        .map_err(refused)?;
    require::<Photos>(&disks)?;
    require::<Documents>(&disks)?;
    Ok(disks)
}

/// Where pictures come from when it is not this server, for the page's policy: the front of a link.
pub(crate) async fn picture_origin(disks: &Disks) -> Result<Option<String>, Error> {
    let photos: Photos = disks.require()?;
    let link = photos.signed_url("any", Duration::from_secs(1)).await;
    let url = link.map_err(|error| match error {
        storage::Error::Unsupported { .. } => ConfigError::new(
            "storage.disks.photos.serve",
            "the page shows photos by links, write a path for them, for example \"/photos\"",
        )
        .into(),
        error => Error::from(error),
    })?;
    Ok(origin(&url.url).map(str::to_owned))
}

fn require<D: TypedDisk>(disks: &Disks) -> Result<D, Error> {
    disks.require().map_err(|error| {
        ConfigError::new(
            format!("storage.disks.{}", D::NAME),
            format!("{error}, and add this one"),
        )
        .into()
    })
}

/// Scheme and host; nothing for a link that is a path.
fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find('/').map_or(url.len(), |path| host + path);
    Some(&url[..end])
}

/// The part names its keys itself: `disks.photos.root: …`.
fn refused(error: storage::Error) -> Error {
    match error {
        storage::Error::Config(text) => {
            let (key, message) = text.split_once(": ").unwrap_or(("disks", &text));
            ConfigError::new(format!("storage.{key}"), message).into()
        }
        error => error.into(),
    }
}

/// Links may not take the paths of the app.
fn free_paths(config: &Config) -> Result<(), ConfigError> {
    for (name, disk) in &config.storage.disks {
        let Some(path) = disk.serve.as_deref() else {
            continue;
        };
        let below = |own: &str| {
            path.strip_prefix(own)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if OWN_PATHS.iter().any(|own| below(own)) {
            return Err(ConfigError::new(
                format!("storage.disks.{name}.serve"),
                format!(
                    "{path:?} is a path of the gallery itself, write another one, for example \"/{name}\""
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn the_front_of_a_link_is_its_origin() {
        assert_eq!(origin("/photos/a?expires=1"), None);
        for url in ["https://b.example.com/a?x=/", "https://b.example.com"] {
            assert_eq!(origin(url), Some("https://b.example.com"), "{url}");
        }
    }
}
