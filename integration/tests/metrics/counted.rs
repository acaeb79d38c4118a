//! Whether a request was counted exactly once.

use crate::server::{Server, sample, sum};

/// Requests that have begun and not ended.
pub(crate) const IN_FLIGHT: &str = "http_requests_in_flight";

/// All counters and timers agree that this is all there was.
pub(crate) fn assert_counted(
    server: &Server,
    endpoint: &str,
    method: &str,
    status: u16,
    times: f64,
) {
    let text = server.metrics.encode();
    let labels = format!("{{endpoint=\"{endpoint}\",method=\"{method}\",status=\"{status}\"}}");
    let of = |family: &str| sample(&text, &format!("{family}{labels}"));
    assert_eq!(of("http_requests_total"), Some(times), "{labels} in {text}");
    assert_eq!(
        of("http_requests_duration_seconds_count"),
        Some(times),
        "{labels} in {text}"
    );
    let route = [
        format!("endpoint=\"{endpoint}\""),
        format!("method=\"{method}\""),
    ];
    let route = [route[0].as_str(), route[1].as_str()];
    assert_eq!(
        sum(&text, "http_requests_total", &route),
        times,
        "{labels} in {text}"
    );
}

/// What `http_requests_aborted_total` says of an endpoint.
pub(crate) fn aborted(server: &Server, endpoint: &str) -> Vec<String> {
    let wanted = format!("http_requests_aborted_total{{endpoint=\"{endpoint}\",error_type=\"");
    let text = server.metrics.encode();
    let lines = text.lines().filter_map(|line| line.strip_prefix(&wanted));
    lines
        .map(|rest| rest.replace("\",method=\"GET\"}", ""))
        .collect()
}
