//! Key columns of text: which keys they keep apart, and how to select exactly one.

use std::fmt::Write;

use super::statements::quoted;
use crate::sql::Length;

/// The character set and the collation of a key column of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Collation(String);

impl Collation {
    pub(super) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name of the character set, which that of the collation begins with.
    fn charset(&self) -> &str {
        self.0.split('_').next().unwrap_or_default()
    }

    /// Returns whether case or accents do not count.
    pub(super) fn folds(&self) -> bool {
        !self.0.ends_with("_bin")
    }

    /// Returns whether spaces at the end do not count.
    fn pads(&self) -> bool {
        !self.0.contains("_nopad_") && !self.0.contains("_0900_")
    }

    /// Returns whether every key is kept, apart from all others: the order is that of the bytes then.
    pub(super) fn is_exact(&self) -> bool {
        self.charset() == "utf8mb4" && !self.folds() && !self.pads()
    }

    /// A parameter that is compared with the column by its index. Characters that the character set does not have
    /// become question marks without an error; comparing the bytes afterwards shows that it is another key.
    pub(super) fn parameter(&self) -> String {
        format!("CONVERT(? USING {}) COLLATE {}", self.charset(), self.0)
    }

    /// How long a column of a type is, as the server shows it. What is too long by spaces is cut by every server.
    pub(super) fn length(declared: &str, collation: Option<&str>) -> Option<Length> {
        let bytes = match declared {
            "tinytext" => 255,
            "text" => 65_535,
            "mediumtext" => 16_777_215,
            _ => {
                let length = declared.strip_prefix("varchar(")?.split(')').next()?;
                return length.parse().ok().map(Length::Characters);
            }
        };
        Some(match collation?.split('_').next()? {
            "utf16" | "utf16le" | "utf32" | "ucs2" => Length::Bytes(bytes / 4),
            // One byte a character. Of the others that are not Unicode, UTF-8 takes at least as much.
            charset if ONE_BYTE.iter().any(|of_one| charset.starts_with(of_one)) => Length::Characters(bytes),
            _ => Length::Bytes(bytes),
        })
    }

    /// Returns a warning about a column in which different keys are equal, with a statement that changes this
    /// and loses nothing: it says in which characters the column is, and keeps its length and whether it takes NULL.
    pub(super) fn advice(&self, table: &str, key: &KeyColumn<'_>, is_mariadb: bool) -> String {
        let exact = if is_mariadb { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" };
        let null = if key.takes_null { "NULL" } else { "NOT NULL" };
        let mut advice = format!(
            "the collation {} of the key column '{}' treats different keys ('a', 'A', 'á') as equal; redkv does not, and refuses a key that the column cannot store beside another one. ",
            self.0, key.name
        );
        write!(
            advice,
            "To keep all keys apart: ALTER TABLE {} MODIFY {} {} CHARACTER SET utf8mb4 COLLATE {exact} {null}",
            quoted(table),
            quoted(key.name),
            key.declared.to_ascii_uppercase(),
        )
        .ok();
        advice
    }
}

/// What stays of a key column when its collation changes.
pub(super) struct KeyColumn<'a> {
    pub(super) name: &'a str,
    /// The type with its length, such as `varchar(256)`.
    pub(super) declared: &'a str,
    pub(super) takes_null: bool,
}

/// How the names of character sets of one byte begin.
const ONE_BYTE: &[&str] = &[
    "latin", "ascii", "cp125", "cp85", "cp866", "koi8", "greek", "hebrew", "armscii", "geostd", "hp8",
    "dec8", "keybcs", "mac", "swe7", "tis620",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unicode_without_folding_and_padding_keeps_all_keys_apart() {
        let exact = ["utf8mb4_nopad_bin", "utf8mb4_0900_bin"];
        let others = [
            "utf8mb4_bin",
            "utf8mb4_general_ci",
            "utf8mb4_0900_ai_ci",
            "utf8mb4_0900_as_cs",
            "utf8mb4_uca1400_ai_ci",
            "latin1_swedish_ci",
            "latin1_nopad_bin",
            "utf8mb3_nopad_bin",
        ];
        assert!(exact.iter().all(|name| Collation::new(name).is_exact()));
        assert!(!others.iter().any(|name| Collation::new(name).is_exact()));
    }

    #[test]
    fn texts_are_as_long_as_their_type_and_character_set_say() {
        let length = |declared, collation| Collation::length(declared, Some(collation));
        assert_eq!(length("varchar(256)", "latin1_swedish_ci"), Some(Length::Characters(256)));
        assert_eq!(length("text", "utf8mb4_general_ci"), Some(Length::Bytes(65_535)));
        assert_eq!(length("tinytext", "latin1_swedish_ci"), Some(Length::Characters(255)));
        assert_eq!(length("tinytext", "ucs2_general_ci"), Some(Length::Bytes(63)));
        assert_eq!(length("longtext", "utf8mb4_general_ci"), None);
        assert_eq!(Collation::length("varbinary(9)", None), None);
    }
}
