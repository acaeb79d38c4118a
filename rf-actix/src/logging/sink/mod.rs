//! Where lines go: the trait [`Sink`], and what implements it here.

mod file;

mod stdio;
mod write;

pub(crate) use file::FileSink;
pub(crate) use stdio::{StderrSink, StdoutSink};
pub use write::Sink;
