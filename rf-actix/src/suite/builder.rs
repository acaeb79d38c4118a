//! What an app brings to the parts of its suite, beside what the configuration says.

use super::Suite;
use crate::{
    Error, config::Config, logging::LoggerBuilder, metrics::MetricsBuilder,
    oauth2::OAuth2ServerBuilder,
};
use std::fmt;

/// A suite with more than a configuration can say; made by [`Suite::builder`].
///
/// Each part's own builder comes with the settings in it, and goes back with what the app adds: outputs of its own and
/// who gets to know of errors, labels of all metrics, people and pages.
///
/// ```no_run
/// use rf::logging::ErrorReport;
/// # async fn build(config: rf::config::Config) -> Result<rf::Suite, rf::Error> {
/// rf::Suite::builder(config)
///     .logger(|logger| {
///         logger
///             .context("zone", "eu")
///             .on_error(|report: &ErrorReport<'_>| eprintln!("{}", report.message()))
///     })
///     .metrics(|metrics| metrics.const_label("zone", "eu").max_series(500))
///     .oauth2(|oauth2| oauth2.observer(|event| println!("{event:?}")))
///     .build()
///     .await
/// # }
/// ```
#[must_use = "a suite is there once it is built"]
pub struct SuiteBuilder {
    config: Config,
    logger: Change<LoggerBuilder>,
    metrics: Change<MetricsBuilder>,
    oauth2: Change<OAuth2ServerBuilder>,
}

type Change<B> = Box<dyn FnOnce(B) -> B + Send>;

impl SuiteBuilder {
    /// What comes to the log pipeline: [`on_error`](LoggerBuilder::on_error), [outputs](LoggerBuilder::output) beside
    /// those of the configuration, fields of every line.
    pub fn logger(
        mut self,
        change: impl FnOnce(LoggerBuilder) -> LoggerBuilder + Send + 'static,
    ) -> Self {
        self.logger = after(self.logger, change);
        self
    }

    /// What comes to the registry: labels of every series, how many series a family may have.
    pub fn metrics(
        mut self,
        change: impl FnOnce(MetricsBuilder) -> MetricsBuilder + Send + 'static,
    ) -> Self {
        self.metrics = after(self.metrics, change);
        self
    }

    /// What comes to the authorization server: the app's people, its policy, its pages, grants of its own, observers.
    pub fn oauth2(
        mut self,
        change: impl FnOnce(OAuth2ServerBuilder) -> OAuth2ServerBuilder + Send + 'static,
    ) -> Self {
        self.oauth2 = after(self.oauth2, change);
        self
    }

    /// Builds the parts, as [`Suite::new`] does.
    ///
    /// # Errors
    /// As [`Suite::new`], and what the parts refuse of what was brought.
    pub async fn build(self) -> Result<Suite, Error> {
        Suite::with(self.config, self.logger, self.metrics, self.oauth2).await
    }
}

/// Both changes, one after the other.
fn after<B: 'static>(before: Change<B>, change: impl FnOnce(B) -> B + Send + 'static) -> Change<B> {
    Box::new(|builder| change(before(builder)))
}

impl Suite {
    /// For an app that brings more than a configuration can say.
    pub fn builder(config: Config) -> SuiteBuilder {
        SuiteBuilder {
            config,
            logger: Box::new(|builder| builder),
            metrics: Box::new(|builder| builder),
            oauth2: Box::new(|builder| builder),
        }
    }
}

impl fmt::Debug for SuiteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SuiteBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
