//! `rf::info!` and its kin.

use super::{Level, context, detail};
use std::sync::Arc;

/// The logger that wants such a record: the current request's, else the installed one.
#[doc(hidden)]
#[must_use]
#[inline]
pub fn wanted(level: Level, target: &str) -> Option<Arc<super::Logger>> {
    if detail::is_wanted_by_any(level) {
        context::logger_for(level, target)
    } else {
        None
    }
}

/// What the levels' macros expand to.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $slog:ident, $($arguments:tt)+) => {
        if let Some(logger) = $crate::logging::wanted($crate::logging::Level::$level, ::core::module_path!()) {
            $crate::logging::slog::log!(logger.slog(), $crate::logging::slog::Level::$slog, "", $($arguments)+);
        }
    };
}

/// Logs at level error, to the current request's logger or the installed one.
///
/// A format string and its arguments, then fields: `"key" => value`, `"key" => %display`, `"key" => ?debug`,
/// `"key" => #error` (with its causes). Nothing is evaluated when nobody wants the record.
///
/// ```
/// let error = std::io::Error::other("disk full");
/// rf::error!("cannot store {}", "a.txt"; "error" => #error);
/// ```
#[macro_export]
macro_rules! error {
    ($($arguments:tt)+) => { $crate::__log!(Error, Error, $($arguments)+) };
}

/// Logs at level warn; see [`error!`](crate::error).
#[macro_export]
macro_rules! warn {
    ($($arguments:tt)+) => { $crate::__log!(Warn, Warning, $($arguments)+) };
}

/// Logs at level info; see [`error!`](crate::error).
///
/// ```
/// # let ip = std::net::Ipv4Addr::LOCALHOST;
/// rf::info!("user logged in"; "user_id" => 7, "action" => "login", "ip" => %ip);
/// ```
#[macro_export]
macro_rules! info {
    ($($arguments:tt)+) => { $crate::__log!(Info, Info, $($arguments)+) };
}

/// Logs at level debug; see [`error!`](crate::error).
#[macro_export]
macro_rules! debug {
    ($($arguments:tt)+) => { $crate::__log!(Debug, Debug, $($arguments)+) };
}

/// Logs at level trace; see [`error!`](crate::error).
#[macro_export]
macro_rules! trace {
    ($($arguments:tt)+) => { $crate::__log!(Trace, Trace, $($arguments)+) };
}

/// Logs how long something took.
///
/// `let _timed = rf::timed!("database_query");` measures until the guard is dropped, and
/// `rf::timed!("database_query" => query().await?)` an expression, whose value it has.
///
/// ```
/// let sum = rf::timed!("sum" => (1..=4).sum::<u32>());
/// assert_eq!(sum, 10);
/// ```
#[macro_export]
macro_rules! timed {
    ($name:expr) => {
        $crate::logging::Timed::start($name, ::core::module_path!())
    };
    ($name:expr => $measured:expr) => {{
        let _timed = $crate::timed!($name);
        $measured
    }};
}
