//! Statements without their literals.

use std::{iter::Peekable, str::Chars};

/// Written where a statement is given up.
const REST: &str = "…";

/// A statement without its literals: `'…'` and numbers become `?`, so that no bound value is logged. Comments are left
/// out. From where databases differ on what belongs to a literal, the rest is not written.
pub(crate) fn sql(statement: &str) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut chars = statement.chars().peekable();
    if shorten(&mut chars, &mut out).is_none() {
        out.push_str(REST);
    }
    out
}

/// None when it is not known how to go on.
fn shorten(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    let mut previous = ' ';
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                out.push('?');
                literal(chars)?;
            }
            // The name of something, and a string on MySQL.
            '"' => name(chars, out)?,
            '-' if chars.next_if_eq(&'-').is_some() => {
                // MySQL takes two signs for what they are unless a blank follows.
                chars.next_if(|c| c.is_whitespace())?;
                if chars.by_ref().find(|c| *c == '\n').is_some() {
                    out.push('\n');
                }
            }
            '/' if chars.next_if_eq(&'*').is_some() => comment(chars)?,
            // A comment on MySQL, elsewhere the beginning of an operator.
            '#' if !matches!(chars.peek(), Some('>' | '-')) => return None,
            // `$1` is a placeholder, all else the quote of a string on PostgreSQL.
            '$' if !is_inside_name(previous) && !chars.peek().is_some_and(char::is_ascii_digit) => {
                return None;
            }
            '0'..='9' if !is_inside_name(previous) && previous != '?' => {
                while chars
                    .next_if(|c| c.is_ascii_alphanumeric() || *c == '.')
                    .is_some()
                {}
                out.push('?');
            }
            _ => out.push(c),
        }
        previous = c;
    }
    Some(())
}

fn is_inside_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The rest of a literal. A doubled quote inside stays inside (SQL-92 section 5.3); what a backslash does depends on the
/// database and its settings.
fn literal(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    while let Some(c) = chars.next() {
        match c {
            '\\' => return None,
            '\'' if chars.next_if_eq(&'\'').is_none() => return Some(()),
            _ => {}
        }
    }
    Some(())
}

fn name(chars: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    out.push('"');
    loop {
        match chars.next()? {
            '"' => break,
            c if c.is_alphanumeric() || matches!(c, '_' | '$') => out.push(c),
            _ => return None,
        }
    }
    out.push('"');
    Some(())
}

/// The rest of a comment; on PostgreSQL they nest, and MySQL runs some.
fn comment(chars: &mut Peekable<Chars<'_>>) -> Option<()> {
    if chars.peek() == Some(&'!') {
        return None;
    }
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'/').is_some() => return Some(()),
            '/' if chars.peek() == Some(&'*') => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::sql;

    #[test]
    fn statements_lose_their_literals() {
        assert_eq!(
            sql("SELECT a1 FROM t2 WHERE b = 'it''s' AND c IN (1, 2.5) AND d = $1"),
            "SELECT a1 FROM t2 WHERE b = ? AND c IN (?, ?) AND d = $1"
        );
        assert_eq!(sql("x = 'never closed"), "x = ?");
        for (statement, shape) in [
            (
                "SELECT \"users\".\"id\" FROM \"users\" WHERE `a` = ?",
                "SELECT \"users\".\"id\" FROM \"users\" WHERE `a` = ?",
            ),
            ("a -- it's\nWHERE b = 'top secret'", "a \nWHERE b = ?"),
            ("a /* it's */ = 'top secret'", "a  = ?"),
            ("a #>> '{b}' = $2", "a #>> ? = $2"),
        ] {
            assert_eq!(sql(statement), shape);
        }
    }

    #[test]
    fn what_databases_read_differently_is_not_written() {
        for (statement, shape) in [
            ("x = E'O\\'Brien, top secret' AND y = 1", "x = E?…"),
            ("x = $$top secret$$", "x = …"),
            ("x = $tag$top secret$tag$", "x = …"),
            ("x = \"top secret\"", "x = \"top…"),
            ("x = 1--'top secret'", "x = ?…"),
            ("x # it's\n= 'top secret'", "x …"),
            ("x /* /* */ ' */ = 'top secret'", "x …"),
            ("x /*! = 'top secret' */", "x …"),
        ] {
            assert_eq!(sql(statement), shape);
        }
    }
}
