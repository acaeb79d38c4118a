//! How a registry is set up.

use std::collections::{HashMap, HashSet};

use super::{
    Metrics,
    auth::{ScrapeAuth, Served},
    catalogue::Naming,
    error::Error,
    health::Health,
    name,
    process::Process,
    settings::{DEFAULT_PATH, MetricsSettings},
    trace::{TraceId, Tracer},
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
    served: Served,
    excluded: HashSet<String>,
    tracer: Tracer,
}

impl Default for MetricsBuilder {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            constant: HashMap::new(),
            buckets: prometheus::DEFAULT_BUCKETS.to_vec(),
            max_series: DEFAULT_MAX_SERIES,
            path: DEFAULT_PATH.into(),
            served: Served::default(),
            excluded: HashSet::new(),
            tracer: Tracer::default(),
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
        Self::from_settings_with(settings, |builder| builder)
    }

    /// The same, with what no setting says.
    pub(crate) fn from_settings_with(
        settings: &MetricsSettings,
        more: impl FnOnce(MetricsBuilder) -> MetricsBuilder,
    ) -> Result<Self, Error> {
        let mut builder = Self::builder()
            .namespace(&settings.namespace)
            .path(&settings.path);
        if let Some(buckets) = &settings.buckets {
            builder = builder.buckets(buckets.as_slice());
        }
        for pattern in &settings.exclude {
            builder = builder.exclude(pattern);
        }
        if let Some(auth) = &settings.auth {
            builder = builder.scrape_auth(auth.clone());
        }
        if settings.bind.is_some() {
            builder = builder.served_apart();
        }
        more(builder).build()
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

    /// Leaves the requests of a route out of all HTTP families, by its pattern as it would be in `endpoint`; they
    /// are still in flight while they are served.
    pub fn exclude(mut self, pattern: &str) -> Self {
        self.excluded.insert(pattern.to_owned());
        self
    }

    /// Asks scrapers for a token or a password. Default: whoever reaches the path may read it.
    pub fn scrape_auth(mut self, auth: ScrapeAuth) -> Self {
        self.served.auth = Some(auth);
        self
    }

    /// Serves the scrape only where [`Metrics::server`] listens, and not among the app's own routes.
    pub fn served_apart(mut self) -> Self {
        self.served.apart = true;
        self
    }

    /// Names the trace of what is happening on the thread that asks, as the exemplar of what is observed then. The
    /// suite tells the trace of the current request.
    ///
    /// A name longer than 120 characters is left out (OpenMetrics 1.0, "Exemplars").
    pub fn trace_id(mut self, name: impl Fn() -> Option<TraceId> + Send + Sync + 'static) -> Self {
        self.tracer = Tracer::new(name);
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
            tracer: self.tracer,
        };
        let metrics = Metrics::assemble(
            naming,
            self.path,
            self.served,
            self.excluded,
            health.clone(),
        )?;
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
