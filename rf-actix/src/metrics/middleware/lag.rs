//! How late a worker is: what runs too long on its thread keeps all its other requests waiting.

use std::{rc::Weak, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::worker::Worker;
use crate::metrics::Histogram;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// Observes every half second how much later than that this thread comes round, for as long as the worker lives.
pub(super) fn watch(lag: Histogram, worker: Weak<Worker>) {
    actix_web::rt::spawn(async move {
        loop {
            let due = Instant::now() + EVERY;
            sleep_until(due).await;
            if worker.strong_count() == 0 {
                return;
            }
            lag.observe(Instant::now().saturating_duration_since(due));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use std::rc::Rc;

    #[actix_web::test]
    async fn a_worker_that_is_held_up_is_seen_to_lag() {
        tokio::time::pause();
        let metrics = Metrics::new();
        let worker = Rc::new(Worker::new(metrics.http()));
        let lag = metrics.histogram("lag").buckets([1.0]).handle();
        watch(lag.clone(), Rc::downgrade(&worker));
        let turn = async || {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        turn().await;
        tokio::time::advance(EVERY + Duration::from_secs(3)).await;
        turn().await;
        assert_eq!(lag.count(), 1);
        assert!(lag.sum() >= 3.0, "{}", lag.sum());
        drop(worker);
        tokio::time::advance(EVERY).await;
        turn().await;
        tokio::time::advance(EVERY).await;
        turn().await;
        assert_eq!(lag.count(), 1, "it ends with its worker");
    }
}
