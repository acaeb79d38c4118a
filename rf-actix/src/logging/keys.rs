//! The names of what the pipeline and the middleware write themselves.

// What every record has.
pub(crate) const TS: &str = "ts";
pub(crate) const LEVEL: &str = "level";
pub(crate) const MSG: &str = "msg";
pub(crate) const TARGET: &str = "target";

// What a record has when it is not whole.
pub(crate) const LOG_ERROR: &str = "log_error";
pub(crate) const TRUNCATED: &str = "truncated";

/// What every record of a channel has.
pub(crate) const CHANNEL: &str = "channel";

// What every record under a request has.
pub(crate) const REQUEST_ID: &str = "request_id";
pub(crate) const TRACE_ID: &str = "trace_id";
pub(crate) const SPAN_ID: &str = "span_id";

/// The target of access lines.
pub(crate) const ACCESS: &str = "rf::access";
/// The target of what the pipeline says of itself.
pub(crate) const PIPELINE: &str = "rf::logging";

/// The target of panics.
pub(crate) const PANIC: &str = "panic";

// What an access line has.
pub(crate) const METHOD: &str = "method";
pub(crate) const ROUTE: &str = "route";
pub(crate) const PATH: &str = "path";
pub(crate) const STATUS: &str = "status";
pub(crate) const DURATION: &str = "duration_ms";
pub(crate) const FIRST_BYTE: &str = "ttfb_ms";
pub(crate) const BYTES_IN: &str = "bytes_in";
pub(crate) const BYTES_OUT: &str = "bytes_out";
pub(crate) const REMOTE: &str = "remote";
pub(crate) const USER_AGENT: &str = "user_agent";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const SLOW: &str = "slow";
pub(crate) const ERROR: &str = "error";
