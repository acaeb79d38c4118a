//! Opening the backends of disks by the names of their drivers.

use super::{
    error::Error,
    key::Prefix,
    local::LocalStorage,
    memory::MemoryStorage,
    settings::{DiskSettings, Driver},
    storage::Storage,
    wrap::{Fallback, ReadOnly, Scoped},
};
use std::{collections::BTreeMap, sync::Arc};

mod bucket;

/// A driver of the application.
pub(super) type DriverFn =
    Arc<dyn Fn(&DiskSettings) -> Result<Box<dyn Storage>, Error> + Send + Sync>;

/// Opens each backend once; disks that are made of others share theirs.
pub(super) struct Opener<'a> {
    rules: &'a BTreeMap<String, DiskSettings>,
    drivers: &'a BTreeMap<String, DriverFn>,
    opened: BTreeMap<String, Arc<dyn Storage>>,
    /// Those of the driver `fallback`, whose state is told.
    pub(super) fallbacks: BTreeMap<String, Fallback>,
    /// The disks being opened, each for the one before it.
    way: Vec<String>,
}

impl<'a> Opener<'a> {
    /// Of the disks of `given` the backends are there already.
    pub(super) fn new(
        rules: &'a BTreeMap<String, DiskSettings>,
        given: BTreeMap<String, Arc<dyn Storage>>,
        drivers: &'a BTreeMap<String, DriverFn>,
    ) -> Self {
        Self {
            rules,
            drivers,
            opened: given,
            fallbacks: BTreeMap::new(),
            way: Vec::new(),
        }
    }

    /// The backend of a disk.
    pub(super) fn open(&mut self, name: &str) -> Result<Arc<dyn Storage>, Error> {
        if let Some(storage) = self.opened.get(name) {
            return Ok(Arc::clone(storage));
        }
        let rule = &self.rules[name];
        refuse_strangers(name, rule)?;
        self.way.push(name.to_owned());
        let storage = self.make(name, rule)?;
        self.way.pop();
        self.opened.insert(name.to_owned(), Arc::clone(&storage));
        Ok(storage)
    }

    /// The limit of a disk, and of those it is made of.
    pub(super) fn max_size(&self, name: &str) -> Option<u64> {
        let rule = self.rules.get(name)?;
        let beneath = [&rule.disk, &rule.primary];
        let beneath = beneath
            .into_iter()
            .flatten()
            .filter_map(|base| self.max_size(base));
        beneath.chain(rule.max_size).min()
    }

    fn make(&mut self, name: &str, rule: &DiskSettings) -> Result<Arc<dyn Storage>, Error> {
        Ok(match &rule.driver {
            Driver::Memory => Arc::new(MemoryStorage::new()),
            Driver::Local => Arc::new(local(name, rule)?),
            Driver::S3 => bucket::open(name, rule)?,
            Driver::Scoped => {
                let base = self.base(name, "disk", rule.disk.as_deref())?;
                let example = "for example prefix = \"avatars\"";
                let Some(prefix) = &rule.prefix else {
                    return Err(refused(
                        name,
                        "prefix",
                        format!("write a folder, {example}"),
                    ));
                };
                match Prefix::parse(prefix) {
                    Ok(prefix) if !prefix.is_empty() => Arc::new(Scoped::over(base, prefix)),
                    _ => {
                        let text = format!("{prefix:?} is no folder of a disk, write {example}");
                        return Err(refused(name, "prefix", text));
                    }
                }
            }
            Driver::ReadOnly => {
                let base = self.base(name, "disk", rule.disk.as_deref())?;
                Arc::new(ReadOnly::over(base))
            }
            Driver::Fallback => {
                let primary = self.base(name, "primary", rule.primary.as_deref())?;
                let secondary = self.base(name, "secondary", rule.secondary.as_deref())?;
                if rule.primary == rule.secondary {
                    let text = "is the primary disk as well, write another one".to_owned();
                    return Err(refused(name, "secondary", text));
                }
                let fallback = Fallback::builder(name, primary, secondary).build()?;
                self.fallbacks.insert(name.to_owned(), fallback.clone());
                Arc::new(fallback)
            }
            Driver::Other(driver) => match self.drivers.get(driver) {
                Some(open) => open(rule)?.into(),
                None => {
                    let built_in = ["local", "s3", "memory", "scoped", "read-only", "fallback"];
                    let own = self.drivers.keys().map(String::as_str);
                    let known = built_in.into_iter().chain(own).collect::<Vec<_>>();
                    let known = known.join(", ");
                    let text = format!("there is no driver {driver:?}, write one of: {known}");
                    return Err(refused(name, "driver", text));
                }
            },
        })
    }

    /// The backend that a disk is made of, by the key that names it.
    fn base(
        &mut self,
        name: &str,
        key: &str,
        base: Option<&str>,
    ) -> Result<Arc<dyn Storage>, Error> {
        let names = |names: Vec<&str>| names.join(", ");
        let Some(base) = base else {
            let text = "write the name of another disk".to_owned();
            return Err(refused(name, key, text));
        };
        if self.way.iter().any(|opening| opening == base) {
            let text = format!("{base:?} is made of itself, write another disk");
            return Err(refused(name, key, text));
        }
        if !self.rules.contains_key(base) && !self.opened.contains_key(base) {
            let known = names(self.rules.keys().map(String::as_str).collect());
            let text = format!("there is no disk {base:?}, write one of: {known}");
            return Err(refused(name, key, text));
        }
        self.open(base)
    }
}

fn refused(name: &str, key: &str, text: impl Into<String>) -> Error {
    Error::Config(format!("disks.{name}.{key}: {}", text.into()))
}

/// A key that the driver would not look at is a mistake of who wrote it.
fn refuse_strangers(name: &str, rule: &DiskSettings) -> Result<(), Error> {
    let DiskSettings {
        driver,
        root,
        durable,
        visibility,
        bucket,
        region,
        endpoint,
        access_key,
        secret_key,
        session_token,
        profile,
        path_style,
        part_size,
        concurrency,
        conditions,
        attempts,
        deadline,
        disk,
        prefix,
        primary,
        secondary,
        fallback,
        options,
        // What every driver has.
        serve: _,
        url: _,
        max_size: _,
    } = rule;
    let rooted: &[Driver] = match fallback {
        Some(_) => &[Driver::Local, Driver::S3],
        None => &[Driver::Local],
    };
    let written: [(&str, bool, &[Driver]); 22] = [
        ("root", root.is_some(), rooted),
        ("durable", *durable, &[Driver::Local]),
        (
            "visibility",
            visibility.is_some(),
            &[Driver::Local, Driver::S3],
        ),
        ("bucket", bucket.is_some(), &[Driver::S3]),
        ("region", region.is_some(), &[Driver::S3]),
        ("endpoint", endpoint.is_some(), &[Driver::S3]),
        ("access_key", access_key.is_some(), &[Driver::S3]),
        ("secret_key", secret_key.is_some(), &[Driver::S3]),
        ("session_token", session_token.is_some(), &[Driver::S3]),
        ("profile", profile.is_some(), &[Driver::S3]),
        ("path_style", path_style.is_some(), &[Driver::S3]),
        ("part_size", part_size.is_some(), &[Driver::S3]),
        ("concurrency", concurrency.is_some(), &[Driver::S3]),
        ("conditions", conditions.is_some(), &[Driver::S3]),
        ("attempts", attempts.is_some(), &[Driver::S3]),
        ("deadline", deadline.is_some(), &[Driver::S3]),
        ("disk", disk.is_some(), &[Driver::Scoped, Driver::ReadOnly]),
        ("prefix", prefix.is_some(), &[Driver::Scoped]),
        ("primary", primary.is_some(), &[Driver::Fallback]),
        ("secondary", secondary.is_some(), &[Driver::Fallback]),
        ("fallback", fallback.is_some(), &[Driver::S3]),
        ("options", !options.is_empty(), &[]),
    ];
    if let Driver::Other(_) = driver {
        return Ok(());
    }
    match written
        .iter()
        .find(|(_, written, drivers)| *written && !drivers.contains(driver))
    {
        Some((key, ..)) => {
            let driver = driver.as_str();
            let text = format!("means nothing to the driver {driver:?}, leave it out");
            Err(refused(name, key, text))
        }
        None => Ok(()),
    }
}

fn local(name: &str, rule: &DiskSettings) -> Result<LocalStorage, Error> {
    let Some(root) = &rule.root else {
        let text = "a local disk needs a folder, for example root = \"var/drive\"";
        return Err(refused(name, "root", text));
    };
    let builder = LocalStorage::builder(root)
        .durable(rule.durable)
        .visibility(rule.visibility.unwrap_or_default());
    builder.build().map_err(|error| match error {
        Error::Io { source, .. } => {
            refused(name, "root", format!("cannot open {root:?}: {source}"))
        }
        error => error,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::storage::{Disks, Error, MemoryStorage, StorageExt, StorageSettings};

    fn settings(text: &str) -> StorageSettings {
        toml::from_str(text).unwrap()
    }

    #[actix_web::test]
    async fn disks_are_made_of_others() {
        let settings = settings(
            r#"
            default = "all"
            [disks.all]
            driver = "memory"
            max_size = 4
            [disks.avatars]
            driver = "scoped"
            disk = "all"
            prefix = "avatars"
            [disks.archive]
            driver = "read-only"
            disk = "avatars"
            max_size = 9
            "#,
        );
        let disks = Disks::builder().settings(settings).build().unwrap();
        let [all, avatars, archive] =
            ["all", "avatars", "archive"].map(|name| disks.disk(name).unwrap());
        avatars.put("a.png", "1234").await.unwrap();
        assert_eq!(all.get("avatars/a.png").await.unwrap(), "1234");
        assert_eq!(archive.get("a.png").await.unwrap(), "1234");
        assert!(matches!(archive.put("b", "").await, Err(Error::ReadOnly)));
        assert_eq!(archive.max_size(), Some(4), "the limit beneath holds");
        let long = avatars.put("a.png", "12345").await;
        assert!(matches!(long, Err(Error::TooLarge { limit: 4, .. })));
    }

    #[actix_web::test]
    async fn a_driver_of_the_application_is_handed_its_options() {
        let settings = settings(
            r#"
            [disks.notes]
            driver = "scratch"
            options = { first = "hello" }
            "#,
        );
        let disks = Disks::builder()
            .driver("scratch", |settings| {
                assert_eq!(settings.options["first"], "hello");
                Ok(Box::new(MemoryStorage::new()))
            })
            .settings(settings)
            .build()
            .unwrap();
        let notes = disks.disk("notes").unwrap();
        notes.put("a", "1").await.unwrap();
        assert_eq!(notes.get("a").await.unwrap(), "1");
    }

    #[actix_web::test]
    async fn a_fallback_is_made_of_two_disks_and_tells_its_state() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(
            r#"
            default = "drive"
            [disks.drive]
            driver = "fallback"
            primary = "main"
            secondary = "spool"
            [disks.main]
            driver = "memory"
            [disks.spool]
            driver = "local"
            "#,
        );
        settings.disks.get_mut("spool").unwrap().root = Some(folder.path().to_owned());
        let disks = Disks::builder().settings(settings).build().unwrap();
        disks.default_disk().put("a", "1").await.unwrap();
        let main = disks.disk("main").unwrap();
        assert_eq!(main.get("a").await.unwrap(), "1");
        let (name, fallback) = disks.fallbacks().next().unwrap();
        assert_eq!((name, fallback.state().pending), ("drive", 0));
        assert!(fallback.state().primary_up);
    }
}
