//! Opening a bucket, or what stands in for it in development.

#[cfg(feature = "s3")]
use super::local;
use super::{DiskSettings, Error, refused};
use crate::storage::storage::Storage;
#[cfg(feature = "s3")]
use crate::storage::{
    s3::{Environment, S3Config, S3Storage, keys_are_told, process_environment},
    settings::Driver,
};
use std::sync::Arc;

#[cfg(feature = "s3")]
pub(super) fn open(name: &str, rule: &DiskSettings) -> Result<Arc<dyn Storage>, Error> {
    open_in(&process_environment(), name, rule)
}

#[cfg(not(feature = "s3"))]
pub(super) fn open(name: &str, _: &DiskSettings) -> Result<Arc<dyn Storage>, Error> {
    let text = "\"s3\" is not built in, build rf-actix with the feature `s3`";
    Err(refused(name, "driver", text))
}

#[cfg(feature = "s3")]
fn open_in(
    environment: &Environment,
    name: &str,
    rule: &DiskSettings,
) -> Result<Arc<dyn Storage>, Error> {
    let config = config(rule.clone());
    match &rule.fallback {
        None => {}
        Some(Driver::Local) if rule.root.is_none() => {
            let text = "`fallback` needs a folder, for example root = \"var/drive\"";
            return Err(refused(name, "root", text));
        }
        Some(Driver::Local) if keys_are_told(&config, environment) => {}
        Some(Driver::Local) => {
            let root = rule.root.as_deref().unwrap_or(std::path::Path::new(""));
            log::warn!(
                target: "rf::storage",
                "disk {name}: NOT ON S3. Nothing says where its keys are, so files are kept in the folder {root:?}: \
                 for development only. Write access_key and secret_key, or leave out `fallback`"
            );
            return Ok(Arc::new(local(name, rule)?));
        }
        Some(other) => {
            let text = format!("{:?} cannot stand in, write \"local\"", other.as_str());
            return Err(refused(name, "fallback", text));
        }
    }
    let storage = S3Storage::new(config).map_err(|error| match error {
        Error::Config(text) => Error::Config(format!("disks.{name}.{text}")),
        error => error,
    })?;
    Ok(Arc::new(storage))
}

#[cfg(feature = "s3")]
fn config(rule: DiskSettings) -> S3Config {
    let plain = S3Config::default();
    S3Config {
        bucket: rule.bucket.unwrap_or_default(),
        region: rule.region.unwrap_or_default(),
        endpoint: rule.endpoint,
        access_key: rule.access_key,
        secret_key: rule.secret_key,
        session_token: rule.session_token,
        path_style: rule.path_style,
        part_size: rule.part_size.unwrap_or(plain.part_size),
        concurrency: rule.concurrency.unwrap_or(plain.concurrency),
        visibility: rule.visibility,
        public_url: rule.url,
        conditions: rule.conditions.unwrap_or(plain.conditions),
        deadline: rule.deadline.unwrap_or(plain.deadline),
        attempts: rule.attempts.unwrap_or(plain.attempts),
        profile: rule.profile,
        ..plain
    }
}

#[cfg(test)]
#[cfg(feature = "s3")]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::open_in;
    use crate::storage::{DiskSettings, Disks, Error, StorageExt, StorageSettings};
    use std::sync::Arc;

    fn settings(text: &str) -> StorageSettings {
        toml::from_str(text).unwrap()
    }

    fn bucket(more: &str) -> DiskSettings {
        let all = format!(
            "[disks.a]\ndriver = \"s3\"\nbucket = \"photos\"\nregion = \"eu-central-1\"\nfallback = \"local\"\n{more}"
        );
        settings(&all).disks["a"].clone()
    }

    #[actix_web::test]
    async fn a_bucket_without_keys_may_be_a_folder_in_development() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("drive");
        let mut rule = bucket("");
        rule.root = Some(root.clone());
        let disk = open_in(&(Arc::new(|_: &str| None) as _), "a", &rule).unwrap();
        disk.put("f", "x").await.unwrap();
        assert_eq!(std::fs::read_to_string(root.join("f")).unwrap(), "x");
        assert!(!disk.capabilities().links, "links of S3");
    }

    #[test]
    fn a_bucket_whose_keys_are_told_anywhere_is_never_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, "[default]\n").unwrap();
        let file = file.to_str().unwrap().to_owned();
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_PROFILE", "x"),
            ("AWS_SHARED_CREDENTIALS_FILE", file.as_str()),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "x"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x"),
        ] {
            let (known, value) = (name.to_owned(), value.to_owned());
            let environment = Arc::new(move |name: &str| (name == known).then(|| value.clone()));
            let mut rule = bucket("");
            rule.root = Some(folder.path().join("drive"));
            let disk = open_in(&(environment as _), "a", &rule).unwrap();
            assert!(disk.capabilities().links, "{name} was overlooked");
        }
        let mut rule = bucket("access_key = \"x\"\nsecret_key = \"y\"");
        rule.root = Some(folder.path().join("drive"));
        let disk = open_in(&(Arc::new(|_: &str| None) as _), "a", &rule).unwrap();
        assert!(disk.capabilities().links);
        assert!(!folder.path().join("drive").exists());
    }

    #[test]
    fn what_stands_in_for_a_bucket_is_a_folder_that_is_named() {
        for (text, named) in [
            ("driver = \"s3\"\nfallback = \"local\"", "disks.a.root: "),
            (
                "driver = \"s3\"\nfallback = \"memory\"\nroot = \"x\"",
                "disks.a.fallback: ",
            ),
            ("driver = \"s3\"\nroot = \"x\"", "disks.a.root: "),
            (
                "driver = \"memory\"\nfallback = \"local\"",
                "disks.a.fallback: ",
            ),
        ] {
            let settings = settings(&format!("[disks.a]\n{text}"));
            let refused = Disks::builder().settings(settings).build().unwrap_err();
            assert!(matches!(refused, Error::Config(_)));
            assert!(refused.to_string().starts_with(named), "{refused}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_bucket_is_told_by_its_key() {
        for (text, named) in [
            ("driver = \"s3\"", "disks.a.bucket: "),
            ("driver = \"s3\"\nbucket = \"photos\"", "disks.a.region: "),
            (
                "driver = \"s3\"\nbucket = \"photos\"\nregion = \"eu-central-1\"\npart_size = \"1MiB\"",
                "disks.a.part_size: ",
            ),
            (
                "driver = \"s3\"\nbucket = \"photos\"\nregion = \"eu-central-1\"\naccess_key = \"x\"",
                "disks.a.secret_key: ",
            ),
        ] {
            let settings = settings(&format!("[disks.a]\n{text}"));
            assert!(!format!("{settings:?}").contains("\"x\""));
            let refused = Disks::builder().settings(settings).build().unwrap_err();
            assert!(refused.to_string().starts_with(named), "{refused}");
        }
    }
}
