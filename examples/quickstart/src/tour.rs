//! The tour that is printed at start: lines that work when pasted, in this order.

use std::net::SocketAddr;

/// What a newcomer can do now, for the server at `address`.
pub(crate) fn tour(address: SocketAddr) -> String {
    let base = format!("http://{address}");
    format!(
        r#"
The file drive is open at {base}/  (sign in as demo / demo)

Or from another terminal, line by line:

  export TOKEN=$(curl -s -u demo-service:demo-secret -d grant_type=client_credentials {base}/oauth/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -sw '\n' -H "Authorization: Bearer $TOKEN" {base}/api/me
  echo 'hello from the tour' | curl -sw '\n' -H "Authorization: Bearer $TOKEN" -T - {base}/api/files/notes/hello.txt
  curl -sw '\n' -H "Authorization: Bearer $TOKEN" "{base}/api/files?prefix=notes/"
  curl -sw '\n' -H "Authorization: Bearer $TOKEN" -r 6-9 {base}/api/files/notes/hello.txt
  export LINK=$(curl -sw '\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{"expires_in": 600, "download": true}}' {base}/api/files/notes/hello.txt/link | sed 's/.*"url":"\([^"]*\)".*/\1/')
  curl -sw '\n' "$LINK"
  curl -sw '\n' {base}/metrics | grep ^http_requests_total
  curl -sw '\n' {base}/health/ready

SIGTERM or Ctrl-C drains and stops.
"#
    )
}
