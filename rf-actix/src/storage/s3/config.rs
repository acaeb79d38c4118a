//! What an application says about its bucket.

use super::secret::Secret;
use crate::storage::options::Visibility;
use std::time::Duration;

/// A bucket, where it is and how it is spoken to.
///
/// ```
/// use rf::storage::S3Config;
///
/// let config = S3Config {
///     bucket: "photos".to_owned(),
///     region: "eu-central-1".to_owned(),
///     access_key: Some("AKIAEXAMPLE".into()),
///     secret_key: Some("a secret".into()),
///     ..Default::default()
/// };
/// assert!(!format!("{config:?}").contains("a secret"));
/// ```
///
/// Without keys they are looked for where AWS tools look: the environment, the profile file, a web identity, the
/// container, the instance.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// The name of the bucket.
    pub bucket: String,
    /// The region, for example `eu-central-1`. May be left empty with an [`endpoint`](Self::endpoint).
    pub region: String,
    /// The address of a service other than AWS, for example `http://127.0.0.1:9000`; it may have a path.
    pub endpoint: Option<String>,
    /// The id of the key requests are signed with.
    pub access_key: Option<Secret>,
    /// The key requests are signed with.
    pub secret_key: Option<Secret>,
    /// What goes with keys that were lent for a while.
    pub session_token: Option<Secret>,
    /// Whether the bucket stands in the path of an address (`host/bucket`) or in its host (`bucket.host`). Left out: in
    /// the path of an own endpoint, and of AWS for a name with a dot, which no certificate covers.
    pub path_style: Option<bool>,
    /// How much of a large file travels in one request: 5 MiB to 5 GiB. Each open file holds
    /// [`concurrency`](Self::concurrency) times as much in memory; an upload holds more beyond its 900th part, from where on
    /// parts grow.
    pub part_size: u64,
    /// How many parts of one file travel at once: 1 to 64.
    pub concurrency: usize,
    /// Who may read files besides the application. Left out, no ACL is ever sent: most buckets refuse them.
    pub visibility: Option<Visibility>,
    /// What public addresses start with, for example that of a CDN. Left out, the address of the bucket.
    pub public_url: Option<String>,
    /// Whether the service weighs `If-Match` and `If-None-Match` of a write. AWS does.
    pub conditions: bool,
    /// How long it may take to connect. The greeting of TLS counts as [`idle_timeout`](Self::idle_timeout).
    pub connect_timeout: Duration,
    /// How long nothing may move in a request or an answer.
    pub idle_timeout: Duration,
    /// How long a request may take with all its attempts, until its answer begins. Large bodies get a second more for
    /// every 64 KiB.
    pub deadline: Duration,
    /// How often a request is tried when the service fails or cannot be reached.
    pub attempts: u32,
    /// The profile of the credentials file to take the keys from. Left out, what `AWS_PROFILE` says.
    pub profile: Option<String>,
}

impl Default for S3Config {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            region: String::new(),
            endpoint: None,
            access_key: None,
            secret_key: None,
            session_token: None,
            path_style: None,
            // With four at once 32 MiB a file, and more only above 7 GiB.
            part_size: 8 << 20,
            concurrency: 4,
            visibility: None,
            public_url: None,
            conditions: true,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(120),
            attempts: 5,
            profile: None,
        }
    }
}
