//! How durations and sizes are written in configuration: `"1s"`, `"30d"`, `"5MiB"`.
//!
//! Used as `#[serde(with = "crate::setting::duration")]` by the settings of every part, so that one wording of
//! the refusal serves them all.

/// Durations such as `"500ms"`, `"1h"`, `"30d"`.
#[allow(dead_code, reason = "which of these is used depends on the features")]
pub(crate) mod duration {
    use serde::{Deserialize, Deserializer, de::Error};
    use std::time::Duration;

    pub(crate) fn parse(text: &str) -> Result<Duration, String> {
        humantime::parse_duration(text).map_err(|_| {
            format!("{text:?} is not a duration, write for example \"500ms\", \"1h\" or \"30d\"")
        })
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }

    /// For `Option<Duration>`; needs `#[serde(default)]` beside it.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Duration, Error, parse};

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Duration>, D::Error> {
            Option::<String>::deserialize(from)?
                .map(|text| parse(&text).map_err(D::Error::custom))
                .transpose()
        }
    }
}

/// Sizes such as `"64KiB"`, `"5GiB"` or a plain number of bytes.
#[cfg(feature = "storage")]
pub(crate) mod size {
    use serde::{Deserialize, Deserializer, de::Error};

    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a size such as \"5MiB\" or a number of bytes")]
    enum Written {
        Bytes(u64),
        Text(String),
    }

    impl Written {
        fn bytes(self) -> Result<u64, String> {
            match self {
                Self::Bytes(bytes) => Ok(bytes),
                Self::Text(text) => text
                    .parse::<bytesize::ByteSize>()
                    .map(|size| size.as_u64())
                    .map_err(|_| format!("{text:?} is not a size, write for example \"64KiB\", \"5MiB\" or \"5GiB\"")),
            }
        }
    }

    /// For `Option<u64>`; needs `#[serde(default)]` beside it.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Error, Written};

        #[allow(dead_code, reason = "the storage settings use it")]
        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<u64>, D::Error> {
            Option::<Written>::deserialize(from)?
                .map(|written| written.bytes().map_err(D::Error::custom))
                .transpose()
        }
    }
}
