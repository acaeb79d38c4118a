#![doc = include_str!("../docs/logging.md")]

mod access;
mod body;
mod bridge;
mod builder;
#[cfg(test)]
mod capture;
mod context;
mod error;
mod extract;
mod failure;
mod filter;
mod format;
mod ids;
mod install;
mod keys;
mod level;
mod logger;
mod macros;
mod middleware;
mod output;
mod panic;
mod payload;
mod pipeline;
mod record;
mod redact;
mod settings;
mod sink;
mod spawn;
mod stats;
mod timing;
mod transport;
mod writer;

pub use self::{
    body::LogBody,
    builder::LoggerBuilder,
    context::{InContext, RequestContext},
    error::Error,
    extract::Log,
    filter::Directives,
    format::Format,
    ids::{BadTraceParent, RequestId, TraceContext},
    level::{Level, UnknownLevel},
    logger::Logger,
    middleware::{LogFuture, LogMiddleware, LogService},
    output::{Output, OutputOptions},
    settings::{LoggingSettings, OutputSettings, Stream},
    sink::Sink,
    spawn::{block, spawn},
    stats::Stats,
    timing::Timed,
    transport::Overflow,
};

/// The crate behind the macros and [`Logger::slog`].
pub use ::slog;

#[doc(hidden)]
pub use self::macros::wanted;
