//! `Metrics`: the one registry of an app, handed round as cheap clones.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use prometheus::core::Collector;

use super::{
    auth::{ScrapeAuth, Served},
    catalogue::{Asked, Catalogue, Naming},
    draft::Draft,
    encode,
    error::Error,
    handle::{Amount, Counter, Gauge, Histogram},
    health::Health,
    http_families::HttpFamilies,
    info::FamilyInfo,
    kind::Kind,
};

/// How many refused names are remembered, so that made-up names cannot fill the memory or the log.
const REMEMBERED_REFUSALS: usize = 1000;

/// The metrics of an app. Cheap to clone; all clones are the same registry.
///
/// ```
/// use rf::metrics::Metrics;
///
/// let metrics = Metrics::new();
/// metrics.counter("requests_total").with_label("method", "GET").inc();
/// metrics.gauge("active_connections").set(42);
/// metrics.histogram("request_duration_seconds").observe(0.123);
/// assert!(metrics.encode().contains("requests_total{method=\"GET\"} 1"));
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    catalogue: Catalogue,
    path: String,
    served: Served,
    refused: Mutex<BTreeSet<String>>,
    http: OnceLock<Arc<HttpFamilies>>,
    health: Health,
}

impl Metrics {
    /// The names must have been checked.
    pub(super) fn assemble(
        naming: Naming,
        path: String,
        served: Served,
        excluded: HashSet<String>,
        health: Health,
    ) -> Result<Self, Error> {
        let metrics = Self(Arc::new(Inner {
            catalogue: Catalogue::new(naming),
            path,
            served,
            refused: Mutex::default(),
            http: OnceLock::new(),
            health,
        }));
        let http = HttpFamilies::register(&metrics, excluded)?;
        metrics.0.http.get_or_init(|| Arc::new(http));
        Ok(metrics)
    }

    /// Begins a counter, a value that only rises. By custom its name ends in `_total`.
    pub fn counter(&self, name: &str) -> Draft<Counter> {
        Draft::new(self, name)
    }

    /// Begins a gauge, a value that rises and falls.
    pub fn gauge(&self, name: &str) -> Draft<Gauge> {
        Draft::new(self, name)
    }

    /// Begins a histogram. By custom its name ends in its unit, such as `_seconds` or `_bytes`.
    pub fn histogram(&self, name: &str) -> Draft<Histogram> {
        Draft::new(self, name)
    }

    /// Has a gauge read at every scrape; for labels, a counter, or to see a refusal see [`pull`](Self::pull).
    ///
    /// A refused name is logged once. The closure must be quick.
    ///
    /// ```
    /// let metrics = rf::metrics::Metrics::new();
    /// metrics.gauge_fn("queue_length", "Jobs waiting", || 7);
    /// assert!(metrics.encode().contains("queue_length 7\n"));
    /// ```
    pub fn gauge_fn<A: Amount>(
        &self,
        name: &str,
        help: &str,
        read: impl Fn() -> A + Send + Sync + 'static,
    ) {
        if let Err(refused) = self.pull(Kind::Gauge, name, help, [], read) {
            self.log_refusal(name, &refused);
        }
    }

    /// Has a counter read at every scrape, like [`gauge_fn`](Self::gauge_fn). What it reads must only rise.
    pub fn counter_fn<A: Amount>(
        &self,
        name: &str,
        help: &str,
        read: impl Fn() -> A + Send + Sync + 'static,
    ) {
        if let Err(refused) = self.pull(Kind::Counter, name, help, [], read) {
            self.log_refusal(name, &refused);
        }
    }

    /// Has one series, with these labels and their values, read at every scrape. A closure that panics or returns
    /// no finite number leaves its own series out and nothing else.
    ///
    /// ```
    /// use rf::metrics::{Kind, Metrics};
    ///
    /// let metrics = Metrics::new();
    /// metrics.pull(Kind::Gauge, "pool_idle", "Idle connections", [("pool", "main")], || 3)?;
    /// metrics.pull(Kind::Gauge, "pool_idle", "Idle connections", [("pool", "reports")], || 1)?;
    /// # assert!(metrics.encode().contains("pool_idle{pool=\"reports\"} 1\n"));
    /// # Ok::<_, rf::metrics::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name or a label is refused, `kind` is neither counter nor gauge, the name is in use with other
    /// labels or another type, or the same series is already read by another closure.
    pub fn pull<A: Amount, const N: usize>(
        &self,
        kind: Kind,
        name: &str,
        help: &str,
        labels: [(&str, &str); N],
        read: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let asked = Asked {
            name,
            help,
            labels: &labels.map(|(label, _)| label),
            buckets: None,
        };
        let values = labels.map(|(_, value)| value);
        self.0
            .catalogue
            .pull(kind, &asked, &values, Box::new(move || read().amount()))
    }

    /// Adds a collector of the prometheus crate. If it panics, its families are left out and the rest is served.
    ///
    /// Its names are taken as they are, without namespace and constant labels.
    ///
    /// # Errors
    ///
    /// When one of the names is in use.
    pub fn register(&self, collector: impl Collector + 'static) -> Result<(), Error> {
        self.0.catalogue.register(collector)
    }

    /// Every family that is registered, by name: those that count nothing yet as well.
    pub fn families(&self) -> Vec<FamilyInfo> {
        self.0.catalogue.described()
    }

    /// The checks behind `/health/ready`.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Where the scrape is served.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What scrapers must show.
    pub(super) fn scrape_auth(&self) -> Option<&ScrapeAuth> {
        self.0.served.auth.as_ref()
    }

    /// Whether the scrape is not among the app's own routes.
    pub(super) fn is_served_apart(&self) -> bool {
        self.0.served.apart
    }

    /// Everything counted so far, in the Prometheus text format 0.0.4.
    pub fn encode(&self) -> String {
        self.read_closures();
        encode::text(&self.0.catalogue.registry)
    }

    /// Everything counted so far as OpenMetrics 1.0, with exemplars.
    pub fn encode_openmetrics(&self) -> String {
        self.read_closures();
        let catalogue = &self.0.catalogue;
        encode::openmetrics(&catalogue.registry, |name, labels| {
            catalogue.exemplars(name, labels)
        })
    }

    fn read_closures(&self) {
        for pulled in self.0.catalogue.pulled() {
            pulled.read();
        }
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub(super) fn http(&self) -> Arc<HttpFamilies> {
        Arc::clone(
            self.0
                .http
                .get()
                .expect("`assemble` has set it before handing the registry out"),
        )
    }

    /// Says once for every name why it counts nothing.
    pub(super) fn log_refusal(&self, name: &str, refused: &Error) {
        let mut known = self
            .0
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let first = known.len() < REMEMBERED_REFUSALS && known.insert(name.to_owned());
        // Whoever writes the log may count its lines: no lock is held while it does.
        drop(known);
        if first {
            log::error!(target: "rf::metrics", "{refused}; nothing is counted for it");
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("namespace", &self.0.catalogue.naming.namespace)
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}
