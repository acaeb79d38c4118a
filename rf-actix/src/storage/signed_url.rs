//! Expiring links for any backend that cannot sign its own.
//!
//! A link is the path of the file and a query in one fixed form; its last parameter is an HMAC-SHA256 (RFC 2104)
//! over everything the link grants. A query that is not exactly what we would have written is refused, so a
//! parameter can be neither added, repeated nor hidden.
//!
//! A link into a folder shows the key beneath it. Which folder that is stands sealed in a parameter, under the MAC
//! like all others.

mod seal;

use self::seal::Seal;
use super::{
    error::Error,
    key::{Key, Prefix},
    options::{Grant, SignedUrlOptions, Upload},
    storage::SignedUrl,
};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::{
    fmt::{self, Write},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use subtle::ConstantTimeEq;

const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Names the scheme, so that a key used elsewhere as well signs nothing that is valid here.
const CONTEXT: &[u8] = b"rf-actix signed url 1";
/// What must be escaped in a parameter: all but the unreserved (RFC 3986 §2.3).
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The secrets links are signed with: the first signs and seals, all verify and open.
#[derive(Clone)]
pub(super) struct UrlKeys(Arc<[UrlKey]>);

struct UrlKey {
    id: String,
    secret: Vec<u8>,
    seal: Seal,
}

impl UrlKeys {
    /// # Errors
    /// [`Error::Config`] without any key, and for one shorter than 128 bits.
    pub(super) fn new(secrets: &[Vec<u8>]) -> Result<Self, Error> {
        if secrets.is_empty() {
            return Err(Error::Config(
                "url_key: a served disk needs a key to sign its links with".to_owned(),
            ));
        }
        if secrets.iter().any(|secret| secret.len() < 16) {
            return Err(Error::Config(
                "url_key: write at least 16 random bytes".to_owned(),
            ));
        }
        let keys = secrets.iter().map(|secret| {
            // Tells which key to check with, and nothing about it.
            let digest = Sha256::new()
                .chain_update(b"rf-actix url key id")
                .chain_update(secret)
                .finalize();
            UrlKey {
                id: hex::encode(&digest[..4]),
                secret: secret.clone(),
                seal: Seal::new(secret),
            }
        });
        Ok(Self(keys.collect()))
    }
}

impl fmt::Debug for UrlKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// Where the time comes from; tests have their own.
pub(super) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Signs and checks the links of one disk.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) disk: Arc<str>,
    /// The path links start with, for example `/files`.
    pub(super) serve: String,
    /// Scheme and host, without a slash at the end; empty for links relative to the host.
    pub(super) base_url: String,
    pub(super) keys: UrlKeys,
    pub(super) clock: Clock,
    /// How far past its expiry a link is still taken: the clocks of several hosts differ.
    pub(super) skew: Duration,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("disk", &self.disk)
            .field("serve", &self.serve)
            .field("keys", &self.keys)
            .finish()
    }
}

/// The method a link is good for; `HEAD` reads as `GET` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkMethod {
    Get,
    Put,
    Post,
}

impl LinkMethod {
    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
        }
    }
}

/// Why a link is not taken. For the log only: the client learns nothing but the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Malformed,
    UnknownKey,
    Forged,
    Expired,
}

/// The parameters of a link, as text: what is signed is what stands there.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parameters {
    expires: String,
    download: bool,
    max_size: Option<String>,
    content_type: Option<String>,
    content_length: Option<String>,
    sha256: Option<String>,
    sealed: Option<String>,
    key_id: String,
    signature: String,
}

impl Signer {
    /// A link that shows the key beneath the folder, and of the folder nothing.
    ///
    /// # Errors
    /// [`Error::InvalidExpiry`] outside of 1 second to 7 days, [`Error::InvalidKey`] when folder and key together are
    /// too long.
    pub(super) fn sign(
        &self,
        folder: &Prefix,
        key: &Key,
        options: &SignedUrlOptions,
    ) -> Result<SignedUrl, Error> {
        folder.join(key)?;
        if options.expires.as_secs() == 0 || options.expires > LONGEST {
            return Err(Error::InvalidExpiry {
                given: options.expires,
            });
        }
        let expires = seconds((self.clock)()) + options.expires.as_secs();
        let url_key = &self.keys.0[0];
        let mut parameters = Parameters {
            expires: expires.to_string(),
            sealed: (!folder.is_empty()).then(|| url_key.seal.close(folder)),
            key_id: url_key.id.clone(),
            ..Parameters::default()
        };
        let method = match &options.grant {
            Grant::Download { attachment } => {
                parameters.download = *attachment;
                LinkMethod::Get
            }
            Grant::Upload(upload) => {
                parameters.demand(upload);
                LinkMethod::Put
            }
            Grant::Form(upload) => {
                parameters.demand(upload);
                LinkMethod::Post
            }
        };
        parameters.signature = hex::encode(
            self.mac(url_key, method, key, &parameters)
                .finalize()
                .into_bytes(),
        );
        let url = format!(
            "{}{}/{}?{}",
            self.base_url,
            self.serve,
            key.to_encoded(),
            parameters.render()
        );
        let expires_at = UNIX_EPOCH + Duration::from_secs(expires);
        Ok(SignedUrl::new(url, expires_at).method(method.as_str()))
    }

    /// The folder the key is beneath, and what the link grants.
    pub(super) fn verify(
        &self,
        method: LinkMethod,
        key: &Key,
        query: &str,
    ) -> Result<(Prefix, Grant), Refused> {
        let parameters = Parameters::parse(query).ok_or(Refused::Malformed)?;
        let url_key = self
            .keys
            .0
            .iter()
            .find(|known| known.id == parameters.key_id)
            .ok_or(Refused::UnknownKey)?;
        let right = hex::encode(
            self.mac(url_key, method, key, &parameters)
                .finalize()
                .into_bytes(),
        );
        if !bool::from(right.as_bytes().ct_eq(parameters.signature.as_bytes())) {
            return Err(Refused::Forged);
        }
        // Only a signed moment is believed, so the clock is asked last.
        let expires: u64 = parameters.expires.parse().map_err(|_| Refused::Malformed)?;
        if seconds((self.clock)()) >= expires.saturating_add(self.skew.as_secs()) {
            return Err(Refused::Expired);
        }
        // Only what we signed is opened, so nobody can try seals.
        let folder = match &parameters.sealed {
            Some(sealed) => url_key.seal.open(sealed).ok_or(Refused::Malformed)?,
            None => Prefix::default(),
        };
        let grant = match method {
            LinkMethod::Get => Grant::Download {
                attachment: parameters.download,
            },
            LinkMethod::Put => Grant::Upload(parameters.demanded().ok_or(Refused::Malformed)?),
            LinkMethod::Post => Grant::Form(parameters.demanded().ok_or(Refused::Malformed)?),
        };
        Ok((folder, grant))
    }

    /// Every field with its length before it: no two sets of fields make the same text.
    fn mac(
        &self,
        url_key: &UrlKey,
        method: LinkMethod,
        key: &Key,
        parameters: &Parameters,
    ) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&url_key.secret).expect("HMAC takes keys of any length");
        let optional = |text: &Option<String>| {
            text.as_ref()
                .map_or_else(|| b"-".to_vec(), |text| format!("+{text}").into_bytes())
        };
        let fields = [
            CONTEXT,
            method.as_str().as_bytes(),
            self.disk.as_bytes(),
            key.as_str().as_bytes(),
            parameters.expires.as_bytes(),
            if parameters.download { b"1" } else { b"0" },
            &optional(&parameters.max_size),
            &optional(&parameters.content_type),
            &optional(&parameters.content_length),
            &optional(&parameters.sha256),
            &optional(&parameters.sealed),
            url_key.id.as_bytes(),
        ];
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        mac
    }
}

impl Parameters {
    /// What the uploaded file must be, as text.
    fn demand(&mut self, upload: &Upload) {
        self.max_size = upload.max_size.map(|bytes| bytes.to_string());
        self.content_type.clone_from(&upload.content_type);
        self.content_length = upload.content_length.map(|bytes| bytes.to_string());
        self.sha256 = upload.sha256.map(hex::encode);
    }

    /// The same read back; `None` for what we would not have written.
    fn demanded(self) -> Option<Upload> {
        let number = |text: Option<String>| match text {
            Some(text) => text.parse().ok().map(Some),
            None => Some(None),
        };
        let mut sha256 = None;
        if let Some(text) = &self.sha256 {
            let mut digest = [0; 32];
            hex::decode_to_slice(text, &mut digest).ok()?;
            sha256 = Some(digest);
        }
        Some(Upload {
            max_size: number(self.max_size)?,
            content_type: self.content_type,
            content_length: number(self.content_length)?,
            sha256,
        })
    }

    fn render(&self) -> String {
        let mut query = format!("expires={}", self.expires);
        let mut add = |name: &str, value: &str| {
            let value = utf8_percent_encode(value, VALUE);
            write!(query, "&{name}={value}").expect("a string takes all text");
        };
        if self.download {
            add("download", "1");
        }
        if let Some(max_size) = &self.max_size {
            add("max_size", max_size);
        }
        if let Some(content_type) = &self.content_type {
            add("type", content_type);
        }
        if let Some(content_length) = &self.content_length {
            add("length", content_length);
        }
        if let Some(sha256) = &self.sha256 {
            add("sha256", sha256);
        }
        if let Some(sealed) = &self.sealed {
            add("sealed", sealed);
        }
        add("kid", &self.key_id);
        add("signature", &self.signature);
        query
    }

    fn parse(query: &str) -> Option<Self> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=')?;
            let value = percent_decode_str(value).decode_utf8().ok()?.into_owned();
            match name {
                "expires" => parameters.expires = value,
                "download" => parameters.download = true,
                "max_size" => parameters.max_size = Some(value),
                "type" => parameters.content_type = Some(value),
                "length" => parameters.content_length = Some(value),
                "sha256" => parameters.sha256 = Some(value),
                "sealed" => parameters.sealed = Some(value),
                "kid" => parameters.key_id = value,
                "signature" => parameters.signature = value,
                _ => return None,
            }
        }
        // Refuses what is repeated, out of order, missing or written in another way, all at once.
        (parameters.render() == query).then_some(parameters)
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
