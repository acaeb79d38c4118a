//! The `[metrics]` section.

use std::net::SocketAddr;

use serde::Deserialize;

use super::auth::ScrapeAuth;

/// Where scrapers look unless told otherwise.
pub(super) const DEFAULT_PATH: &str = "/metrics";

/// How metrics are named and where they are served: the `[metrics]` section of `rf.toml`.
///
/// ```
/// let settings: rf::metrics::MetricsSettings = serde_json::from_str(r#"{ "namespace": "shop" }"#)?;
/// assert_eq!(settings.path, "/metrics");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct MetricsSettings {
    /// Put before every family name with an underscore; empty (the default) leaves the names plain.
    pub namespace: String,
    /// Where the scrape is served, `/metrics` by default.
    pub path: String,
    /// Upper bounds in seconds of the HTTP duration histograms; left out, those Prometheus clients commonly use.
    pub buckets: Option<Vec<f64>>,
    /// Patterns of routes that are not counted, such as `"/health/live"`; none by default.
    pub exclude: Vec<String>,
    /// What a scraper must show; left out, whoever reaches the path may read it.
    pub auth: Option<ScrapeAuth>,
    /// A second address for the scrape and the probes, such as `"127.0.0.1:9090"`. The scrape is then not served on
    /// the app's own.
    pub bind: Option<SocketAddr>,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            path: DEFAULT_PATH.into(),
            buckets: None,
            exclude: Vec::new(),
            auth: None,
            bind: None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::{Error, Metrics};
    use super::*;

    fn read(text: &str) -> Result<MetricsSettings, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn an_empty_section_is_the_defaults() {
        let settings = read("").unwrap();
        assert_eq!(settings, MetricsSettings::default());
        assert_eq!(
            (settings.namespace.as_str(), settings.path.as_str()),
            ("", "/metrics")
        );
        assert!(Metrics::from_settings(&settings).is_ok());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        assert!(
            read("openmetrics = true")
                .unwrap_err()
                .to_string()
                .contains("openmetrics")
        );
    }

    #[test]
    fn bad_values_are_refused_and_say_which_key() {
        for (text, wanted) in [
            ("namespace = \"my-app\"", "namespace"),
            ("path = \"metrics\"", "path"),
            ("path = \"/{any}\"", "path"),
            ("path = \"/\"", "path"),
            ("path = \"/health/live\"", "path"),
            ("buckets = []", "buckets"),
            ("buckets = [2.0, 1.0]", "buckets"),
        ] {
            let refused: Error = Metrics::from_settings(&read(text).unwrap()).unwrap_err();
            assert!(refused.to_string().contains(wanted), "{text}: {refused}");
        }
    }
}
