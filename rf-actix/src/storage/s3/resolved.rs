//! A configuration that was checked, and the addresses it makes.

use super::{
    config::S3Config,
    endpoint::{Address, Endpoint, web_address},
    sigv4,
};
use crate::storage::{error::Error, options::Visibility};
use std::time::Duration;

const PART_SIZES: std::ops::RangeInclusive<u64> = (5 << 20)..=(5 << 30);
const CONCURRENCY: std::ops::RangeInclusive<usize> = 1..=64;
/// Above the deadline a body gets a second for each so many bytes.
const SLOWEST: u64 = 64 << 10;
/// What services other than AWS are told, who seldom mind.
const NO_REGION: &str = "us-east-1";

/// What the parts of the backend work with.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub(super) bucket: String,
    pub(super) region: String,
    pub(super) endpoint: Endpoint,
    pub(super) path_style: bool,
    pub(super) part_size: u64,
    pub(super) concurrency: usize,
    pub(super) visibility: Option<Visibility>,
    /// Without a slash at the end.
    public_url: Option<String>,
    pub(super) conditions: bool,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) attempts: u32,
}

impl Resolved {
    /// # Errors
    /// [`Error::Config`] names the key and says what to write.
    pub(super) fn new(config: &S3Config) -> Result<Self, Error> {
        let bucket = bucket(&config.bucket, config.endpoint.is_some())?;
        let (region, endpoint) = match &config.endpoint {
            Some(text) => (region(&config.region, NO_REGION)?, Endpoint::parse(text)?),
            None => {
                let region = region(&config.region, "")?;
                let endpoint = Endpoint::aws(&region);
                (region, endpoint)
            }
        };
        let path_style = config
            .path_style
            .unwrap_or(config.endpoint.is_some() || bucket.contains('.'));
        if !path_style && endpoint.is_ip() {
            return Err(refused(
                "path_style: write true, a bucket cannot stand before an IP address",
            ));
        }
        if !PART_SIZES.contains(&config.part_size) {
            return Err(refused("part_size: write 5 MiB to 5 GiB"));
        }
        if !CONCURRENCY.contains(&config.concurrency) {
            return Err(refused("concurrency: write 1 to 64"));
        }
        if config.attempts == 0 {
            return Err(refused("attempts: write at least 1"));
        }
        for (key, duration) in [
            ("connect_timeout", config.connect_timeout),
            ("idle_timeout", config.idle_timeout),
            ("deadline", config.deadline),
        ] {
            // A day: longer is a mistake, and would overflow what counts with it.
            if duration.is_zero() || duration > Duration::from_secs(86_400) {
                return Err(Error::Config(format!(
                    "{key}: write more than nothing and at most a day"
                )));
            }
        }
        match (&config.access_key, &config.secret_key) {
            (Some(_), None) => return Err(refused("secret_key: write it beside access_key")),
            (None, Some(_)) => return Err(refused("access_key: write it beside secret_key")),
            (None, None) if config.session_token.is_some() => {
                return Err(refused(
                    "session_token: write access_key and secret_key beside it",
                ));
            }
            _ => {}
        }
        let public_url = config.public_url.as_deref().map(public_url).transpose()?;
        Ok(Self {
            bucket,
            region,
            endpoint,
            path_style,
            part_size: config.part_size,
            concurrency: config.concurrency,
            visibility: config.visibility,
            public_url,
            conditions: config.conditions,
            connect_timeout: config.connect_timeout,
            idle_timeout: config.idle_timeout,
            deadline: config.deadline,
            attempts: config.attempts,
        })
    }

    /// How long a request with a body of so many bytes may be tried.
    pub(super) fn patience(&self, bytes: u64) -> Duration {
        self.deadline + Duration::from_secs(bytes / SLOWEST)
    }

    /// The address of what is called so in the bucket; without a name, of the bucket itself.
    pub(super) fn address(&self, name: &str) -> Address {
        let Endpoint {
            authority, prefix, ..
        } = &self.endpoint;
        let (authority, mut path) = if self.path_style {
            (authority.clone(), format!("{prefix}/{}", self.bucket))
        } else {
            (format!("{}.{authority}", self.bucket), prefix.clone())
        };
        if !name.is_empty() || !self.path_style {
            path.push('/');
        }
        path.push_str(&sigv4::encode_path(name));
        Address {
            scheme: self.endpoint.scheme,
            authority,
            path,
        }
    }

    /// The address under which everybody may read a public file.
    pub(super) fn public_url(&self, key: &str) -> String {
        match &self.public_url {
            Some(base) => format!("{base}/{}", sigv4::encode_path(key)),
            None => {
                let address = self.address(key);
                format!("{}://{}{}", address.scheme, address.authority, address.path)
            }
        }
    }
}

fn refused(text: &str) -> Error {
    Error::Config(text.to_owned())
}

/// The rules of AWS, or those that keep any name in one segment of a path.
fn bucket(name: &str, elsewhere: bool) -> Result<String, Error> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let allowed = |c: char| {
        letter(c) || matches!(c, '-' | '.') || elsewhere && (c.is_ascii_uppercase() || c == '_')
    };
    let framed = name.starts_with(|c: char| allowed(c) && !matches!(c, '-' | '.'))
        && name.ends_with(|c: char| allowed(c) && !matches!(c, '-' | '.'));
    if (3..=63).contains(&name.len()) && name.chars().all(allowed) && framed && !name.contains("..")
    {
        return Ok(name.to_owned());
    }
    Err(refused(
        "bucket: write its name, 3 to 63 small letters, digits, hyphens and dots",
    ))
}

fn region(text: &str, default: &str) -> Result<String, Error> {
    let name = if text.is_empty() { default } else { text };
    // It stands in a host name and in the scope of a signature.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && name.len() <= 63 && name.chars().all(plain) {
        return Ok(name.to_owned());
    }
    Err(refused(
        "region: write that of the bucket, for example eu-central-1",
    ))
}

fn public_url(text: &str) -> Result<String, Error> {
    let url = web_address("public_url", text)?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn aws() -> S3Config {
        S3Config {
            bucket: "photos".to_owned(),
            region: "eu-central-1".to_owned(),
            ..S3Config::default()
        }
    }

    fn own(endpoint: &str) -> S3Config {
        S3Config {
            endpoint: Some(endpoint.to_owned()),
            ..aws()
        }
    }

    fn url(config: &S3Config, name: &str) -> String {
        let address = Resolved::new(config).unwrap().address(name);
        format!("{}://{}{}", address.scheme, address.authority, address.path)
    }

    #[test]
    fn the_bucket_stands_where_the_certificate_allows() {
        assert_eq!(
            url(&aws(), "a b"),
            "https://photos.s3.eu-central-1.amazonaws.com/a%20b"
        );
        assert_eq!(
            url(&aws(), ""),
            "https://photos.s3.eu-central-1.amazonaws.com/"
        );
        let dotted = S3Config {
            bucket: "my.photos".to_owned(),
            region: "cn-north-1".to_owned(),
            ..aws()
        };
        assert_eq!(
            url(&dotted, "a"),
            "https://s3.cn-north-1.amazonaws.com.cn/my.photos/a"
        );
        assert_eq!(
            url(&own("http://localhost:9000/x/"), "a"),
            "http://localhost:9000/x/photos/a"
        );
        assert_eq!(
            url(&own("http://localhost:80"), ""),
            "http://localhost/photos"
        );
        let hosted = S3Config {
            path_style: Some(false),
            ..own("https://storage.example.org/a%20b")
        };
        assert_eq!(
            url(&hosted, "c"),
            "https://photos.storage.example.org/a%20b/c"
        );
    }

    #[test]
    fn public_addresses_start_as_configured() {
        let own = S3Config {
            public_url: Some("https://cdn.example.org/p/".to_owned()),
            ..aws()
        };
        let of = |config| Resolved::new(config).unwrap().public_url("a/b c");
        assert_eq!(of(&own), "https://cdn.example.org/p/a/b%20c");
        assert_eq!(
            of(&aws()),
            "https://photos.s3.eu-central-1.amazonaws.com/a/b%20c"
        );
    }

    #[test]
    fn a_region_is_needed_only_for_aws() {
        let nowhere = S3Config {
            region: String::new(),
            ..own("http://localhost:9000")
        };
        assert_eq!(Resolved::new(&nowhere).unwrap().region, "us-east-1");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_write() {
        type Spoil = fn(&mut S3Config);
        let wrong: [(&str, Spoil); 25] = [
            ("bucket", |c| c.bucket = String::new()),
            ("bucket", |c| c.bucket = "a/b".to_owned()),
            ("bucket", |c| c.bucket = "Photos".to_owned()),
            ("bucket", |c| c.bucket = "a..b".to_owned()),
            ("bucket", |c| c.bucket = "-ab".to_owned()),
            ("bucket", |c| c.bucket = "x".repeat(64)),
            ("region", |c| c.region = String::new()),
            ("region", |c| c.region = "evil.org/".to_owned()),
            ("endpoint", |c| at(c, "localhost:9000")),
            ("endpoint", |c| at(c, "ftp://localhost")),
            ("endpoint", |c| at(c, "http://user:pass@localhost")),
            ("endpoint", |c| at(c, "http://localhost/?x=1")),
            ("path_style", |c| at(c, "http://127.0.0.1:9000")),
            ("path_style", |c| at(c, "http://[::1]:9000")),
            ("part_size", |c| c.part_size = (5 << 20) - 1),
            ("part_size", |c| c.part_size = (5 << 30) + 1),
            ("concurrency", |c| c.concurrency = 0),
            ("concurrency", |c| c.concurrency = 65),
            ("attempts", |c| c.attempts = 0),
            ("idle_timeout", |c| c.idle_timeout = Duration::ZERO),
            ("deadline", |c| c.deadline = Duration::MAX),
            ("secret_key", |c| c.access_key = Some("a".into())),
            ("access_key", |c| c.secret_key = Some("a".into())),
            ("session_token", |c| c.session_token = Some("a".into())),
            ("public_url", |c| c.public_url = Some("cdn".to_owned())),
        ];
        for (key, spoil) in wrong {
            let mut config = aws();
            spoil(&mut config);
            let Err(Error::Config(text)) = Resolved::new(&config) else {
                panic!("{key} was taken: {config:?}");
            };
            assert!(text.starts_with(&format!("{key}: write ")), "{text}");
            assert!(!text.contains("pass"), "{text}");
        }
    }

    fn at(config: &mut S3Config, endpoint: &str) {
        config.endpoint = Some(endpoint.to_owned());
        config.path_style = Some(false);
    }
}
