//! Times as other issuers write them: a number of seconds, which may have a fraction (RFC 7519 §2).

use serde_json::{Map, Value};

/// The second in which `time` is; the last or the first there is when it is beyond.
pub(super) fn whole_seconds(time: f64) -> i64 {
    time.floor() as i64
}

/// Leaves whole seconds of the times in `claims`.
pub(super) fn round_times(claims: &mut Map<String, Value>) {
    for name in ["exp", "iat"] {
        if let Some(time) = claims.get_mut(name)
            && let Some(seconds) = time.as_f64().filter(|_| time.is_f64())
        {
            *time = whole_seconds(seconds).into();
        }
    }
}
