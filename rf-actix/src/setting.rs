//! How durations and sizes are written in configuration: `"1s"`, `"30d"`, `"5MiB"`.
//!
//! Used as `#[serde(with = "crate::setting::duration")]` by the settings of every part, so that one wording of
//! the refusal serves them all.

/// Durations such as `"500ms"`, `"1h"`, `"30d"`.
#[allow(dead_code, reason = "which of these is used depends on the features")]
pub(crate) mod duration {
    use serde::{
        Deserialize, Deserializer,
        de::{Error, Visitor},
    };
    use std::{fmt, time::Duration};

    pub(crate) fn parse(text: &str) -> Result<Duration, String> {
        humantime::parse_duration(text).map_err(|_| {
            format!("{text:?} is not a duration, write for example \"500ms\", \"1h\" or \"30d\"")
        })
    }

    struct Written(Duration);

    impl<'de> Deserialize<'de> for Written {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_str(Words).map(Self)
        }
    }

    struct Words;

    impl Visitor<'_> for Words {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a duration with its unit, for example \"5s\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            parse(text).map_err(E::custom)
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Duration, E> {
            Err(E::custom(format!(
                "a duration needs its unit, write for example \"{}s\"",
                number.unsigned_abs()
            )))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Written::deserialize(from).map(|Written(duration)| duration)
    }

    /// For `Option<Duration>`; needs `#[serde(default)]` beside it.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Duration, Written};

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Duration>, D::Error> {
            Option::<Written>::deserialize(from)
                .map(|written| written.map(|Written(duration)| duration))
        }
    }
}

/// Sizes such as `"64KiB"`, `"5GiB"` or a plain number of bytes.
#[cfg(any(feature = "storage", feature = "logging"))]
#[allow(dead_code, reason = "which of these is used depends on the features")]
pub(crate) mod size {
    use serde::{Deserialize, Deserializer, de::Error};

    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "write a size such as \"5MiB\" or a number of bytes"
    )]
    enum Written {
        Bytes(u64),
        Text(String),
    }

    impl Written {
        fn bytes(self) -> Result<u64, String> {
            match self {
                Self::Bytes(bytes) => Ok(bytes),
                Self::Text(text) => parse(&text),
            }
        }
    }

    pub(crate) fn parse(text: &str) -> Result<u64, String> {
        text.parse::<bytesize::ByteSize>()
            .map(|size| size.as_u64())
            .map_err(|_| {
                format!("{text:?} is not a size, write for example \"64KiB\", \"5MiB\" or \"5GiB\"")
            })
    }

    /// For `Option<u64>`; needs `#[serde(default)]` beside it.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Error, Written};

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<u64>, D::Error> {
            Option::<Written>::deserialize(from)?
                .map(|written| written.bytes().map_err(D::Error::custom))
                .transpose()
        }
    }
}
