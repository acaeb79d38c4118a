//! Every family of a registry by its full name, so that each name means one thing.

use std::{
    any::Any,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use prometheus::{Registry, core::Collector, proto::LabelPair};

use super::{
    collector::Isolated,
    error::Error,
    exemplar::{Book, Exemplars, Observed},
    family::{Family, Plan, Shared},
    handle::Instrument,
    info::FamilyInfo,
    kind::Kind,
    name,
    pull::{Pulled, Read, Readings},
    trace::Tracer,
};

/// The families of a registry.
pub(super) struct Catalogue {
    pub(super) registry: Registry,
    pub(super) naming: Naming,
    families: RwLock<Families>,
    described: Mutex<BTreeMap<String, FamilyInfo>>,
}

type Families = HashMap<String, Registered>;

/// What every family of a registry has in common.
pub(super) struct Naming {
    pub(super) namespace: String,
    pub(super) constant: HashMap<String, String>,
    pub(super) buckets: Vec<f64>,
    pub(super) max_series: usize,
    pub(super) tracer: Tracer,
}

impl Naming {
    /// The name of a family as it is served.
    pub(super) fn full(&self, name: &str) -> String {
        if self.namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{}_{name}", self.namespace)
        }
    }

    fn check(&self, name: &str, labels: &[&str]) -> Result<(), Error> {
        name::check_metric(name)?;
        name::check_labels(name, labels, self.constant.keys().map(String::as_str))
    }
}

/// What a full name stands for.
enum Registered {
    /// A `Family<…>` of that kind.
    Family(Kind, Arc<dyn Any + Send + Sync>),
    Pulled(Arc<Pulled>),
    /// Of actix-web-prom, or registered from outside.
    Foreign(Kind),
    /// A histogram of actix-web-prom, whose exemplars are ours.
    Timed(Arc<Book>),
}

impl Registered {
    fn kind(&self) -> Kind {
        match self {
            Self::Family(kind, _) | Self::Foreign(kind) => *kind,
            Self::Pulled(pulled) => pulled.kind(),
            Self::Timed(_) => Kind::Histogram,
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

impl Catalogue {
    pub(super) fn new(naming: Naming) -> Self {
        Self {
            registry: Registry::new(),
            naming,
            families: RwLock::default(),
            described: Mutex::default(),
        }
    }

    /// What is registered, by name.
    pub(super) fn described(&self) -> Vec<FamilyInfo> {
        let described = self
            .described
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        described.values().cloned().collect()
    }

    fn describe(&self, name: &str, kind: Kind, help: &str, labels: &[&str]) {
        let info = FamilyInfo {
            name: name.to_owned(),
            kind,
            help: help.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        let mut described = self
            .described
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        described.insert(info.name.clone(), info);
    }

    /// The family of that name, registered now if it was not.
    pub(super) fn family<K: Instrument>(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Arc<Family<K::Metric>>, Error> {
        let full = self.naming.full(asked.name);
        if let Some(registered) = self.read().get(&full) {
            return registered.family::<K>(full, asked);
        }
        self.naming.check(&full, asked.labels)?;
        let buckets = asked.buckets.unwrap_or(&self.naming.buckets);
        name::check_buckets(&full, buckets)?;
        let mut families = self.write();
        // Another thread may have been quicker.
        if let Some(registered) = families.get(&full) {
            return registered.family::<K>(full, asked);
        }
        refuse_shadowed(&families, &full, K::KIND)?;
        let family = Arc::new(Family::new(Plan {
            name: full.clone(),
            help: asked.help,
            kind: K::KIND,
            labels: asked.labels,
            constant: self.naming.constant.clone(),
            cap: self.naming.max_series,
            buckets: buckets.to_vec(),
            create: K::create,
            tracer: self.naming.tracer.clone(),
        }));
        self.collect_from(Shared(Arc::clone(&family)), &full)?;
        self.describe(&full, K::KIND, asked.help, asked.labels);
        let kept: Arc<dyn Any + Send + Sync> = Arc::<Family<K::Metric>>::clone(&family);
        families.insert(full, Registered::Family(K::KIND, kept));
        Ok(family)
    }

    /// Adds a series that is read at every scrape.
    pub(super) fn pull(
        &self,
        kind: Kind,
        asked: &Asked<'_>,
        values: &[&str],
        read: Read,
    ) -> Result<(), Error> {
        let full = self.naming.full(asked.name);
        self.naming.check(&full, asked.labels)?;
        if !matches!(kind, Kind::Counter | Kind::Gauge) {
            return Err(Error::NotRead {
                name: full,
                wanted: kind,
            });
        }
        let mut families = self.write();
        let pulled = match families.get(&full) {
            Some(Registered::Pulled(pulled)) if pulled.kind() == kind => Arc::clone(pulled),
            Some(other) => return Err(other.clash(full, kind)),
            None => {
                refuse_shadowed(&families, &full, kind)?;
                let constant = &self.naming.constant;
                let pulled = Arc::new(Pulled::new(&full, asked.help, kind, asked.labels, constant));
                self.collect_from(Readings(Arc::clone(&pulled)), &full)?;
                self.describe(&full, kind, asked.help, asked.labels);
                families.insert(full, Registered::Pulled(Arc::clone(&pulled)));
                pulled
            }
        };
        pulled.add(asked.labels, values, read)
    }

    /// Every family that is read by closures.
    pub(super) fn pulled(&self) -> Vec<Arc<Pulled>> {
        let families = self.read();
        let pulled = families.values().filter_map(|registered| match registered {
            Registered::Pulled(pulled) => Some(Arc::clone(pulled)),
            _ => None,
        });
        pulled.collect()
    }

    /// Adds a collector from outside, its names as they are.
    pub(super) fn register(&self, collector: impl Collector + 'static) -> Result<(), Error> {
        let names: Vec<String> = collector
            .desc()
            .iter()
            .map(|desc| desc.fq_name.clone())
            .collect();
        let mut families = self.write();
        for name in &names {
            if families.contains_key(name) {
                return Err(Error::Taken {
                    name: name.clone(),
                    taken: name.clone(),
                });
            }
            refuse_shadowed(&families, name, Kind::Collector)?;
        }
        let described: Vec<_> = (collector.desc().into_iter())
            .map(|desc| (desc.help.clone(), desc.variable_labels.clone()))
            .collect();
        self.collect_from(collector, names.first().map_or("", String::as_str))?;
        for (name, (help, labels)) in names.iter().zip(&described) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            self.describe(name, Kind::Collector, help, &labels);
        }
        let foreign = |name| (name, Registered::Foreign(Kind::Collector));
        families.extend(names.into_iter().map(foreign));
        Ok(())
    }

    /// Keeps a name, to which the namespace is added, for a family that is registered by other means; a histogram's
    /// exemplars are in `book`.
    pub(super) fn reserve(&self, asked: &Asked<'_>, kind: Kind, book: Option<Arc<Book>>) {
        let full = self.naming.full(asked.name);
        self.describe(&full, kind, asked.help, asked.labels);
        let registered = book.map_or(Registered::Foreign(kind), Registered::Timed);
        self.write().insert(full, registered);
    }

    /// The exemplars of one series of the histogram of that full name.
    pub(super) fn exemplars(&self, name: &str, labels: &[LabelPair]) -> Option<Arc<Exemplars>> {
        match self.read().get(name)? {
            Registered::Family(_, family) => {
                let family = Arc::clone(family).downcast::<Family<Observed>>();
                family.ok()?.exemplars(labels)
            }
            Registered::Timed(book) => book.find(labels),
            Registered::Pulled(_) | Registered::Foreign(_) => None,
        }
    }

    fn collect_from(&self, collector: impl Collector + 'static, name: &str) -> Result<(), Error> {
        let isolated = Box::new(Isolated::new(collector));
        self.registry.register(isolated).map_err(|_| Error::Taken {
            name: name.to_owned(),
            taken: name.to_owned(),
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Families> {
        self.families.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Families> {
        self.families
            .write()
            .unwrap_or_else(PoisonError::into_inner)
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

/// A histogram `x` is served as `x_bucket`, `x_sum` and `x_count`, a counter in OpenMetrics always as `x_total` of a
/// family `x`: none of these may be a family of its own.
fn refuse_shadowed(families: &Families, name: &str, kind: Kind) -> Result<(), Error> {
    const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
    let taken = |taken: String| {
        Err(Error::Taken {
            name: name.to_owned(),
            taken,
        })
    };
    // A collector from outside does not say what it is: it may be a counter.
    let may_count = |kind| matches!(kind, Kind::Counter | Kind::Collector);
    let counter = |name: &str| {
        let registered = families.get(name).map(Registered::kind);
        registered.is_some_and(may_count)
    };
    let pair = match name.strip_suffix("_total") {
        Some(base) => (base.to_owned(), may_count(kind) || counter(base)),
        None => {
            let total = format!("{name}_total");
            let clash = may_count(kind) || counter(&total);
            (total, clash)
        }
    };
    if let (other, true) = pair
        && families.contains_key(&other)
    {
        return taken(other);
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
