//! An error report as an envelope of Sentry: a header, the header of an item, the event.

use crate::logging::ErrorReport;
use serde_json::{Value, json};
use uuid::Uuid;

/// What all events have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) release: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) server_name: Option<String>,
}

/// The lines of an envelope with one event.
pub(super) fn envelope(report: &ErrorReport<'_>, about: &About) -> Vec<u8> {
    let id = Uuid::new_v4().simple().to_string();
    let event = event(&id, report, about).to_string();
    let header = json!({ "event_id": id, "sent_at": report.timestamp() });
    let item =
        json!({ "type": "event", "content_type": "application/json", "length": event.len() });
    format!("{header}\n{item}\n{event}\n").into_bytes()
}

fn event(id: &str, report: &ErrorReport<'_>, about: &About) -> Value {
    let mut fields = report.fields();
    let mut event = json!({
        "event_id": id,
        "timestamp": report.timestamp(),
        "platform": "native",
        "level": if report.is_panic() { "fatal" } else { "error" },
        "logger": report.target(),
        "release": about.release,
        "environment": about.environment,
        "server_name": about.server_name,
    });
    let mut tags = serde_json::Map::new();
    if let Some(id) = report.request_id() {
        tags.insert("request_id".to_owned(), id.into());
    }
    if let (Some(trace), Some(span)) = (report.trace_id(), report.span_id()) {
        event["contexts"] = json!({ "trace": { "trace_id": trace, "span_id": span } });
    }
    if let (Some(method), Some(path)) = (fields.get("method"), fields.get("path")) {
        event["request"] = json!({ "method": method, "url": path });
    }
    if let Some(route) = fields.get("route") {
        event["transaction"] = route.clone();
    }
    event["tags"] = tags.into();
    if report.is_panic() {
        // Grouped by what panicked where; Sentry shows it as a crash.
        let location = fields.remove("location").unwrap_or_default();
        event["exception"] = json!({ "values": [{
            "type": "panic",
            "value": report.message(),
            "mechanism": { "type": "panic", "handled": false },
            "module": location,
        }] });
        event["extra"] = json!({ "location": location });
        event["extra"]["fields"] = fields.into();
    } else {
        event["logentry"] = json!({ "formatted": report.message() });
        event["extra"] = fields.into();
    }
    event
}
