//! The `[logging]` section of `rf.toml`.

mod output;

pub use self::output::{OutputSettings, Stream};

use super::{Channel, Directives, Error, Level, Logger, LoggerBuilder, Sampling};
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

/// How an application logs, as its configuration says it.
///
/// ```
/// let settings: rf::logging::LoggingSettings = toml::from_str(r#"
///     level = "info"
///     directives = "sqlx=warn"
///     slow_request = "500ms"
///     outputs = [
///         { to = "stdout", format = "pretty" },
///         { file = "var/app.log", level = "warn", overflow = "block", daily = true, keep = 14, gzip = true },
///     ]
///
///     [channels.audit]
///     outputs = [{ file = "var/audit.log", overflow = "block" }]
///     targets = ["rf::oauth2"]
/// "#)?;
/// assert_eq!(settings.outputs.len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoggingSettings {
    /// The least important level that is logged; info by default.
    pub level: Level,
    /// Other levels for some targets, see [`Directives`]; none by default.
    pub directives: String,
    /// Requests whose response takes this long to begin are logged at warn; 500 ms by default.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub slow_request: Duration,
    /// Statements of the database that take this long are logged at warn; 500 ms by default. Only the statement, never
    /// the values bound to it.
    #[serde(deserialize_with = "crate::setting::duration::deserialize")]
    pub slow_query: Duration,
    /// Whether panics are logged, and on disk before the process can end; they are by default.
    pub panics: bool,
    /// Names of values that are replaced, beside passwords, tokens and their like; in any case.
    pub redact: Vec<String>,
    /// What is logged too often to be written all; nothing by default.
    pub sampling: Vec<SamplingSettings>,
    /// Where lines go; pretty lines on stdout when none is given.
    pub outputs: Vec<OutputSettings>,
    /// Fields of every record: the service's name, its version.
    pub context: BTreeMap<String, String>,
    /// Channels with outputs of their own, by name, see [`Channel`].
    pub channels: BTreeMap<String, ChannelSettings>,
}

impl Default for LoggingSettings {
    fn default() -> Self {
        Self {
            level: Level::Info,
            directives: String::new(),
            slow_request: Duration::from_millis(500),
            slow_query: Duration::from_millis(500),
            panics: true,
            redact: Vec::new(),
            sampling: Vec::new(),
            outputs: Vec::new(),
            context: BTreeMap::new(),
            channels: BTreeMap::new(),
        }
    }
}

/// One of the `channels`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelSettings {
    /// The least important level of this channel, whatever `logging.level` and `directives` are.
    pub level: Option<Level>,
    /// Where its lines go.
    pub outputs: Vec<OutputSettings>,
    /// Other channels whose outputs get its lines too; `default` is `logging.outputs`.
    pub also: Vec<String>,
    /// Targets whose records are copied here, wherever they are logged.
    pub targets: Vec<String>,
}

impl LoggingSettings {
    /// The settings as a builder, for what configuration cannot say: own outputs, static context, the panic hook.
    ///
    /// # Errors
    ///
    /// Names the key whose value cannot be used.
    pub fn builder(&self) -> Result<LoggerBuilder, Error> {
        // Read here too, so that every refusal of a setting comes before a file is touched.
        self.directives.parse::<Directives>()?;
        let mut builder = Logger::builder()
            .level(self.level)
            .directives(&self.directives)
            .slow_request(self.slow_request)
            .with_request_id();
        for (key, value) in &self.context {
            builder = builder.owned_context(key.clone(), value.clone());
        }
        if self.panics {
            builder = builder.panic_hook();
        }
        builder = self.redact.iter().fold(builder, LoggerBuilder::redact);
        for (at, sampling) in self.sampling.iter().enumerate() {
            builder = builder.sampling(sampling.rule(at)?);
        }
        for (at, output) in self.outputs.iter().enumerate() {
            builder = builder.output(output.options(&format!("outputs[{at}]"))?);
        }
        for (name, channel) in &self.channels {
            builder = builder.channel(channel.channel(name)?);
        }
        Ok(builder)
    }
}

/// One of the `sampling` rules, see [`Sampling`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingSettings {
    /// Whose records; those of everybody when it is empty.
    pub target: String,
    /// So many of each period pass.
    pub first: u64,
    /// After those, each so manyth passes; none by default.
    #[serde(default)]
    pub then_every: u64,
    /// How long a period is; a second by default.
    #[serde(
        default = "second",
        deserialize_with = "crate::setting::duration::deserialize"
    )]
    pub per: Duration,
}

const fn second() -> Duration {
    Duration::from_secs(1)
}

impl SamplingSettings {
    fn rule(&self, at: usize) -> Result<Sampling, Error> {
        if self.per.is_zero() {
            return Err(Error::Setting {
                key: format!("sampling[{at}].per"),
                reason: "is 0, write how long a period is, for example \"1s\"".to_owned(),
            });
        }
        Ok(Sampling::of(&self.target)
            .first(self.first)
            .then_every(self.then_every)
            .per(self.per))
    }
}

impl ChannelSettings {
    fn channel(&self, name: &str) -> Result<Channel, Error> {
        let mut channel = Channel::new(name);
        if let Some(level) = self.level {
            channel = channel.level(level);
        }
        for (at, output) in self.outputs.iter().enumerate() {
            channel = channel.output(output.options(&format!("channels.{name}.outputs[{at}]"))?);
        }
        channel = self
            .also
            .iter()
            .fold(channel, |channel, other| channel.also(other));
        Ok(self
            .targets
            .iter()
            .fold(channel, |channel, target| channel.target(target)))
    }
}

impl Logger {
    /// Builds what the `[logging]` section describes, with request ids.
    ///
    /// # Errors
    ///
    /// Names the key whose value cannot be used, or the file that cannot be opened.
    pub fn from_settings(settings: &LoggingSettings) -> Result<Self, Error> {
        settings.builder()?.build()
    }
}

#[cfg(test)]
mod tests;
