//! Keys in the credentials file of AWS tools.

use super::{Credentials, Environment, NoCredentials, chain::Places};
use std::{collections::BTreeMap, io};

/// Looks into the file for a profile: the one named, else `AWS_PROFILE`, else `default`.
///
/// # Errors
/// When a profile was named and is not there, or is not whole.
pub(super) async fn find(
    places: &Places,
    named: Option<&str>,
) -> Result<Option<Credentials>, NoCredentials> {
    let named = named
        .map(ToOwned::to_owned)
        .or_else(|| places.read("AWS_PROFILE"));
    let path = file(&places.environment);
    let profile = named.as_deref().unwrap_or("default");
    let text = match path {
        Some(path) => read(path).await?,
        None => None,
    };
    match keys(text.as_deref().unwrap_or_default(), profile)? {
        Some(found) => Ok(Some(found)),
        None if named.is_some() => Err(NoCredentials(format!(
            "there are no keys of the profile {profile} in the credentials file: write them there, or name the file in AWS_SHARED_CREDENTIALS_FILE"
        ))),
        None => Ok(None),
    }
}

/// Where the file is, if it is.
pub(super) fn file(environment: &Environment) -> Option<String> {
    environment("AWS_SHARED_CREDENTIALS_FILE").or_else(|| {
        let home = environment("HOME")?;
        Some(format!("{home}/.aws/credentials"))
    })
}

async fn read(path: String) -> Result<Option<String>, NoCredentials> {
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    match text {
        Ok(Ok(text)) => Ok(Some(text)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(NoCredentials(format!(
            "the credentials file cannot be read: {}",
            error.kind()
        ))),
        Err(_) => Err(NoCredentials::because(
            "the credentials file was not read, the application is ending",
        )),
    }
}

/// The keys in one section of the file.
fn keys(text: &str, profile: &str) -> Result<Option<Credentials>, NoCredentials> {
    let mut values = BTreeMap::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            let name = section.split(']').next().unwrap_or_default().trim();
            inside = name == profile || name.strip_prefix("profile ") == Some(profile);
        } else if inside && let Some((name, value)) = line.split_once('=') {
            values.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let mut take = |name: &str| values.remove(name).filter(|value| !value.is_empty());
    match (take("aws_access_key_id"), take("aws_secret_access_key")) {
        (Some(access_key), Some(secret_key)) => Ok(Some(Credentials {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            session_token: take("aws_session_token").map(Into::into),
            expires_at: None,
        })),
        (None, None) => Ok(None),
        _ => Err(NoCredentials(format!(
            "the profile {profile} has one of aws_access_key_id and aws_secret_access_key: write both"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::keys;
    use crate::storage::Secret;

    const FILE: &str = "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=B==\n\n\
        [ other ]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token = E\n[half]\naws_access_key_id=F\n";

    #[test]
    fn the_keys_of_a_profile_are_those_of_its_section() {
        let default = keys(FILE, "default").unwrap().unwrap();
        assert_eq!(default.secret_key, Secret::from("B=="));
        assert_eq!(default.session_token, None);
        let other = keys(FILE, "other").unwrap().unwrap();
        assert_eq!(other.access_key, Secret::from("C"));
        assert_eq!(other.session_token, Some(Secret::from("E")));
        assert_eq!(keys(FILE, "third"), Ok(None));
    }

    #[test]
    fn half_a_profile_is_refused() {
        let refused = keys(FILE, "half").unwrap_err().to_string();
        assert!(
            refused.contains("half") && !refused.contains('F'),
            "{refused}"
        );
    }
}
