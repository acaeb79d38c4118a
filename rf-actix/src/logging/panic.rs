//! Panics are logged, with the request they happened in, and are on disk before the process can end.

use super::{Level, context, keys::PANIC};
use std::panic::{PanicHookInfo, set_hook as set_std_hook, take_hook};

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
    let thread = std::thread::current();
    let backtrace = std::backtrace::Backtrace::capture();
    let backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured)
        .then(|| backtrace.to_string());
    let before = logger.stats().delivered();
    logger.log_event(
        Level::Error,
        PANIC,
        message,
        &[
            ("location", &location),
            ("thread", &thread.name()),
            ("backtrace", &backtrace),
        ],
    );
    logger.flush().is_ok() && logger.stats().delivered() > before
}
