//! The pages of the examples keep to what their Content-Security-Policy allows, and to their own files.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const EXAMPLES: [&str; 2] = ["quickstart", "gallery"];

/// Name and content of every file of every page.
fn files() -> impl Iterator<Item = (String, String)> {
    EXAMPLES.into_iter().flat_map(files_of)
}

/// Name and content of every file of an example's page.
fn files_of(example: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/{example}/web"));
    let files: BTreeMap<_, _> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(files.contains_key("index.html"));
    files
}

/// What stands between each `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split_once(after))
        .map(|(inside, _)| inside)
        .collect()
}

#[test]
fn no_page_holds_a_script_or_a_style_of_its_own() {
    for (name, text) in files() {
        if !name.ends_with(".html") {
            continue;
        }
        for script in between(&text, "<script", "</script>") {
            assert!(
                script.contains(" src=\"/assets/"),
                "{name}: <script{script}"
            );
            assert!(script.ends_with('>'), "{name}: <script{script}");
        }
        assert!(!text.contains("<style"), "{name}");
        assert!(!text.contains(" style="), "{name}");
        for attribute in between(&text, " on", "=") {
            assert!(
                attribute.contains(char::is_whitespace),
                "{name}: on{attribute}"
            );
        }
    }
}

#[test]
fn no_script_makes_markup_or_code_of_text() {
    for (name, text) in files() {
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ] {
            assert!(!text.contains(sink), "{name}: {sink}");
        }
    }
}

#[test]
fn the_page_asks_no_other_host() {
    for (name, text) in files() {
        let hosts: BTreeSet<_> = ["https://", "http://", " url(", "@import"]
            .into_iter()
            .flat_map(|scheme| text.match_indices(scheme))
            .map(|(at, _)| text[at..].chars().take(26).collect::<String>())
            .filter(|address| address != "http://www.w3.org/2000/svg")
            .collect();
        assert!(hosts.is_empty(), "{name}: {hosts:?}");
    }
}

#[test]
fn every_file_a_page_names_is_there_and_none_is_left_over() {
    for example in EXAMPLES {
        let files = files_of(example);
        let mut named: BTreeSet<_> = ["index.html", "callback.html"]
            .into_iter()
            .filter(|page| files.contains_key(*page))
            .collect();
        for text in files.values() {
            named.extend(
                between(text, "/assets/", "\"")
                    .into_iter()
                    .filter(|name| !name.contains('\'')),
            );
            named.extend(between(text, "from './", "'"));
        }
        let there: BTreeSet<_> = files.keys().map(String::as_str).collect();
        assert_eq!(named, there, "{example}");
    }
}

#[test]
fn every_icon_a_script_names_is_in_the_sprite() {
    for example in EXAMPLES {
        let files = files_of(example);
        let sprite: BTreeSet<_> = between(&files["index.html"], "id=\"i-", "\"")
            .into_iter()
            .collect();
        let mut asked = 0;
        for (name, text) in &files {
            for call in [" icon('", "iconButton('"] {
                for icon in between(text, call, "'") {
                    assert!(sprite.contains(icon), "{example}/{name}: {icon}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 10, "the calls must be found in {example}");
    }
}
