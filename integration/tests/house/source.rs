//! The library's source as the rules see it: which module a file is, and what its code names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// One file of the library.
pub(crate) struct File {
    /// Relative to the project's root.
    pub(crate) name: String,
    /// `["oauth2", "grant", "refresh"]` for `oauth2/grant/refresh.rs`.
    pub(crate) module: Vec<String>,
    /// Paths inside the crate that its code names, from the root.
    pub(crate) imports: Vec<Vec<String>>,
    /// Outside crates that its code names.
    pub(crate) crates: BTreeSet<&'static str>,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn part(&self) -> String {
        self.module.first().cloned().unwrap_or_default()
    }
}

pub(crate) fn library() -> Vec<File> {
    let source = root().join("rf-actix/src");
    rust_files(&source)
        .into_iter()
        .map(|path| parse(&source, &path))
        .collect()
}

/// Every Rust file of the project with its text; names are relative to the project's root.
pub(crate) fn tracked_rust_files() -> Vec<(String, String)> {
    ["rf-actix", "rf-actix-macros", "examples", "integration"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "target" && name != "node_modules")
            {
                found.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn parse(source: &Path, path: &Path) -> File {
    let text = fs::read_to_string(path).unwrap();
    let relative = path.strip_prefix(source).unwrap();
    let mut module: Vec<String> = relative
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    let is_test = module
        .iter()
        .any(|name| name == "tests" || name == "testing");
    let code = if is_test {
        String::new()
    } else {
        code_of(&text)
    };
    let imports = inner_paths(&code, &module);
    let crates = [
        "actix_web",
        "sea_orm",
        "rusoto_core",
        "rusoto_credential",
        "rusoto_s3",
        "rusoto_signature",
    ]
    .into_iter()
    .filter(|name| code.contains(&format!("{name}::")))
    .collect();
    File {
        name: format!("rf-actix/src/{}", relative.display()),
        module,
        imports,
        crates,
        text,
    }
}

/// The text without comments and without what follows `#[cfg(test)]` (tests stand last in a file).
fn code_of(text: &str) -> String {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Every path that starts with `crate::`, `super::` or `self::`, groups in braces spread out.
fn inner_paths(code: &str, module: &[String]) -> Vec<Vec<String>> {
    let parent = module
        .split_last()
        .map_or(&[] as &[String], |(_, parent)| parent);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        spread(&code[at + "crate::".len()..], &[], &mut found);
    }
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let (mut rest, mut base) = (&code[at..], module);
        while let Some(after) = rest.strip_prefix("super::") {
            rest = after;
            base = base.split_last().map_or(&[] as &[String], |(_, up)| up);
        }
        // Inside `mod x { … }` of one file `super` is that file: such a path leads back into the file itself,
        // and a rule about other modules is not concerned.
        let base = if base.is_empty() { parent } else { base };
        spread(rest, base, &mut found);
    }
    found
}

fn spread(rest: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 0;
        let mut start = 0;
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    spread(group[start..at].trim(), base, found);
                    return;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    spread(group[start..at].trim(), base, found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let end = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let name = &rest[..end];
    if name.is_empty() {
        return;
    }
    let path: Vec<String> = base.iter().cloned().chain([name.to_owned()]).collect();
    match rest[end..].strip_prefix("::") {
        Some(more) => spread(more, &path, found),
        None => found.push(path),
    }
}
