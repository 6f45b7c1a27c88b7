//! The object name of a key: the key itself, as far as all services and proxies preserve it.
//!
//! What could be changed on the way is escaped as `%` and two hexadecimal digits for each of its bytes:
//!
//! - `%` itself;
//! - control characters, U+FFFE and U+FFFF, which XML does not take;
//! - a slash at the beginning or the end, or behind another one, and a dot at the beginning of a name or after a slash:
//!   they are removed where names are taken for paths;
//! - a space at the beginning or the end, which is lost where names are trimmed.
//!
//! The empty key is called `%empty`, which no other key is.

use std::fmt::Write as _;

use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};

/// The longest name of an object, in bytes.
pub(super) const LONGEST_NAME: usize = 1024;
const EMPTY: &str = "%empty";

/// The names of the objects of one store.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
}

/// What the names of the keys with a common beginning have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// So they begin, and others may too.
    pub(super) name: String,
    /// Whether the key that ends where the others go on has a name that does not begin so.
    pub(super) is_without_itself: bool,
}

impl Names {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// The longest key whose name surely fits, if nothing in it is escaped.
    pub(super) fn longest_key(&self) -> usize {
        LONGEST_NAME - self.prefix.len()
    }

    /// The name of the object for `key`. Fails when it would be too long.
    pub(super) fn name_of(&self, key: &str) -> Result<String> {
        let mut name = self.prefix.clone();
        escape(key, &mut name, true);
        if key.is_empty() {
            name.push_str(EMPTY);
        }
        if name.len() > LONGEST_NAME {
            let message = format!(
                "the key has {} bytes as the name of an object, the store takes at most {LONGEST_NAME}",
                name.len()
            );
            return Err(Error::argument("key", message));
        }
        Ok(name)
    }

    /// The key whose object has this name; `None` of objects that others put there.
    pub(super) fn key_of(&self, name: &str) -> Option<Key> {
        let escaped = name.strip_prefix(&self.prefix)?;
        let key = if escaped == EMPTY { String::new() } else { unescape(escaped)? };
        // Each key has one name, and objects with another one cannot be reached by it.
        (self.name_of(&key).ok()? == name).then(|| key.into())
    }

    /// What the names of all keys have in common that begin with `beginning`.
    pub(super) fn beginning(&self, beginning: &str) -> Beginning {
        let mut name = self.prefix.clone();
        escape(beginning, &mut name, false);
        let is_without_itself = self.name_of(beginning).is_ok_and(|itself| !itself.starts_with(&name));
        Beginning { name, is_without_itself }
    }
}

/// Puts `key` behind `name`. What is escaped at an end only is left as it is unless the key `ends_here`.
fn escape(key: &str, name: &mut String, ends_here: bool) {
    let mut is_behind_slash = true;
    for (at, c) in key.char_indices() {
        let is_last = ends_here && at + c.len_utf8() == key.len();
        let is_changed_by_others = match c {
            '%' | '\u{fffe}' | '\u{ffff}' => true,
            '.' => is_behind_slash,
            '/' => is_behind_slash || is_last,
            ' ' => at == 0 || is_last,
            c => c.is_control(),
        };
        if is_changed_by_others {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing into a text does not fail.
                let _ = write!(name, "%{byte:02X}");
            }
        } else {
            name.push(c);
        }
        is_behind_slash = c == '/' && !is_changed_by_others;
    }
}

fn unescape(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => digit(rest.next()?)? * 16 + digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn name(key: &str) -> String {
        Names::new("p/".into()).name_of(key).unwrap().strip_prefix("p/").unwrap().to_owned()
    }

    /// All keys of at most four of these characters.
    fn keys() -> Vec<String> {
        let mut keys = vec![String::new()];
        let mut from = 0;
        for _ in 0..4 {
            let until = keys.len();
            for at in from..until {
                for c in ['a', '/', '.', ' ', '%', '2', 'E', '\0'] {
                    keys.push(format!("{}{c}", keys[at]));
                }
            }
            from = until;
        }
        keys
    }

    #[test]
    fn plain_keys_are_names_as_they_are() {
        for key in
            ["user:1", "images/2026/a.png", "grüße", "日本語 🦀", "a b", "*?[]{}\\'\"&<>+=#", "a..b", "-1"]
        {
            assert_eq!(name(key), key);
        }
    }

    #[test]
    fn what_others_would_change_is_escaped() {
        let names = [
            ("", "%empty"),
            ("%empty", "%25empty"),
            ("../up", "%2E./up"),
            ("a/../b", "a/%2E./b"),
            ("/a//b/", "%2Fa/%2Fb%2F"),
            ("///", "%2F/%2F"),
            (".", "%2E"),
            (" a ", "%20a%20"),
            ("a\0\n\u{7f}\u{85}", "a%00%0A%7F%C2%85"),
            ("100%", "100%25"),
            ("\u{ffff}", "%EF%BF%BF"),
        ];
        for (key, expected) in names {
            assert_eq!(name(key), expected);
        }
    }

    #[test]
    fn every_key_has_a_name_of_its_own_and_is_read_from_it() {
        let names = Names::new("p/".into());
        let all = keys();
        let told: HashSet<_> = all.iter().map(|key| names.name_of(key).unwrap()).collect();
        assert_eq!(told.len(), all.len());
        for key in &all {
            assert_eq!(names.key_of(&names.name_of(key).unwrap()).unwrap().as_str(), key);
        }
    }

    #[test]
    fn no_name_holds_what_others_would_change() {
        for key in keys() {
            let name = name(&key);
            let mut folders = name.split('/');
            assert!(!folders.any(|folder| matches!(folder, "" | "." | "..")), "{key:?} is {name:?}");
            assert_eq!(name.trim(), name);
            assert!(!name.contains('\0'));
        }
    }

    #[test]
    fn names_of_keys_with_a_common_beginning_have_one_too() {
        let names = Names::new("p/".into());
        let keys = keys();
        for beginning in keys.iter().filter(|key| key.len() <= 2) {
            let common = names.beginning(beginning);
            for key in keys.iter().filter(|key| key.starts_with(beginning)) {
                let has_it = names.name_of(key).unwrap().starts_with(&common.name);
                assert!(has_it || (key == beginning && common.is_without_itself), "{key:?} {common:?}");
            }
        }
        assert!(names.beginning("a/").is_without_itself);
        assert!(!names.beginning("a").is_without_itself);
    }

    #[test]
    fn objects_that_others_put_there_are_no_keys() {
        let names = Names::new("p/".into());
        for name in ["q/a", "p", "p/", "p/folder/", "p/a//b", "p/%zz", "p/%2e", "p/%61", "p/%", "p/%FF"] {
            assert_eq!(names.key_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let names = Names::new("p/".into());
        assert_eq!(names.longest_key(), 1022);
        assert!(names.name_of(&"k".repeat(1022)).is_ok());
        let error = names.name_of(&format!("{}%", "k".repeat(1021))).unwrap_err();
        assert_eq!(error.field(), Some("key"));
    }
}
