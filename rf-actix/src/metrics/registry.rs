//! `Metrics`: the one registry of an app, handed round as cheap clones.

use std::{
    any::Any,
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock},
};

use actix_web::web::{Data, ServiceConfig};
use prometheus::core::Collector;

use super::{
    builder::MetricsBuilder,
    collector::Isolated,
    configure,
    draft::Draft,
    encode,
    error::Error,
    family::{Family, Kind, Plan, Shared},
    handle::{Amount, Counter, Gauge, Histogram, Instrument},
    health::Health,
    middleware::{HttpFamilies, MetricsMiddleware},
    name,
    pull::{Pulled, Readings},
    settings::MetricsSettings,
};

pub(super) const DEFAULT_PATH: &str = "/metrics";

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
    registry: prometheus::Registry,
    naming: Naming,
    path: String,
    families: RwLock<HashMap<String, Registered>>,
    refused: Mutex<BTreeSet<String>>,
    http: OnceLock<Arc<HttpFamilies>>,
    health: Health,
}

/// What every family of a registry has in common.
pub(super) struct Naming {
    pub(super) namespace: String,
    pub(super) constant: HashMap<String, String>,
    pub(super) buckets: Vec<f64>,
    pub(super) max_series: usize,
}

impl Naming {
    fn full(&self, name: &str) -> String {
        if self.namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{}_{name}", self.namespace)
        }
    }
}

/// What a full name stands for.
enum Registered {
    /// A `Family<…>` of that kind.
    Family(Kind, Arc<dyn Any + Send + Sync>),
    Pulled(Arc<Pulled>),
    /// Of actix-web-prom, or registered from outside.
    Foreign(Kind),
}

impl Registered {
    fn kind(&self) -> Kind {
        match self {
            Self::Family(kind, _) | Self::Foreign(kind) => *kind,
            Self::Pulled(pulled) => pulled.kind(),
        }
    }
}

/// A family as a caller describes it.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) labels: &'a [&'a str],
    pub(super) buckets: Option<&'a [f64]>,
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

    /// The names must have been checked.
    pub(super) fn assemble(naming: Naming, path: String, health: Health) -> Result<Self, Error> {
        let metrics = Self(Arc::new(Inner {
            registry: prometheus::Registry::new(),
            naming,
            path,
            families: RwLock::default(),
            refused: Mutex::default(),
            http: OnceLock::new(),
            health,
        }));
        let http = HttpFamilies::register(&metrics)?;
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
        let full = self.0.naming.full(name);
        let names = labels.map(|(label, _)| label);
        name::check_metric(&full)?;
        name::check_labels(&full, &names, self.constant_names())?;
        if !matches!(kind, Kind::Counter | Kind::Gauge) {
            return Err(Error::Kind {
                name: full,
                registered: Kind::Gauge,
                wanted: kind,
            });
        }
        let mut families = self
            .0
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let pulled = match families.get(&full) {
            Some(Registered::Pulled(pulled)) if pulled.kind() == kind => Arc::clone(pulled),
            Some(other) => return Err(other.clash(full, kind)),
            None => {
                refuse_shadowed(&families, &full, kind)?;
                let pulled = Arc::new(Pulled::new(
                    &full,
                    help,
                    kind,
                    &names,
                    &self.0.naming.constant,
                ));
                self.collect_from(Readings(Arc::clone(&pulled)), &full)?;
                families.insert(full, Registered::Pulled(Arc::clone(&pulled)));
                pulled
            }
        };
        pulled.add(&labels, Box::new(move || read().amount()))
    }

    /// Adds a collector of the prometheus crate. If it panics, its families are left out and the rest is served.
    ///
    /// Its names are taken as they are, without namespace and constant labels.
    ///
    /// # Errors
    ///
    /// When one of the names is in use.
    pub fn register(&self, collector: impl Collector + 'static) -> Result<(), Error> {
        let names: Vec<String> = collector
            .desc()
            .iter()
            .map(|desc| desc.fq_name.clone())
            .collect();
        let mut families = self
            .0
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for name in &names {
            if families.contains_key(name) {
                return Err(Error::Taken {
                    name: name.clone(),
                    taken: name.clone(),
                });
            }
            refuse_shadowed(&families, name, Kind::Collector)?;
        }
        self.collect_from(collector, names.first().map_or("", String::as_str))?;
        families.extend(
            names
                .into_iter()
                .map(|name| (name, Registered::Foreign(Kind::Collector))),
        );
        Ok(())
    }

    /// The middleware that counts and times every request; give it to `App::wrap`.
    pub fn middleware(&self) -> MetricsMiddleware {
        MetricsMiddleware::new(self.clone())
    }

    /// The checks behind `/health/ready`.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Hands this registry to an app: `App::new().configure(metrics.state()).configure(rf::metrics)`.
    ///
    /// Where the path is not `/metrics` it also adds the scrape at that path.
    pub fn state(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + use<> {
        let metrics = self.clone();
        move |cfg| {
            if metrics.path() != DEFAULT_PATH {
                cfg.service(configure::scrape_resource(metrics.path()));
            }
            cfg.app_data(Data::new(metrics));
        }
    }

    /// Where the scrape is served.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Everything counted so far, in the Prometheus text format 0.0.4.
    pub fn encode(&self) -> String {
        let families = self
            .0
            .families
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let pulled: Vec<_> = families.values().filter_map(Registered::pulled).collect();
        drop(families);
        pulled.iter().for_each(|pulled| pulled.read());
        encode::text(&self.0.registry)
    }

    pub(super) fn naming(&self) -> &Naming {
        &self.0.naming
    }

    pub(super) fn http(&self) -> Arc<HttpFamilies> {
        Arc::clone(
            self.0
                .http
                .get()
                .expect("`assemble` has set it before handing the registry out"),
        )
    }

    /// Lets actix-web-prom register its own families, of these names without namespace.
    pub(super) fn reserve(&self, foreign: [(&str, Kind); 2]) -> prometheus::Registry {
        let mut families = self
            .0
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, kind) in foreign {
            families.insert(self.0.naming.full(name), Registered::Foreign(kind));
        }
        self.0.registry.clone()
    }

    /// The family of that name, registered now if it was not.
    pub(super) fn family<K: Instrument>(
        &self,
        asked: Asked<'_>,
    ) -> Result<Arc<Family<K::Metric>>, Error> {
        let full = self.0.naming.full(asked.name);
        let families = self
            .0
            .families
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(registered) = families.get(&full) {
            return registered.family::<K>(full, &asked);
        }
        drop(families);
        name::check_metric(&full)?;
        name::check_labels(&full, asked.labels, self.constant_names())?;
        let buckets = asked.buckets.unwrap_or(&self.0.naming.buckets);
        name::check_buckets(&full, buckets)?;
        let mut families = self
            .0
            .families
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(registered) = families.get(&full) {
            return registered.family::<K>(full, &asked);
        }
        refuse_shadowed(&families, &full, K::KIND)?;
        let family = Family::new(Plan {
            name: full.clone(),
            help: asked.help,
            kind: K::KIND,
            labels: asked.labels,
            constant: self.0.naming.constant.clone(),
            cap: self.0.naming.max_series,
            buckets: buckets.to_vec(),
            create: K::create,
        });
        let family = Arc::new(family.map_err(|_| Error::Name { name: full.clone() })?);
        self.collect_from(Shared(Arc::clone(&family)), &full)?;
        let kept: Arc<dyn Any + Send + Sync> = Arc::<Family<K::Metric>>::clone(&family);
        families.insert(full, Registered::Family(K::KIND, kept));
        Ok(family)
    }

    /// Says once for every name why it counts nothing.
    pub(super) fn log_refusal(&self, name: &str, refused: &Error) {
        let mut known = self
            .0
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED_REFUSALS && known.insert(name.to_owned()) {
            log::error!(target: "rf::metrics", "{refused}; nothing is counted for it");
        }
    }

    fn constant_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.naming.constant.keys().map(String::as_str)
    }

    fn collect_from(&self, collector: impl Collector + 'static, name: &str) -> Result<(), Error> {
        let isolated = Box::new(Isolated::new(collector));
        self.0
            .registry
            .register(isolated)
            .map_err(|_| Error::Taken {
                name: name.to_owned(),
                taken: name.to_owned(),
            })
    }
}

impl Registered {
    fn family<K: Instrument>(
        &self,
        full: String,
        asked: &Asked<'_>,
    ) -> Result<Arc<Family<K::Metric>>, Error> {
        let Self::Family(_, family) = self else {
            return Err(self.clash(full, K::KIND));
        };
        let Ok(family) = Arc::clone(family).downcast::<Family<K::Metric>>() else {
            return Err(self.clash(full, K::KIND));
        };
        let known = family.labels();
        if known.len() != asked.labels.len()
            || !known
                .iter()
                .all(|name| asked.labels.contains(&name.as_str()))
        {
            return Err(Error::Labels {
                name: full,
                registered: known.to_vec(),
                given: asked
                    .labels
                    .iter()
                    .map(|label| (*label).to_owned())
                    .collect(),
            });
        }
        if asked
            .buckets
            .is_some_and(|buckets| buckets != family.buckets())
        {
            return Err(Error::Buckets {
                name: full,
                reason: "the histogram is already registered with others, use the same everywhere",
            });
        }
        family.set_help(asked.help);
        Ok(family)
    }

    fn pulled(&self) -> Option<Arc<Pulled>> {
        match self {
            Self::Pulled(pulled) => Some(Arc::clone(pulled)),
            _ => None,
        }
    }

    fn clash(&self, name: String, wanted: Kind) -> Error {
        let registered = self.kind();
        if registered == wanted {
            return Error::Taken {
                taken: name.clone(),
                name,
            };
        }
        Error::Kind {
            name,
            registered,
            wanted,
        }
    }
}

/// A histogram `x` is served as `x_bucket`, `x_sum` and `x_count`: none of these may be a family of its own.
fn refuse_shadowed(
    families: &HashMap<String, Registered>,
    name: &str,
    kind: Kind,
) -> Result<(), Error> {
    const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
    let taken = |taken: String| {
        Err(Error::Taken {
            name: name.to_owned(),
            taken,
        })
    };
    for part in PARTS {
        let histogram = name
            .strip_suffix(part)
            .and_then(|base| families.get_key_value(base));
        if let Some((base, registered)) = histogram
            && registered.kind() == Kind::Histogram
        {
            return taken(format!("a series of histogram {base}"));
        }
        let series = format!("{name}{part}");
        if kind == Kind::Histogram && families.contains_key(&series) {
            return taken(series);
        }
    }
    Ok(())
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("namespace", &self.0.naming.namespace)
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}
