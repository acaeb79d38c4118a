//! Where configuration comes from, and which source wins.

use super::{Config, ConfigError, origins::Origins};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

const PREFIX: &str = "RF_";
/// Names the file; every other `RF_…` variable is a key.
const FILE_VARIABLE: &str = "RF_CONFIG";
const DEFAULT_FILE: &str = "rf.toml";
/// The keys of a disk that mean the same whatever its driver.
const KEYS_OF_EVERY_DRIVER: [&str; 4] = ["driver", "serve", "max_size", "url"];

/// A file (or text) and environment variables, variables on top.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    text: Option<(String, String)>,
    file: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Sources {
    /// No source at all: every key has its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a program reads at start: the file that `RF_CONFIG` names, else `rf.toml` in the working folder if there
    /// is one, and on top of it this process's `RF_…` variables.
    #[must_use]
    pub fn of_process() -> Self {
        let variables: Vec<_> = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        let named = variables
            .iter()
            .find(|(name, _)| name == FILE_VARIABLE)
            .map(|(_, file)| file.into());
        let file = named.or_else(|| {
            Path::new(DEFAULT_FILE)
                .exists()
                .then(|| DEFAULT_FILE.into())
        });
        Self {
            text: None,
            file,
            variables,
        }
    }

    /// Reads `file`, which must exist.
    #[must_use]
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Takes `text` when no file is there; `name` is what errors call it.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.text = Some((name.into(), text.into()));
        self
    }

    /// Takes the `RF_…` ones of these variables; others are left alone.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables = variables.into_iter().collect();
        self
    }

    /// Reads all sources and checks them.
    ///
    /// # Errors
    /// A file that cannot be read, a key that nobody knows, a value that does not fit.
    pub fn load(self) -> Result<Config, ConfigError> {
        let (origin, mut table) = self.base()?;
        let mut overlay = Overlay::parse(&self.variables)?;
        let origins = Origins::new(origin, &table, overlay.paths());
        overlay.apply(&mut table)?;
        loop {
            match serde_path_to_error::deserialize::<_, Config>(Value::Table(table.clone())) {
                Ok(config) => {
                    config.check().map_err(|error| origins.locate(error))?;
                    return Ok(Config { origins, ..config });
                }
                // A variable is text; where its key wants a number, the text is read as one.
                Err(error) if overlay.reread(&error.path().to_string(), &mut table)? => {}
                Err(error) => {
                    let told = ConfigError::from_serde(error.path(), error.inner());
                    return Err(origins.locate(told));
                }
            }
        }
    }

    fn base(&self) -> Result<(String, Table), ConfigError> {
        let (name, text) =
            match (&self.file, &self.text) {
                (Some(file), _) => {
                    let name = file.display().to_string();
                    let text =
                        fs::read_to_string(file).map_err(|error| {
                            ConfigError::new(
                        "",
                        format!(
                            "cannot be read ({error}); name a readable file in {FILE_VARIABLE}"
                        ),
                    )
                    .at(if name.is_empty() { FILE_VARIABLE } else { &name })
                        })?;
                    (name, text)
                }
                (None, Some((name, text))) => (name.clone(), text.clone()),
                (None, None) => ("the defaults".to_owned(), String::new()),
            };
        match text.parse::<Table>() {
            Ok(table) => Ok((name, table)),
            Err(error) => Err(not_toml(&error, &text).at(name)),
        }
    }
}

fn not_toml(error: &toml::de::Error, text: &str) -> ConfigError {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    ConfigError::new("", format!("line {line}: not TOML, {}", error.message()))
}

/// The variables, each at its path into the table.
struct Overlay(BTreeMap<Vec<String>, Variable>);

struct Variable {
    name: String,
    value: Value,
    /// The same text read as a number or a truth value, while that was not tried.
    otherwise: Option<Value>,
}

impl Overlay {
    fn parse(variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut overlay = BTreeMap::new();
        for (name, text) in variables.iter().filter(|(name, _)| name != FILE_VARIABLE) {
            let Some(key) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if !key.contains("__") {
                return Err(forgotten_underscore(name, key));
            }
            let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
            if path.iter().any(String::is_empty) {
                return Err(ConfigError::new("", "write RF_<SECTION>__<KEY>").at(name));
            }
            let (value, otherwise) = match toml_value(text) {
                Some(value @ (Value::Array(_) | Value::Table(_))) => (value, None),
                other => (
                    Value::String(text.clone()),
                    other.filter(|value| !value.is_str()),
                ),
            };
            overlay.insert(
                path,
                Variable {
                    name: name.clone(),
                    value,
                    otherwise,
                },
            );
        }
        Ok(Self(overlay))
    }

    fn apply(&self, table: &mut Table) -> Result<(), ConfigError> {
        for (path, variable) in &self.0 {
            if let [storage, disks, name, last] = path.as_slice()
                && (storage.as_str(), disks.as_str(), last.as_str())
                    == ("storage", "disks", "driver")
            {
                forget_other_driver(table, name, &variable.value);
            }
        }
        self.0
            .iter()
            .try_for_each(|(path, variable)| variable.put(table, path))
    }

    /// Reads the variable at `key` in the other way, if there is one and that was not tried.
    fn reread(&mut self, key: &str, table: &mut Table) -> Result<bool, ConfigError> {
        let found = self.0.iter_mut().find(|(path, _)| path.join(".") == key);
        let Some((path, variable)) = found else {
            return Ok(false);
        };
        let Some(otherwise) = variable.otherwise.take() else {
            return Ok(false);
        };
        variable.value = otherwise;
        variable.put(table, path)?;
        Ok(true)
    }

    fn paths(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(path, variable)| (variable.name.as_str(), path.as_slice()))
    }
}

impl Variable {
    fn put(&self, table: &mut Table, path: &[String]) -> Result<(), ConfigError> {
        set(table, path, &self.value)
            .map_err(|message| ConfigError::new(path.join("."), message).at(&self.name))
    }
}

/// The text as TOML would read it: lists and tables are written in that way, and numbers.
fn toml_value(text: &str) -> Option<Value> {
    format!("value = {text}")
        .parse::<Table>()
        .ok()?
        .remove("value")
}

/// A variable such as `RF_DATABASE_URL` would be ignored, and was surely not meant to be.
fn forgotten_underscore(name: &str, key: &str) -> ConfigError {
    const SECTIONS: [&str; 6] = [
        "SERVER", "DATABASE", "OAUTH2", "STORAGE", "LOGGING", "METRICS",
    ];
    let message = match key.split_once('_') {
        Some((section, rest)) if SECTIONS.contains(&section) => format!(
            "a section and its key are joined by two underscores, write {PREFIX}{section}__{rest}"
        ),
        _ => format!("no key of the configuration, write {PREFIX}<SECTION>__<KEY>"),
    };
    ConfigError::new("", message).at(name)
}

/// A disk that changes its driver by a variable does not keep the keys of the driver it had in the file.
fn forget_other_driver(table: &mut Table, disk: &str, driver: &Value) {
    let disk = ["storage", "disks", disk]
        .into_iter()
        .try_fold(table, |table, key| {
            table.get_mut(key).and_then(Value::as_table_mut)
        });
    if let Some(disk) = disk
        && disk.get("driver").is_some_and(|had| had != driver)
    {
        disk.retain(|key, _| KEYS_OF_EVERY_DRIVER.contains(&key));
    }
}

fn set(table: &mut Table, path: &[String], value: &Value) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(());
    };
    if rest.is_empty() {
        table.insert(first.clone(), value.clone());
        return Ok(());
    }
    match table
        .entry(first.clone())
        .or_insert_with(|| Value::Table(Table::new()))
    {
        Value::Table(table) => set(table, rest, value),
        Value::Array(items) => {
            let count = items.len();
            let (index, rest) = (rest[0].parse::<usize>().ok(), &rest[1..]);
            match index.and_then(|index| items.get_mut(index)) {
                Some(Value::Table(item)) if !rest.is_empty() => set(item, rest, value),
                Some(item) if rest.is_empty() => {
                    *item = value.clone();
                    Ok(())
                }
                _ => Err(format!(
                    "{first} is a list of {count}; write its number from 0, or the whole list as TOML"
                )),
            }
        }
        _ => Err(format!("{first} is a single value, not a section")),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
