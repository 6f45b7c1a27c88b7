//! The file name of a key.
//!
//! Names hold nothing but `a-z`, `0-9`, `-`, `_` and `%`, so that they are the same on file systems that fold case or
//! normalise text, and they begin with a letter of ours, so that none is one that Windows keeps for itself. A short key
//! is in its name; of a long one the name has the digest, and the file holds the key.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Begins the name of a file whose key is in its name.
const PLAIN: char = 'k';
/// Begins the name of a file whose key is too long for that.
const HASHED: char = 'h';
/// Longest name; file systems take 255 bytes.
const LONGEST: usize = 200;
/// How many folders the files are spread over.
pub(super) const FOLDERS: usize = 256;

/// Where the entry of a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the folder.
    pub(super) folder: u8,
    /// The name of the file in it.
    pub(super) name: String,
}

impl Place {
    pub(super) fn of(key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let name = plain(key).unwrap_or_else(|| {
            let mut name = String::from(HASHED);
            digest.iter().for_each(|byte| push_hex(&mut name, *byte));
            name
        });
        Self { folder: digest[0], name }
    }
}

/// The name of a folder.
pub(super) fn folder_name(folder: u8) -> String {
    format!("{folder:02x}")
}

fn plain(key: &str) -> Option<String> {
    let mut name = String::from(PLAIN);
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            other => {
                name.push('%');
                push_hex(&mut name, other);
            }
        }
        if name.len() > LONGEST {
            return None;
        }
    }
    Some(name)
}

fn push_hex(text: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    write!(text, "{byte:02x}").ok();
}

/// What a name tells about the key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Key(String),
    /// The file has to be asked.
    InFile,
    /// It is none of ours.
    Foreign,
}

/// Reads a name that [`Place::of`] has made.
pub(super) fn key_of(name: &str) -> Told {
    let mut bytes = name.bytes();
    match bytes.next().map(char::from) {
        Some(HASHED) if name.len() == 65 => return Told::InFile,
        Some(PLAIN) => {}
        _ => return Told::Foreign,
    }
    let mut key = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            key.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(), digit()) else { return Told::Foreign };
        key.push(high << 4 | low);
    }
    match String::from_utf8(key) {
        Ok(key) => Told::Key(key),
        Err(_) => Told::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_have_one_name_even_where_case_does_not_count() {
        let keys =
            ["a", "A", "a.", "a%2e", "%61", "../up", "nul\0", "con", "é", "e\u{301}", "", " ", "a/b", "a\\b"];
        let mut names: Vec<_> = keys.iter().map(|key| Place::of(key).name.to_ascii_lowercase()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), keys.len());
    }

    #[test]
    fn a_name_is_made_of_harmless_letters() {
        for key in ["../../etc/passwd", "C:\\con", "nul\0", "grüße", "a*?<>|\""] {
            let name = Place::of(key).name;
            assert!(
                name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'%')),
                "{name}"
            );
        }
    }

    #[test]
    fn a_short_key_is_read_from_its_name_and_a_long_one_from_its_file() {
        for key in ["", "user:1", "Grüße\0/..", "%41"] {
            assert_eq!(key_of(&Place::of(key).name), Told::Key(key.to_owned()));
        }
        let long = Place::of(&"x".repeat(10_000)).name;
        assert_eq!(long.len(), 65);
        assert_eq!(key_of(&long), Told::InFile);
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in ["", "lost+found", "k%4", "k%zz", "k%ff", "hello"] {
            assert_eq!(key_of(name), Told::Foreign, "{name}");
        }
    }

    #[test]
    fn places_stay_what_they_are_from_version_to_version() {
        let place = Place::of("user:1");
        assert_eq!((place.folder, place.name.as_str()), (0xab, "kuser%3a1"));
    }
}
