//! Where each key was written, so that an error can say so, also long after the sources were read.

use super::ConfigError;
use toml::{Table, Value};

/// The name of the file (or text), and the variables on top of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    base: String,
    variables: Vec<Written>,
}

#[derive(Debug, Clone)]
struct Written {
    name: String,
    path: Vec<String>,
    /// How many leading parts of the path the file has too.
    shared: usize,
}

impl Origins {
    /// `table` is what the file says, without the variables.
    pub(super) fn new<'a>(
        base: String,
        table: &Table,
        variables: impl Iterator<Item = (&'a str, &'a [String])>,
    ) -> Self {
        let variables = variables
            .map(|(name, path)| Written {
                name: name.to_owned(),
                path: path.to_vec(),
                shared: shared(table, path),
            })
            .collect();
        Self { base, variables }
    }

    /// Says where the key of `error` was written, unless that is known already or nothing was read at all.
    pub(super) fn locate(&self, error: ConfigError) -> ConfigError {
        if error.has_origin() || self.base.is_empty() {
            return error;
        }
        let origin = self.of(error.key());
        error.at(origin)
    }

    fn of(&self, key: &str) -> String {
        let key: Vec<&str> = key
            .split(['.', '[', ']'])
            .filter(|part| !part.is_empty())
            .collect();
        let whole = self
            .variables
            .iter()
            .filter(|written| written.common(&key) == written.path.len())
            .max_by_key(|written| written.path.len());
        if let Some(written) = whole {
            return written.name.clone();
        }
        // The key lies in a table that only variables made.
        if let Some(written) = self
            .variables
            .iter()
            .find(|written| written.common(&key) > written.shared)
        {
            return written.name.clone();
        }
        // The file and variables made the table together: either may be at fault.
        let below: Vec<&str> = self
            .variables
            .iter()
            .filter(|written| !key.is_empty() && written.common(&key) == key.len())
            .map(|written| written.name.as_str())
            .collect();
        if below.is_empty() {
            self.base.clone()
        } else {
            format!("{} with {}", self.base, below.join(", "))
        }
    }
}

impl Written {
    /// How many leading parts the path and `key` have in common.
    fn common(&self, key: &[&str]) -> usize {
        self.path
            .iter()
            .zip(key)
            .take_while(|(mine, other)| mine == *other)
            .count()
    }
}

fn shared(table: &Table, path: &[String]) -> usize {
    let Some((first, rest)) = path.split_first() else {
        return 0;
    };
    let mut count = 0;
    let mut value = table.get(first);
    let mut rest = rest.iter();
    while let Some(found) = value {
        count += 1;
        value = rest.next().and_then(|part| match found {
            Value::Table(table) => table.get(part),
            Value::Array(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        });
    }
    count
}
