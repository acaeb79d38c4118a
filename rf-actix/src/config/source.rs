//! Where configuration comes from, and which source wins.

use super::{Config, ConfigError};
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
const KEYS_OF_EVERY_DRIVER: [&str; 3] = ["driver", "serve", "max_size"];

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
            .filter_map(|(name, value)| {
                Some((
                    name.into_string().ok()?,
                    value.to_string_lossy().into_owned(),
                ))
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
        let overlay = Overlay::parse(&self.variables)?;
        overlay.apply(&mut table)?;
        let located = |error: ConfigError| {
            let origin = overlay.origin(error.key()).unwrap_or(&origin);
            error.at(origin)
        };
        let config: Config = serde_path_to_error::deserialize(lenient(Value::Table(table)))
            .map_err(|error| {
                located(ConfigError::from_serde(
                    &error.path().clone(),
                    error.into_inner(),
                ))
            })?;
        config.check().map_err(located)?;
        Ok(config)
    }

    fn base(&self) -> Result<(String, Table), ConfigError> {
        let (name, text) = match (&self.file, &self.text) {
            (Some(file), _) => {
                let name = file.display().to_string();
                let text = fs::read_to_string(file).map_err(|error| {
                    ConfigError::new(
                        "",
                        format!(
                            "cannot be read ({error}); name a readable file in {FILE_VARIABLE}"
                        ),
                    )
                    .at(&name)
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

/// The variables, each as a path into the table.
struct Overlay(BTreeMap<Vec<String>, (String, Value)>);

impl Overlay {
    fn parse(variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut overlay = BTreeMap::new();
        for (name, value) in variables.iter().filter(|(name, _)| name != FILE_VARIABLE) {
            let Some(key) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if !key.contains("__") {
                forgotten_underscore(name, key)?;
                continue;
            }
            let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
            if path.iter().any(String::is_empty) {
                return Err(ConfigError::new("", "write RF_<SECTION>__<KEY>").at(name));
            }
            overlay.insert(path, (name.clone(), written(value)));
        }
        Ok(Self(overlay))
    }

    fn apply(&self, table: &mut Table) -> Result<(), ConfigError> {
        for (path, (_, driver)) in &self.0 {
            if let [storage, disks, name, last] = path.as_slice() {
                if (storage.as_str(), disks.as_str(), last.as_str())
                    == ("storage", "disks", "driver")
                {
                    forget_other_driver(table, name, driver);
                }
            }
        }
        for (path, (name, value)) in &self.0 {
            set(table, path, value)
                .map_err(|message| ConfigError::new(path.join("."), message).at(name))?;
        }
        Ok(())
    }

    /// The variable that set `key` or something around it.
    fn origin(&self, key: &str) -> Option<&str> {
        let key: Vec<&str> = key
            .split(['.', '[', ']'])
            .filter(|part| !part.is_empty())
            .collect();
        let within =
            |path: &[String]| path.len() <= key.len() && path.iter().zip(&key).all(|(a, b)| a == b);
        self.0
            .iter()
            .find(|(path, _)| within(path))
            .map(|(_, (name, _))| name.as_str())
    }
}

/// A variable such as `RF_DATABASE_URL` would be ignored, and was surely not meant to be.
fn forgotten_underscore(name: &str, key: &str) -> Result<(), ConfigError> {
    const SECTIONS: [&str; 6] = [
        "SERVER", "DATABASE", "OAUTH2", "STORAGE", "LOGGING", "METRICS",
    ];
    match key.split_once('_') {
        Some((section, rest)) if SECTIONS.contains(&section) => Err(ConfigError::new(
            "",
            format!("a section and its key are joined by two underscores, write {PREFIX}{section}__{rest}"),
        )
        .at(name)),
        _ => Ok(()),
    }
}

/// Lists and tables are written as TOML; all else is text, and turned into what its key needs later.
fn written(value: &str) -> Value {
    if value.starts_with(['[', '{']) {
        if let Ok(mut table) = format!("value = {value}").parse::<Table>() {
            if let Some(value) = table.remove("value") {
                return value;
            }
        }
    }
    Value::String(value.to_owned())
}

/// A disk that changes its driver by a variable does not keep the keys of the driver it had in the file.
fn forget_other_driver(table: &mut Table, disk: &str, driver: &Value) {
    let disk = ["storage", "disks", disk]
        .into_iter()
        .try_fold(table, |table, key| {
            table.get_mut(key).and_then(Value::as_table_mut)
        });
    if let Some(disk) = disk {
        if disk.get("driver").is_some_and(|had| had != driver) {
            disk.retain(|key, _| KEYS_OF_EVERY_DRIVER.contains(&key));
        }
    }
}

/// A value that text can stand for: a variable is always text, its key may need a number.
fn lenient(value: Value) -> ::config::Value {
    use ::config::ValueKind as Kind;
    let kind = match value {
        Value::String(text) => Kind::String(text),
        Value::Integer(number) => Kind::I64(number),
        Value::Float(number) => Kind::Float(number),
        Value::Boolean(yes) => Kind::Boolean(yes),
        Value::Datetime(time) => Kind::String(time.to_string()),
        Value::Array(items) => Kind::Array(items.into_iter().map(lenient).collect()),
        Value::Table(table) => Kind::Table(
            table
                .into_iter()
                .map(|(key, value)| (key, lenient(value)))
                .collect(),
        ),
    };
    ::config::Value::new(None, kind)
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
