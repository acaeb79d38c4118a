//! From a name to a handle: `metrics.counter("…")` and what can follow.

use std::{fmt, marker::PhantomData, sync::Arc};

use super::{
    Metrics,
    catalogue::Asked,
    error::Error,
    family::Family,
    handle::{Amount, Counter, Gauge, Histogram, Instrument, Timer},
};

/// A metric being described; the family is registered when it is first counted on.
///
/// Calls at the end of the chain (`inc`, `set`, `observe`, `handle`) never fail: a bad or clashing name is logged
/// once and nothing is counted. [`try_handle`](Self::try_handle) and [`labels`](Self::labels) say what is wrong.
///
/// Each such chain looks its series up; in a hot path keep a [`handle`](Self::handle).
#[must_use = "nothing is counted until the chain ends"]
pub struct Draft<K> {
    metrics: Metrics,
    name: String,
    help: String,
    labels: Vec<(String, String)>,
    buckets: Option<Vec<f64>>,
    kind: PhantomData<K>,
}

impl<K: Instrument> Draft<K> {
    pub(super) fn new(metrics: &Metrics, name: &str) -> Self {
        Self {
            metrics: metrics.clone(),
            name: name.to_owned(),
            help: String::new(),
            labels: Vec::new(),
            buckets: None,
            kind: PhantomData,
        }
    }

    /// What the metric means, in one sentence, with its unit. The first text given for a name is kept.
    pub fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    /// Adds a label with its value. The order does not matter; the set of names must be the same everywhere.
    ///
    /// Values must come from a small set: every combination is a series that is kept for ever.
    pub fn with_label(mut self, label: &str, value: impl ToString) -> Self {
        self.labels.push((label.to_owned(), value.to_string()));
        self
    }

    /// Registers the family with these labels, beside those given by [`with_label`](Self::with_label), and
    /// returns it to bind handles from.
    ///
    /// ```
    /// # let metrics = rf::metrics::Metrics::new();
    /// let lookups = metrics.counter("cache_lookups_total").help("Cache look-ups").labels(["cache", "outcome"])?;
    /// let hits = lookups.bind(["users", "hit"]);
    /// hits.inc();
    /// # assert_eq!(hits.get(), 1.0);
    /// # Ok::<_, rf::metrics::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name, a label or the buckets are refused, or the name is in use for something else.
    pub fn labels<const N: usize>(self, labels: [&str; N]) -> Result<Labelled<K, N>, Error> {
        let names: Vec<&str> = self.fixed_names().chain(labels).collect();
        let family = self.register(&names)?;
        let slots = family
            .labels()
            .iter()
            .map(|name| match labels.iter().position(|label| label == name) {
                Some(at) => Slot::Bound(at),
                None => Slot::Fixed(self.fixed_value(name).to_owned()),
            })
            .collect();
        Ok(Labelled { family, slots })
    }

    /// The series with the labels given so far; does nothing when the metric was refused, which is logged once.
    pub fn handle(self) -> K {
        let metrics = self.metrics.clone();
        let name = self.name.clone();
        self.try_handle().unwrap_or_else(|refused| {
            metrics.log_refusal(&name, &refused);
            K::over(None)
        })
    }

    /// The series with the labels given so far.
    ///
    /// # Errors
    ///
    /// When the name, a label or the buckets are refused, or the name is in use for something else.
    pub fn try_handle(self) -> Result<K, Error> {
        let names: Vec<&str> = self.fixed_names().collect();
        let family = self.register(&names)?;
        let values: Vec<&str> = family
            .labels()
            .iter()
            .map(|name| self.fixed_value(name))
            .collect();
        Ok(K::over(Some(family.series(&values))))
    }

    fn register(&self, labels: &[&str]) -> Result<Arc<Family<K::Metric>>, Error> {
        self.metrics.catalogue().family::<K>(&Asked {
            name: &self.name,
            help: &self.help,
            labels,
            buckets: self.buckets.as_deref(),
        })
    }

    fn fixed_names(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|(name, _)| name.as_str())
    }

    /// Registration has made sure that every label of the family is among those given.
    fn fixed_value(&self, wanted: &str) -> &str {
        self.labels
            .iter()
            .find(|(name, _)| name == wanted)
            .map_or("", |(_, value)| value)
    }
}

impl Draft<Counter> {
    /// Counts one.
    pub fn inc(self) {
        self.handle().inc();
    }

    /// Counts `amount`; see [`Counter::inc_by`].
    pub fn inc_by(self, amount: impl Amount) {
        self.handle().inc_by(amount);
    }
}

impl Draft<Gauge> {
    /// Sets the value; see [`Gauge::set`].
    pub fn set(self, value: impl Amount) {
        self.handle().set(value);
    }

    /// Adds one.
    pub fn inc(self) {
        self.handle().inc();
    }

    /// Takes one away.
    pub fn dec(self) {
        self.handle().dec();
    }
}

impl Draft<Histogram> {
    /// The upper bounds of the buckets, inclusive and rising; `+Inf` is added by itself.
    pub fn buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.buckets = Some(bounds.into());
        self
    }

    /// Counts one observation; see [`Histogram::observe`].
    pub fn observe(self, value: impl Amount) {
        self.handle().observe(value);
    }

    /// Observes the seconds until the timer is dropped.
    pub fn start_timer(self) -> Timer {
        self.handle().start_timer()
    }
}

impl<K> fmt::Debug for Draft<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("name", &self.name)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

enum Slot {
    Fixed(String),
    Bound(usize),
}

/// A registered family with `N` labels to bind.
pub struct Labelled<K: Instrument, const N: usize> {
    family: Arc<Family<K::Metric>>,
    slots: Vec<Slot>,
}

impl<K: Instrument, const N: usize> Labelled<K, N> {
    /// The series of these label values, in the order the labels were given. Keep it where counting is hot.
    pub fn bind<V: AsRef<str>>(&self, values: [V; N]) -> K {
        let ordered = self.slots.iter().map(|slot| match slot {
            Slot::Fixed(value) => value.as_str(),
            Slot::Bound(at) => values[*at].as_ref(),
        });
        // More labels than that are rare.
        let mut few = [""; 8];
        let series = match few.get_mut(..self.slots.len()) {
            Some(few) => {
                few.iter_mut()
                    .zip(ordered)
                    .for_each(|(place, value)| *place = value);
                self.family.series(few)
            }
            None => self.family.series(&ordered.collect::<Vec<_>>()),
        };
        K::over(Some(series))
    }
}

impl<K: Instrument, const N: usize> fmt::Debug for Labelled<K, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Labelled")
            .field("labels", &self.family.labels())
            .finish_non_exhaustive()
    }
}
