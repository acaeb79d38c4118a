//! Which records are wanted: a level, and directives for targets.

use super::{Error, Level};
use std::str::FromStr;

/// `sqlx=warn,rf::oauth2=debug`: levels of targets that differ from the general one.
///
/// The longest prefix wins, and a prefix ends at `::`, so `a::b` holds for `a::b::c` and not for `a::bc`.
/// The level `off` silences a target. A bare level (`debug`) replaces the general one.
///
/// ```
/// use rf::logging::Directives;
///
/// let directives: Directives = "sqlx=warn,rf::oauth2=debug".parse()?;
/// assert!("sqlx=loud".parse::<Directives>().is_err());
/// # Ok::<(), rf::logging::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    general: Option<Threshold>,
    targets: Vec<(String, Threshold)>,
}

/// The least important level that passes; `None` lets nothing pass.
type Threshold = Option<Level>;

impl FromStr for Directives {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut directives = Self::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let Some((target, level)) = part.split_once('=') else {
                directives.general = Some(threshold(part, part)?);
                continue;
            };
            let (target, level) = (target.trim(), threshold(level.trim(), part)?);
            if !is_target(target) {
                return Err(refused(part));
            }
            match directives
                .targets
                .iter_mut()
                .find(|(known, _)| known == target)
            {
                Some(_) => {
                    return Err(Error::Directive(format!("{target:?} is given twice")));
                }
                None => directives.targets.push((target.to_owned(), level)),
            }
        }
        directives
            .targets
            .sort_by_key(|(target, _)| std::cmp::Reverse(target.len()));
        Ok(directives)
    }
}

fn threshold(level: &str, part: &str) -> Result<Threshold, Error> {
    if level.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    level.parse().map(Some).map_err(|_| refused(part))
}

fn refused(part: &str) -> Error {
    Error::Directive(format!(
        "{part:?} is not a directive, write for example \"sqlx=warn\" with one of off, error, warn, info, debug, trace"
    ))
}

/// Whether this is the path of a module, or looks like one.
pub(crate) fn is_target(target: &str) -> bool {
    let mut bytes = target.bytes();
    // A step has to begin: at the beginning, and after each `::`.
    let mut begun = false;
    while let Some(byte) = bytes.next() {
        begun = match byte {
            b':' if begun && bytes.next() == Some(b':') => false,
            b'_' | b'-' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
            _ => return false,
        };
    }
    begun
}

/// Whether a target is this one or under it: `a::b` holds for `a::b::c`, and not for `a::bc`.
pub(crate) fn is_under(target: &str, prefix: &str) -> bool {
    target
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What is let through: read on every record, replaced as a whole when the level changes.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    level: Threshold,
    directives: Directives,
}

impl Filter {
    pub(crate) fn new(level: Level, directives: Directives) -> Self {
        Self {
            level: directives.general.unwrap_or(Some(level)),
            directives,
        }
    }

    /// The same directives under another general level.
    pub(crate) fn with_level(&self, level: Level) -> Self {
        Self {
            level: Some(level),
            directives: self.directives.clone(),
        }
    }

    /// The same general level, unless they name one, under other directives.
    pub(crate) fn with_directives(&self, directives: Directives) -> Self {
        Self {
            level: directives.general.unwrap_or(self.level),
            directives,
        }
    }

    pub(crate) fn enabled(&self, level: Level, target: &str) -> bool {
        self.threshold(target)
            .is_some_and(|threshold| level <= threshold)
    }

    /// Whether there are targets that the general level does not hold for.
    pub(crate) fn has_targets(&self) -> bool {
        !self.directives.targets.is_empty()
    }

    /// The most detailed level that any target may log at.
    pub(crate) fn most_detailed(&self) -> Threshold {
        let targets = self.directives.targets.iter().map(|(_, level)| *level);
        targets.chain([self.level]).max().flatten()
    }

    fn threshold(&self, target: &str) -> Threshold {
        // Sorted by length, so the first that matches is the longest.
        self.directives
            .targets
            .iter()
            .find(|(prefix, _)| is_under(target, prefix))
            .map_or(self.level, |(_, level)| *level)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn filter(level: Level, directives: &str) -> Filter {
        Filter::new(level, directives.parse().unwrap())
    }

    #[test]
    fn the_longest_prefix_wins() {
        let filter = filter(Level::Info, "a=error,a::b=trace,a::b::c=off");
        assert!(!filter.enabled(Level::Warn, "a::x"));
        assert!(filter.enabled(Level::Trace, "a::b::d"));
        assert!(!filter.enabled(Level::Error, "a::b::c::d"));
        assert!(filter.enabled(Level::Info, "other"));
        assert!(!filter.enabled(Level::Debug, "other"));
    }

    #[test]
    fn a_prefix_ends_at_a_path_separator() {
        let filter = filter(Level::Info, "a::b=trace");
        assert!(filter.enabled(Level::Trace, "a::b"));
        assert!(!filter.enabled(Level::Trace, "a::bc"));
    }

    #[test]
    fn junk_in_directives_is_an_error_that_quotes_it() {
        for junk in [
            "sqlx=loud",
            "sqlx=",
            "=warn",
            "sqlx",
            "a b=warn",
            "a::=warn",
            "a=b=warn",
            "a=warn,a=info",
        ] {
            let error = junk.parse::<Directives>().unwrap_err().to_string();
            assert!(error.starts_with("directives: \""), "{junk}: {error}");
        }
    }

    #[test]
    fn nothing_is_a_valid_list_of_directives() {
        assert_eq!(" , ".parse::<Directives>().unwrap(), Directives::default());
    }

    #[test]
    fn a_bare_level_replaces_the_general_one() {
        assert!(filter(Level::Error, "debug").enabled(Level::Debug, "x"));
        assert!(!filter(Level::Error, "off").enabled(Level::Error, "x"));
    }

    #[test]
    fn the_most_detailed_level_looks_at_directives_too() {
        assert_eq!(
            filter(Level::Info, "x=trace").most_detailed(),
            Some(Level::Trace)
        );
        assert_eq!(
            filter(Level::Info, "x=error").most_detailed(),
            Some(Level::Info)
        );
        assert_eq!(filter(Level::Info, "off").most_detailed(), None);
    }
}
