//! How a column changes text, and in which form text is stored unchanged.
//!
//! A column of a numeric type keeps text that looks like a number as that number: `'007'` and `'7'` are one
//! (<https://sqlite.org/datatype3.html>, 3.1). What it would change is kept as BLOB there, which no column converts.

use std::fmt;

/// The largest whole number below which REAL has all of them.
const EXACT_REALS: u64 = 1 << 53;

/// What a column makes of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text stays what it is.
    Text,
    /// Text that looks like a number becomes one, a whole one where that loses nothing.
    Integers,
    /// Text that looks like a number becomes a floating-point number.
    Reals,
    /// Nothing but BLOB is taken: a BLOB column of a STRICT table.
    Blobs,
}

/// How text is written into a column and read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) kind: Kind,
    /// Whether the database keeps text in UTF-16, where SQLite replaces what is no character.
    pub(crate) is_utf_16: bool,
}

impl Form {
    /// A column of a new table.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const PLAIN: Self = Self { kind: Kind::Text, is_utf_16: false };

    /// Returns whether `text` comes back as it is when it is written as TEXT; else it is written as BLOB.
    pub(crate) fn keeps(self, text: &str) -> bool {
        let is_kept_by_type = match self.kind {
            Kind::Text => true,
            Kind::Integers => !may_be_number(text) || whole(text).is_some(),
            Kind::Reals => !may_be_number(text) || whole(text).is_some_and(is_exact_real),
            Kind::Blobs => false,
        };
        is_kept_by_type && !(self.is_utf_16 && text.contains(['\u{fffe}', '\u{ffff}']))
    }

    /// The text that this column keeps as `number`, if there is any.
    pub(crate) fn text_of_integer(self, number: i64) -> Option<String> {
        (self.kind == Kind::Integers).then(|| number.to_string())
    }

    /// The same of a floating-point number.
    pub(crate) fn text_of_real(self, number: f64) -> Option<String> {
        let whole = number as i64;
        let is_whole = is_exact_real(whole) && whole as f64 == number;
        (self.kind == Kind::Reals && is_whole).then(|| whole.to_string())
    }
}

fn is_exact_real(whole: i64) -> bool {
    whole.unsigned_abs() <= EXACT_REALS
}

/// Returns whether SQLite might take `text` for a number; of some other text it is `true` too.
fn may_be_number(text: &str) -> bool {
    // The white space of SQLite, which is not quite that of Rust. It may take a NUL for the end.
    let text = text.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let is_of_a_number = |byte| matches!(byte, 0 | b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    text.bytes().all(is_of_a_number) && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// The number that is written as `text` and in no other way.
fn whole(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The type of a column as SQLite sees it.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) declared_type: String,
    /// Whether the table is STRICT, in which types mean what they say.
    pub(crate) is_strict: bool,
    /// Whether the number of a row is in it, and nothing else can be: `INTEGER PRIMARY KEY`.
    pub(crate) is_row_number: bool,
}

impl Declared {
    /// What becomes of text in it; `None` where it takes none, or none but numbers.
    pub(crate) fn kind(&self) -> Option<Kind> {
        let declared = self.declared_type.to_ascii_uppercase();
        if self.is_row_number {
            return None;
        }
        if self.is_strict {
            return match declared.as_str() {
                "TEXT" | "ANY" => Some(Kind::Text),
                "BLOB" => Some(Kind::Blobs),
                _ => None,
            };
        }
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        Some(if has(&["INT"]) {
            Kind::Integers
        } else if has(&["CHAR", "CLOB", "TEXT", "BLOB"]) || declared.is_empty() {
            Kind::Text
        } else if has(&["REAL", "FLOA", "DOUB"]) {
            Kind::Reals
        } else {
            Kind::Integers
        })
    }

    /// Returns whether numbers are kept as text in it, where they would be compared as text.
    pub(crate) fn turns_numbers_into_text(&self) -> bool {
        let declared = self.declared_type.to_ascii_uppercase();
        !declared.contains("INT") && ["CHAR", "CLOB", "TEXT"].iter().any(|word| declared.contains(word))
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.declared_type)?;
        if self.is_row_number { f.write_str(" PRIMARY KEY") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Text of every sort that SQLite may take for a number, and its neighbours.
    const SUSPECTS: [&str; 40] = [
        "",
        "7",
        "007",
        "-7",
        "+7",
        "0",
        "-0",
        "00",
        "7.",
        "7.0",
        ".7",
        "-.5",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "1e",
        "e5",
        "0x10",
        " 7",
        "7 ",
        "\t7",
        "\u{b}7\u{c}",
        "\u{a0}7",
        "7\0",
        "\x007",
        "inf",
        "nan",
        "1_000",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "123456789012345678901234567890",
        "1e400",
        "--7",
        "7-7",
        "٧",
    ];

    #[test]
    fn what_is_kept_as_text_comes_back_and_no_two_are_one() {
        for (declared, kind) in [
            ("STRING", Kind::Integers),
            ("NUMERIC", Kind::Integers),
            ("INTEGER", Kind::Integers),
            ("JSON", Kind::Integers),
            ("JSONB", Kind::Integers),
            ("REAL", Kind::Reals),
            ("TEXT", Kind::Text),
            ("VARCHAR(256)", Kind::Text),
            ("BLOB", Kind::Text),
            ("", Kind::Text),
        ] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(&format!("CREATE TABLE t (k {declared} UNIQUE)")).unwrap();
            let column = Declared {
                name: "k".to_owned(),
                declared_type: declared.to_owned(),
                is_strict: false,
                is_row_number: false,
            };
            assert_eq!(column.kind(), Some(kind), "{declared}");
            let form = Form { kind, is_utf_16: false };
            for text in SUSPECTS.into_iter().filter(|text| form.keeps(text)) {
                let written = connection.execute("INSERT INTO t VALUES (?1)", [text]);
                assert!(written.is_ok(), "{text:?} in {declared}: {written:?}");
                let number: rusqlite::types::Value =
                    connection.query_row("SELECT k FROM t WHERE k = ?1", [text], |row| row.get(0)).unwrap();
                let read = match number {
                    rusqlite::types::Value::Text(text) => Some(text),
                    rusqlite::types::Value::Integer(number) => form.text_of_integer(number),
                    rusqlite::types::Value::Real(number) => form.text_of_real(number),
                    other => panic!("{other:?}"),
                };
                assert_eq!(read.as_deref(), Some(text), "{declared}");
            }
        }
    }

    #[test]
    fn strict_columns_of_numbers_take_no_text() {
        let kind = |declared: &str| {
            let declared_type = declared.to_owned();
            Declared { name: String::new(), declared_type, is_strict: true, is_row_number: false }.kind()
        };
        assert_eq!(["INT", "INTEGER", "REAL"].map(kind), [None; 3]);
        assert_eq!(["TEXT", "ANY"].map(kind), [Some(Kind::Text); 2]);
        assert_eq!(kind("BLOB"), Some(Kind::Blobs));
    }
}
