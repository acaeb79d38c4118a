//! What the shop counts.

use rf::metrics::{Counter, Error, Gauge, Histogram, Labelled, Metrics};

/// The families of the shop; bound once, so that counting is an atomic addition.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) taken: Counter,
    refused: Labelled<Counter, 1>,
    pub(crate) pieces: Histogram,
    pub(crate) last: Gauge,
}

impl Numbers {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, Error> {
        Ok(Self {
            taken: metrics
                .counter("shop_orders_total")
                .help("Orders taken")
                .try_handle()?,
            refused: metrics
                .counter("shop_orders_refused_total")
                .help("Orders refused, by reason")
                .labels(["reason"])?,
            pieces: metrics
                .histogram("shop_order_pieces")
                .help("Pieces in an order")
                .buckets([1.0, 2.0, 5.0, 10.0, 50.0, 100.0])
                .try_handle()?,
            last: metrics
                .gauge("shop_last_order_timestamp_seconds")
                .help("When the last order was taken, in seconds since 1970")
                .try_handle()?,
        })
    }

    /// Counts an order that was not taken. The reasons are few: each is a series.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refused.bind([reason]).inc();
    }
}
