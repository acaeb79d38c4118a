//! What the service prints at its start.

use std::net::SocketAddr;

/// Curl lines that work as they are.
pub(crate) fn tour(shop: SocketAddr, scrape: SocketAddr) -> String {
    format!(
        "The order service is open at http://{shop}/, its scrape at http://{scrape}/metrics. Paste these lines:

  curl -sw '\\n' -H 'Content-Type: application/json' -H 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' -d '{{\"article\":\"tea\",\"pieces\":3}}' http://{shop}/orders
  curl -sw '\\n' -H 'Content-Type: application/json' -d '{{\"article\":\"tea\",\"pieces\":0}}' http://{shop}/orders
  curl -sw '\\n' http://{shop}/report
  tail -n 1 var/audit.log
  curl -sw '%{{http_code}}\\n' http://{scrape}/metrics
  curl -s -H 'Authorization: Bearer scrape-me' http://{scrape}/metrics | grep '^shop_'
  curl -s -H 'Authorization: Bearer scrape-me' -H 'Accept: application/openmetrics-text' http://{scrape}/metrics | grep trace_id
  curl -sw '\\n' http://{scrape}/health/ready
"
    )
}
