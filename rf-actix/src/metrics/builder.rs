//! How a registry is set up.

use std::collections::HashMap;

use super::{
    Metrics,
    catalogue::Naming,
    error::Error,
    health::Health,
    name,
    process::Process,
    settings::{DEFAULT_PATH, MetricsSettings},
};

/// More series than this in one family help nobody and cost every scrape.
const DEFAULT_MAX_SERIES: usize = 2000;

/// Sets up a [`Metrics`]; made by [`Metrics::builder`].
///
/// ```
/// use rf::metrics::Metrics;
///
/// let metrics = Metrics::builder().namespace("shop").const_label("zone", "eu").build()?;
/// metrics.counter("orders_total").inc();
/// assert!(metrics.encode().contains("shop_orders_total{zone=\"eu\"} 1\n"));
/// # Ok::<_, rf::metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct MetricsBuilder {
    namespace: String,
    constant: HashMap<String, String>,
    buckets: Vec<f64>,
    max_series: usize,
    path: String,
}

impl Default for MetricsBuilder {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            constant: HashMap::new(),
            buckets: prometheus::DEFAULT_BUCKETS.to_vec(),
            max_series: DEFAULT_MAX_SERIES,
            path: DEFAULT_PATH.into(),
        }
    }
}

impl Metrics {
    /// A registry with plain names, served at `/metrics`.
    pub fn new() -> Self {
        Self::builder().build().expect("the defaults are valid")
    }

    /// A registry with a namespace, constant labels, other buckets, another path or cap.
    pub fn builder() -> MetricsBuilder {
        MetricsBuilder::default()
    }

    /// A registry as the `[metrics]` section describes it.
    ///
    /// # Errors
    ///
    /// When a value cannot be used; the message begins with its key.
    pub fn from_settings(settings: &MetricsSettings) -> Result<Self, Error> {
        let mut builder = Self::builder()
            .namespace(&settings.namespace)
            .path(&settings.path);
        if let Some(buckets) = &settings.buckets {
            builder = builder.buckets(buckets.as_slice());
        }
        builder.build()
    }
}

impl MetricsBuilder {
    /// Put before every family name with an underscore; the `process_…` families keep their well-known names.
    pub fn namespace(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self
    }

    /// A label with the same value on every series of the app's own and the HTTP families.
    pub fn const_label(mut self, label: &str, value: &str) -> Self {
        self.constant.insert(label.into(), value.into());
        self
    }

    /// The upper bounds, in seconds, of the HTTP durations and of every histogram that names no bounds of its own.
    pub fn buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.buckets = bounds.into();
        self
    }

    /// How many series a family may have, 2000 by default; over it, one more series with every label `overflow`
    /// takes the rest and one warning is logged.
    pub fn max_series(mut self, series: usize) -> Self {
        self.max_series = series;
        self
    }

    /// Where the scrape is served, `/metrics` by default.
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Checks everything and makes the registry.
    ///
    /// # Errors
    ///
    /// When the namespace, a constant label, the buckets or the path cannot be used.
    pub fn build(self) -> Result<Metrics, Error> {
        name::check_namespace(&self.namespace)?;
        name::check_buckets("every histogram", &self.buckets)?;
        let labels: Vec<&str> = self.constant.keys().map(String::as_str).collect();
        name::check_labels(
            "(all)",
            &labels,
            ["endpoint", "method", "status"].into_iter(),
        )?;
        check_path(&self.path)?;
        let health = Health::new();
        let naming = Naming {
            namespace: self.namespace,
            constant: self.constant,
            buckets: self.buckets,
            max_series: self.max_series.max(1),
        };
        let metrics = Metrics::assemble(naming, self.path, health.clone())?;
        metrics.register(Process::new())?;
        health.register_on(&metrics)?;
        Ok(metrics)
    }
}

/// The path becomes a route, so it may hold no pattern, and it may not hide the probes.
fn check_path(path: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let good = path.starts_with('/')
        && path.len() > 1
        && !path.contains("//")
        && !path.ends_with('/')
        && path.chars().all(plain)
        && !path.starts_with("/health/");
    if good {
        Ok(())
    } else {
        Err(Error::Path { path: path.into() })
    }
}
