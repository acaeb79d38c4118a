//! Where lines go: the trait [`Sink`], and what implements it here.

mod file;
mod stdio;
#[cfg(feature = "syslog")]
mod syslog;
mod write;

pub(crate) use file::{FileRules, FileSink, Zone};
pub(crate) use stdio::{StderrSink, StdoutSink};
#[cfg(feature = "syslog")]
pub(crate) use syslog::{Address, SyslogSink};
pub use write::Sink;
