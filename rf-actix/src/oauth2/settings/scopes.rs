//! Scopes: which there are, how they are put to people, and which imply others.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::oauth2::model::{Scope, ScopeSet, is_in_family};

/// Scopes and their texts, in the order they were written.
///
/// A scope may imply others: whoever gets it gets those as well, and they need not be asked for.
///
/// ```
/// use rf::oauth2::OAuth2Settings;
///
/// let settings: OAuth2Settings = toml::from_str(r#"
///     [scopes]
///     "files:read" = "See your files"
///     "files:write" = { text = "Change your files", implies = ["files:read"] }
/// "#)?;
/// let granted = settings.scopes.with_implied(&"files:write".parse()?);
/// assert_eq!(granted.to_string(), "files:read files:write");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeTexts(Vec<Declared>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Declared {
    scope: Scope,
    text: String,
    implies: ScopeSet,
}

impl ScopeTexts {
    /// Scopes and texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Scope, &str)> {
        self.0.iter().map(|it| (&it.scope, it.text.as_str()))
    }

    /// The text of `scope`.
    pub fn text(&self, scope: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.as_str() == scope)
            .map(|(_, text)| text)
    }

    /// Whether `scope` may be asked for at all: it has a text, or belongs to a family that has one, or is the
    /// wildcard of one that has a text; or there are no texts.
    pub fn knows(&self, scope: &str) -> bool {
        let mut known = self.0.iter().map(|it| it.scope.as_str());
        self.0.is_empty()
            || known.any(|it| it == scope || is_in_family(it, scope) || is_in_family(scope, it))
    }

    /// Lets `scope` imply others. A scope that has no text is left as it is.
    #[must_use]
    pub fn implying(mut self, scope: &str, others: ScopeSet) -> Self {
        let declared = self.0.iter_mut().filter(|it| it.scope.as_str() == scope);
        declared.for_each(|it| it.implies = it.implies.union(&others));
        self
    }

    /// `scopes` and all that they imply, and what that implies, and so on.
    #[must_use]
    pub fn with_implied(&self, scopes: &ScopeSet) -> ScopeSet {
        let mut all = scopes.clone();
        if self.0.iter().all(|it| it.implies.is_empty()) {
            return all;
        }
        loop {
            let more = (self.0.iter())
                .filter(|it| !it.implies.is_empty() && all.covers(it.scope.as_str()))
                .fold(all.clone(), |more, it| more.union(&it.implies));
            if more == all {
                return all;
            }
            all = more;
        }
    }

    /// The first implied scope that nobody knows, and what it is implied by.
    pub(super) fn unknown_implied(&self) -> Option<(&Scope, &Scope)> {
        self.0.iter().find_map(|it| {
            let unknown = it
                .implies
                .iter()
                .find(|scope| !self.knows(scope.as_str()))?;
            Some((&it.scope, unknown))
        })
    }
}

impl FromIterator<(Scope, String)> for ScopeTexts {
    fn from_iter<I: IntoIterator<Item = (Scope, String)>>(texts: I) -> Self {
        let declared = texts.into_iter().map(|(scope, text)| Declared {
            scope,
            text,
            implies: ScopeSet::new(),
        });
        Self(declared.collect())
    }
}

/// `"text"` or `{ text = "…", implies = ["…"] }`.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "write a text, or { text = \"…\", implies = [\"files:read\"] }"
)]
enum Written {
    Text(String),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    text: String,
    #[serde(default)]
    implies: Vec<Scope>,
}

impl<'de> Deserialize<'de> for ScopeTexts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> de::Visitor<'de> for InOrder {
            type Value = ScopeTexts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of scopes, such as { \"files:read\" = \"See your files\" }")
            }

            fn visit_map<M: de::MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut texts = Vec::new();
                while let Some((scope, written)) = map.next_entry()? {
                    let (text, implies) = match written {
                        Written::Text(text) => (text, Vec::new()),
                        Written::Table(table) => (table.text, table.implies),
                    };
                    texts.push(Declared {
                        scope,
                        text,
                        implies: implies.into_iter().collect(),
                    });
                }
                Ok(ScopeTexts(texts))
            }
        }

        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn texts(toml: &str) -> ScopeTexts {
        #[derive(Deserialize)]
        struct Section {
            scopes: ScopeTexts,
        }
        toml::from_str::<Section>(toml).unwrap().scopes
    }

    #[test]
    fn a_scope_gets_all_that_it_implies_however_far() {
        let texts = texts(
            r#"
            [scopes]
            "mail" = "See your mail"
            "files:read" = { text = "See", implies = ["mail"] }
            "files:write" = { text = "Change", implies = ["files:read"] }
            "a" = { text = "A", implies = ["b"] }
            "b" = { text = "B", implies = ["a"] }
            "#,
        );
        let implied = |text: &str| texts.with_implied(&text.parse().unwrap()).to_string();
        assert_eq!(implied("files:write"), "files:read files:write mail");
        assert_eq!(implied("files:*"), "files:* files:read mail");
        assert_eq!(implied("mail"), "mail");
        assert_eq!(implied("b"), "a b", "a circle ends");
        assert_eq!(implied(""), "");
    }

    #[test]
    fn a_scope_is_known_by_its_text_or_its_family() {
        let texts = texts(r#"scopes = { "files:read" = "See", "admin:*" = "All" }"#);
        for known in ["files:read", "files:*", "admin:*", "admin:users:list"] {
            assert!(texts.knows(known), "{known}");
        }
        for unknown in [
            "files:write",
            "file:*",
            "admin",
            "*",
            "files",
            "files:read:*",
        ] {
            assert!(!texts.knows(unknown), "{unknown}");
        }
        assert!(ScopeTexts::default().knows("anything"));
    }
}
