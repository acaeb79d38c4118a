//! What a statement does and to which table, read from its SQL.
//!
//! It becomes labels, so it must be bounded and hold no value: only an operation that is known and an identifier that
//! stands where a table does, and nothing that comes after a literal.

/// The label of what is not known.
const OTHER: &str = "other";
/// The label of the table of a statement that has none.
const NONE: &str = "none";
/// The longest name of a table that a database allows, in bytes.
const LONGEST_NAME: usize = 64;

/// A statement, as labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape<'a> {
    pub(super) operation: &'static str,
    pub(super) table: &'a str,
}

impl<'a> Shape<'a> {
    pub(super) fn of(sql: &'a str) -> Self {
        let mut tokens = Tokens(sql);
        let operation = operation(&mut tokens);
        let before_table: &[&str] = match operation {
            "select" | "delete" => &["FROM"],
            "insert" => &["INTO"],
            "update" => &["ONLY", "IGNORE"],
            "create" | "alter" | "drop" => &["TABLE", "EXISTS"],
            _ => &[],
        };
        let table = match operation {
            "update" => named(&mut tokens, before_table),
            _ if before_table.is_empty() => NONE,
            _ => after(&mut tokens, before_table),
        };
        Self { operation, table }
    }
}

/// The first word; of a statement that begins with `WITH`, what it leads to.
fn operation(tokens: &mut Tokens<'_>) -> &'static str {
    const KNOWN: [(&str, &str); 17] = [
        ("SELECT", "select"),
        ("INSERT", "insert"),
        ("REPLACE", "insert"),
        ("UPDATE", "update"),
        ("DELETE", "delete"),
        ("CREATE", "create"),
        ("ALTER", "alter"),
        ("DROP", "drop"),
        ("BEGIN", "begin"),
        ("START", "begin"),
        ("COMMIT", "commit"),
        ("ROLLBACK", "rollback"),
        ("SAVEPOINT", "savepoint"),
        ("RELEASE", "savepoint"),
        ("PRAGMA", "pragma"),
        ("SHOW", "show"),
        ("SET", "set"),
    ];
    let known = |word: &str| {
        let found = KNOWN
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|(_, label)| *label)
    };
    match tokens.next() {
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("WITH") => {
            const LEADS_TO: [&str; 4] = ["select", "insert", "update", "delete"];
            let mut depth = 0_u32;
            loop {
                match tokens.next() {
                    Some(Token::Open) => depth += 1,
                    Some(Token::Close) => depth = depth.saturating_sub(1),
                    Some(Token::Word(word)) if depth == 0 => match known(word) {
                        Some(label) if LEADS_TO.contains(&label) => return label,
                        _ => {}
                    },
                    Some(_) => {}
                    None => return OTHER,
                }
            }
        }
        Some(Token::Word(word)) => known(word).unwrap_or(OTHER),
        _ => OTHER,
    }
}

/// The table that stands after one of these words, outside of parentheses.
fn after<'a>(tokens: &mut Tokens<'a>, words: &[&str]) -> &'a str {
    let mut depth = 0_u32;
    loop {
        match tokens.next() {
            Some(Token::Open) => depth += 1,
            Some(Token::Close) => depth = depth.saturating_sub(1),
            Some(Token::Word(word)) if depth == 0 && is_one_of(word, words) => {
                return named(tokens, &["IF", "NOT", "EXISTS", "ONLY"]);
            }
            Some(_) => {}
            None if tokens.0.is_empty() => return NONE,
            None => return OTHER,
        }
    }
}

/// The identifier that comes next, its last part if it has several, past words that may stand before it.
fn named<'a>(tokens: &mut Tokens<'a>, before: &[&str]) -> &'a str {
    let mut name = OTHER;
    let mut whole = false;
    loop {
        let rest = tokens.0;
        match tokens.next() {
            Some(Token::Word(word)) if !whole && name == OTHER && is_one_of(word, before) => {}
            Some(Token::Word(word) | Token::Quoted(word)) if !whole => {
                name = word;
                whole = true;
            }
            Some(Token::Dot) if whole => whole = false,
            _ => {
                tokens.0 = rest;
                break;
            }
        }
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.len() <= LONGEST_NAME && name.bytes().all(plain) && !name.is_empty() {
        name
    } else {
        OTHER
    }
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[derive(Debug)]
enum Token<'a> {
    Word(&'a str),
    /// An identifier in quotes, without them.
    Quoted(&'a str),
    Open,
    Close,
    Dot,
    Other,
}

/// What is left of the text. It ends at the first literal, for where one ends differs from database to database.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks()?;
        let first = self.0.chars().next()?;
        let token = match first {
            'A'..='Z' | 'a'..='z' | '_' => {
                let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = self.0.find(|c| !inside(c)).unwrap_or(self.0.len());
                return Some(Token::Word(self.take(end)));
            }
            '"' | '`' => {
                let inside = &self.0[1..];
                let end = inside.find(first)?;
                // MySQL may take double quotes for those of a string, where a backslash hides the end.
                if inside[..end].contains('\\') {
                    return None;
                }
                self.0 = &inside[end + 1..];
                return Some(Token::Quoted(&inside[..end]));
            }
            '\'' => return None,
            // `$1` is a placeholder, all else the quote of a string in PostgreSQL.
            '$' if !self.0[1..].starts_with(|c: char| c.is_ascii_digit()) => return None,
            '(' => Token::Open,
            ')' => Token::Close,
            '.' => Token::Dot,
            _ => Token::Other,
        };
        self.take(first.len_utf8());
        Some(token)
    }
}

impl<'a> Tokens<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    /// White space and comments; nothing when a comment has no end.
    fn skip_blanks(&mut self) -> Option<()> {
        loop {
            self.0 = self.0.trim_start();
            if let Some(comment) = self.0.strip_prefix("--") {
                self.0 = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.0.strip_prefix("/*") {
                self.0 = comment.split_once("*/")?.1;
            } else {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_known_by_its_operation_and_table() {
        for (sql, operation, table) in [
            (
                "SELECT \"id\" FROM \"orders\" WHERE \"id\" = $1",
                "select",
                "orders",
            ),
            ("select * from orders o join users u", "select", "orders"),
            (
                "SELECT (SELECT 1 FROM inner_one) FROM `outer_one`",
                "select",
                "outer_one",
            ),
            ("SELECT 1", "select", "none"),
            (
                "INSERT INTO \"public\".\"orders\" (\"a\") VALUES (?)",
                "insert",
                "orders",
            ),
            (
                "INSERT OR IGNORE INTO orders VALUES (1)",
                "insert",
                "orders",
            ),
            ("REPLACE INTO orders VALUES (?)", "insert", "orders"),
            ("UPDATE ONLY orders SET a = $1", "update", "orders"),
            (
                "/* by the app */ UPDATE `orders` SET a = ?",
                "update",
                "orders",
            ),
            ("DELETE FROM orders -- all of them\n", "delete", "orders"),
            (
                "CREATE TABLE IF NOT EXISTS orders (id INT)",
                "create",
                "orders",
            ),
            ("DROP TABLE IF EXISTS orders", "drop", "orders"),
            ("WITH a AS (SELECT 1 FROM b) SELECT * FROM c", "select", "c"),
            (
                "WITH a AS (DELETE FROM b) INSERT INTO c VALUES (1)",
                "insert",
                "c",
            ),
            ("BEGIN IMMEDIATE", "begin", "none"),
            ("PRAGMA journal_mode = WAL", "pragma", "none"),
            ("VACUUM", "other", "none"),
            ("", "other", "none"),
        ] {
            assert_eq!(Shape::of(sql), Shape { operation, table }, "{sql}");
        }
    }

    #[test]
    fn nothing_that_may_be_a_value_becomes_a_label() {
        for sql in [
            "SELECT 'x' FROM secret",
            "SELECT 'it''s FROM secret'",
            "SELECT \"a\\\" FROM secret\"",
            "SELECT $q$ FROM secret $q$",
            "SELECT E'\\' FROM secret",
            "SELECT 1 FROM \"my secret table\"",
            "SELECT 1 FROM 'secret'",
            "SELECT 1 /* FROM secret",
            "UPDATE 'secret' SET a = 1",
            "SELECT 1 FROM \"secret",
            &format!("SELECT 1 FROM {}", "secret".repeat(20)),
        ] {
            let shape = Shape::of(sql);
            assert!(!shape.table.contains("secret"), "{sql}: {shape:?}");
        }
    }
}
