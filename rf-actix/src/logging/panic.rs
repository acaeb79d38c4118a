//! Panics are logged, with the request they happened in, and are on disk before the process can end.

use super::{Level, context, keys::PANIC, logger::PATIENCE, transport::Command};
use std::{
    panic::{PanicHookInfo, set_hook as set_std_hook, take_hook},
    thread,
    time::{Duration, Instant},
};

/// How long a thread that unwinds waits for the outputs: the others of the process wait for it, and go on.
const MOMENT: Duration = Duration::from_millis(250);

/// Replaces the standard hook, which writes several lines to stderr; it still speaks when logging is shut down.
pub(super) fn set_hook() {
    let former = take_hook();
    set_std_hook(Box::new(move |info| {
        if !log(info) {
            former(info);
        }
    }));
}

/// Returns whether the panic is written.
fn log(info: &PanicHookInfo<'_>) -> bool {
    let Some(logger) = context::current_logger() else {
        return false;
    };
    let message = info.payload_as_str().unwrap_or("a value that is no text");
    let location = info.location().map(ToString::to_string);
    let thread = thread::current();
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured)
        .then(|| backtrace.to_string());
    let taken = logger.try_log_event(
        Level::Error,
        PANIC,
        message,
        &[
            ("location", &location),
            ("thread", &thread.name()),
            ("backtrace", &backtrace),
        ],
    );
    let now = Instant::now();
    let flushed = if ends_the_process(thread.name()) {
        logger.pipeline.command(Command::Flush, now + PATIENCE)
    } else {
        // A server's thread has other requests to answer; what tracks errors goes on sending meanwhile.
        logger.pipeline.flush_outputs(now + MOMENT)
    };
    taken && flushed.is_ok()
}

/// Whether nothing goes on after a panic of this thread: it is the last moment for everything.
fn ends_the_process(thread: Option<&str>) -> bool {
    cfg!(panic = "abort") || thread == Some("main")
}
