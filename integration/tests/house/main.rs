//! The house rules of ARCHITECTURE.md, held by a test: what may import what, no circles, no file out of hand.
//!
//! The rules are read off the source text: every `crate::…`, `super::…` and `use` of an outside crate in code that is
//! not a test. That is coarse, and enough to find a wrong import on the day it is written.
#![allow(clippy::unwrap_used, reason = "tests")]

mod floors;
mod source;

use source::{File, library, tracked_rust_files};
use std::collections::{BTreeMap, BTreeSet};

const LONGEST_FILE: usize = 420;
/// One trait, which cannot be in two files: a call of it is its docs and one line.
const ONE_TRAIT: &str = "rf-actix/src/storage/ext.rs";

#[test]
fn the_four_parts_never_import_each_other() {
    let mut wrong = Vec::new();
    for file in library() {
        if let Some(part) = floors::PARTS.iter().find(|part| file.part() == **part) {
            let others = floors::PARTS.iter().filter(|other| *other != part);
            let above = ["suite", "config", "prelude"];
            for other in others.chain(&above) {
                if file
                    .imports
                    .iter()
                    .any(|path| path.first().is_some_and(|first| first == other))
                {
                    wrong.push(format!("{} imports {other}", file.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn imports_go_downstairs_only() {
    let mut wrong = Vec::new();
    for file in library() {
        let Some(from) = floors::of(&file.module) else {
            continue;
        };
        for path in &file.imports {
            let Some(to) = floors::of(path) else { continue };
            if path.first() == file.module.first()
                && path.get(1) != file.module.get(1)
                && !from.may_import(to)
            {
                wrong.push(format!(
                    "{} ({from:?}) imports {} ({to:?})",
                    file.name,
                    path.join("::")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_has_its_floor() {
    let unknown: BTreeSet<String> = library()
        .iter()
        .filter(|file| floors::PARTS.contains(&file.part().as_str()) && file.module.len() > 1)
        .filter(|file| floors::of(&file.module).is_none())
        .map(|file| file.module[..2].join("::"))
        .collect();
    assert!(
        unknown.is_empty(),
        "give these a floor in integration/tests/house/floors.rs: {unknown:#?}"
    );
}

#[test]
fn no_circle_between_modules() {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in library().iter().filter(|file| file.module.len() > 1) {
        let room = |path: &[String]| path[..2].join("::");
        for path in file
            .imports
            .iter()
            .filter(|path| path.len() > 1 && path[0] == file.module[0])
        {
            if floors::of(path).is_some() && room(path) != room(&file.module) {
                arrows
                    .entry(room(&file.module))
                    .or_default()
                    .insert(room(path));
            }
        }
    }
    let mut circles = BTreeSet::new();
    for start in arrows.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<(&String, Vec<&String>)> = vec![(start, vec![start])];
        while let Some((room, way)) = next.pop() {
            for to in arrows.get(room).into_iter().flatten() {
                if to == start {
                    circles.insert(format!("{way:?} and back to {start}"));
                }
                if seen.insert(to) {
                    next.push((to, way.iter().copied().chain([to]).collect()));
                }
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn actix_stays_on_the_upper_floors_and_the_database_in_its_adapters() {
    let mut wrong = Vec::new();
    for file in library() {
        let Some(floor) = floors::of(&file.module) else {
            continue;
        };
        if file.crates.contains("actix_web") && !floor.may_speak_http() {
            wrong.push(format!("{} speaks actix_web", file.name));
        }
        if file.crates.contains("sea_orm") && !floors::may_speak_sql(&file.name) {
            wrong.push(format!("{} speaks sea_orm", file.name));
        }
        let rusoto = file.crates.iter().any(|name| name.starts_with("rusoto"));
        if rusoto && !file.name.contains("storage/s3") {
            wrong.push(format!("{} speaks rusoto", file.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_out_of_hand() {
    let long: Vec<String> = tracked_rust_files()
        .into_iter()
        .map(|(name, text)| (text.lines().count(), name))
        .filter(|(lines, name)| *lines > LONGEST_FILE && name != ONE_TRAIT)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split these by concept: {long:#?}");
}

#[test]
fn no_drawer_hides_what_is_inside() {
    let drawers = [
        "util", "utils", "helper", "helpers", "common", "misc", "manager",
    ];
    for (name, _) in tracked_rust_files() {
        let hidden = name
            .trim_end_matches(".rs")
            .split('/')
            .any(|part| drawers.contains(&part));
        assert!(!hidden, "{name} says nothing about what it holds");
    }
}

#[test]
fn no_file_is_an_orphan() {
    let files = library();
    let modules: BTreeSet<&[String]> = files.iter().map(|file| file.module.as_slice()).collect();
    for file in files.iter().filter(|file| !file.module.is_empty()) {
        let (name, parent) = file.module.split_last().unwrap();
        assert!(
            modules.contains(parent),
            "{} has no parent module",
            file.name
        );
        let said =
            files
                .iter()
                .filter(|other| other.module == parent)
                .any(|File { text, .. }| {
                    text.lines()
                        .any(|line| line.trim_end().ends_with(&format!("mod {name};")))
                });
        assert!(
            said || file.name.ends_with("tests.rs"),
            "no `mod` names {}",
            file.name
        );
    }
}
