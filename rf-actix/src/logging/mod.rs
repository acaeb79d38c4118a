#![doc = include_str!("../docs/logging.md")]

mod access;
mod body;
mod bridge;
mod builder;
#[cfg(test)]
mod capture;
mod channel;
mod context;
#[cfg(feature = "testing")]
mod copy;
mod detail;
mod error;
mod extract;
mod failure;
mod filter;
mod format;
mod ids;
mod install;
mod intern;
mod keys;
mod level;
mod logger;
mod macros;
mod middleware;
mod output;
mod panic;
mod payload;
mod pipeline;
mod random;
mod record;
mod redact;
mod route;
mod sample;
#[cfg(feature = "sentry")]
mod sentry;
mod settings;
mod shared;
mod sink;
mod spawn;
mod stats;
#[cfg(feature = "testing")]
mod testing;
mod timing;
mod track;
mod transport;
mod tuning;
mod writer;

pub use self::{
    body::LogBody,
    builder::LoggerBuilder,
    channel::Channel,
    context::{InContext, RequestContext},
    error::Error,
    extract::Log,
    filter::Directives,
    format::Format,
    ids::{BadTraceParent, RequestId, TraceContext},
    level::{Level, UnknownLevel},
    logger::Logger,
    middleware::{LogFuture, LogMiddleware, LogService},
    output::{FileOutput, Output, OutputOptions},
    sample::Sampling,
    settings::{ChannelSettings, LoggingSettings, OutputSettings, SamplingSettings, Stream},
    sink::Sink,
    spawn::{block, spawn},
    stats::{OutputStats, Stats},
    timing::Timed,
    track::{ErrorReport, ErrorTracker},
    transport::Overflow,
};

#[cfg(feature = "syslog")]
pub use self::output::SyslogOutput;
#[cfg(feature = "sentry")]
pub use self::sentry::{Sentry, SentryError};
#[cfg(feature = "testing")]
pub use self::testing::{Capture, Captured};

/// The crate behind the macros and [`Logger::slog`].
pub use ::slog;

#[doc(hidden)]
pub use self::macros::wanted;
