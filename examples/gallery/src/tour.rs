//! The tour that is printed at start: lines that work when pasted, in this order.

use std::net::SocketAddr;

/// A picture of four dots.
const DOTS: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAF0lEQVR4nGP4MC0qquIOQ8WJab/uVAAAM+4Hs8T0a3AAAAAASUVORK5CYII=";

/// What a newcomer can do now, for the server at `address`.
pub(crate) fn tour(address: SocketAddr, links_are_paths: bool) -> String {
    format!(
        "\nThe gallery is open at http://{address}/\n\nOr from another terminal, line by line:\n\n{}\nSIGTERM or Ctrl-C stops it when the requests in flight have ended.\n",
        lines(&format!("http://{address}"), links_are_paths)
            .iter()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
    )
}

fn lines(base: &str, links_are_paths: bool) -> [String; 9] {
    let photos = format!("{base}/api/photos");
    let documents = format!("{base}/api/documents");
    // A link into a bucket has a host of its own.
    let host = if links_are_paths { base } else { "" };
    [
        format!("echo {DOTS} | base64 -d | curl -sw '\\n' -F 'file=@-;filename=dots.png' {photos}"),
        format!("curl -sw '\\n' '{photos}?limit=10'"),
        format!(
            "export PHOTO=$(curl -s {photos} | sed 's/.*\"key\":\"\\([0-9a-f]*[.]png\\)\".*/\\1/')"
        ),
        format!(
            "export LINK=$(curl -s -d expires_in=3600 {photos}/$PHOTO/link | sed 's/.*\"url\":\"\\([^\"]*\\)\".*/\\1/')"
        ),
        format!("curl -s \"{host}$LINK\" | wc -c"),
        format!("curl -sw '\\n' -F 'file=no picture;filename=fake.png' {photos}"),
        format!(
            "curl -sw '\\n' -F 'file=one;filename=one.txt' -F 'file=two;filename=two.txt' {documents}"
        ),
        format!(
            "curl -sw '\\n' -F 'file=three;filename=three.txt' -F 'file=#!/bin/sh;filename=four.txt' {documents}"
        ),
        format!("curl -sw '%{{http_code}}\\n' -X DELETE {photos}/$PHOTO"),
    ]
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn the_readme_shows_the_lines_that_are_printed() {
        let readme = include_str!("../README.md");
        for line in lines("http://127.0.0.1:8081", true) {
            assert!(readme.contains(&format!("\n{line}\n")), "{line}");
        }
    }
}
