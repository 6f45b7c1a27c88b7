//! The fields of an object of options, read one by one, with errors that name the field.

use serde_json::{Map, Value};

use super::given::Given;
use super::kinds::Kind;
use super::names::{OF_OTHERS, is_word, nearest};
use super::value::{described, in_words};
use crate::error::{Error, Result};

/// Reads the fields of one options object. Every field that is asked for counts as known; [`Fields::finish`]
/// refuses what is left over and suggests the nearest known name.
#[derive(Debug)]
pub struct Fields {
    path: String,
    left: Map<String, Value>,
    /// What counts where it is asked for, and is no mistake where it is not.
    hidden: Map<String, Value>,
    known: Vec<&'static str>,
    missing: Option<&'static str>,
    elsewhere: Vec<Elsewhere>,
    /// Options that were given under another name than the documented one: `(older, documented)`.
    older: Vec<(&'static str, &'static str)>,
    warnings: Vec<String>,
}

/// An option of another object: its name, and where that object is.
pub type Elsewhere = (&'static str, &'static str);

impl Fields {
    /// Returns the fields of `options`; `path` precedes their names in errors (such as `options`).
    ///
    /// Absent and `null` options are an empty object.
    pub fn new(path: impl Into<String>, options: Value) -> Result<Self> {
        let path = path.into();
        let given = match options {
            Value::Null => Map::new(),
            Value::Object(map) if in_words(&map).is_none() => map,
            other => {
                let message = format!("{path} must be an object, got {}", described(&other));
                return Err(Error::argument(path, message));
            }
        };
        let (mut left, mut hidden) = (Map::new(), Map::new());
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            match name.strip_prefix(HIDDEN) {
                Some(name) => hidden.insert(name.to_owned(), value),
                None => left.insert(name, value),
            };
        }
        Ok(Self {
            path,
            left,
            hidden,
            known: Vec::new(),
            missing: None,
            elsewhere: Vec::new(),
            older: Vec::new(),
            warnings: Vec::new(),
        })
    }

    /// Declares where options belong that are none of this object, for the error about them.
    #[must_use]
    pub fn but_not(mut self, elsewhere: impl IntoIterator<Item = Elsewhere>) -> Self {
        self.elsewhere.extend(elsewhere);
        self
    }

    /// Returns the names of the options that were asked for.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).or_else(|| self.hidden.remove(name))
    }

    pub(super) fn wrong(&self, name: &str, expected: &str, got: &Value) -> Error {
        let got = match got {
            // Where a number is expected it is no credential.
            Value::Number(number) if expected.contains("number") => number.to_string(),
            got => described(got).to_owned(),
        };
        Error::argument(name, format!("{}.{name} must be {expected}, got {got}", self.path))
    }

    /// Returns the option called `name`, or else the first of those called `older`, which give a warning.
    ///
    /// For what [`options!`](super::options) writes: a name is read where it is declared.
    #[doc(hidden)]
    pub fn read<K: Kind>(&mut self, name: &'static str, older: &[&'static str]) -> Result<Option<K::Value>> {
        let mut found = self.read_one::<K>(name)?;
        for other in older.iter().copied() {
            if self.has(other) {
                self.older.push((other, name));
            }
            let read = self.read_one::<K>(other)?;
            if K::ONCE && found.is_some() && read.is_some() {
                let message = format!("{other} repeats another option");
                return Err(Error::argument(other, message));
            }
            found = found.or(read);
        }
        Ok(found)
    }

    fn read_one<K: Kind>(&mut self, name: &'static str) -> Result<Option<K::Value>> {
        match self.take(name) {
            Some(value) => K::read(value, &mut Given::new(self, name)),
            None => Ok(None),
        }
    }

    /// Returns the error for an option that must be there and is not.
    pub fn missing_field(&mut self, name: &'static str) -> Error {
        self.missing = Some(name);
        Error::argument(name, format!("{}.{name} is required", self.path))
    }

    /// Returns the option for whose absence the reading ended.
    pub fn missing(&self) -> Option<&'static str> {
        self.missing
    }

    /// Returns the fields of `value`, the option called `name`; `expected` is what it may be, for the error.
    pub(super) fn nested(&self, name: &'static str, value: Value, expected: &str) -> Result<Self> {
        let wrong = self.wrong(name, expected, &value);
        Self::new(format!("{}.{name}", self.path), value).map_err(|_| wrong)
    }

    /// Returns whether the field was given and is not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name) || self.hidden.contains_key(name)
    }

    /// Takes `value` as if it had been given for the field.
    pub fn put(&mut self, name: &str, value: Value) {
        self.left.insert(name.to_owned(), value);
    }

    /// Accepts options of the clients of 1.x that have no meaning here, and warns about those that are set. Where RedKV
    /// has an option of the same name in another place, the warning says so.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            if self.take(name).is_some() {
                let place = self.elsewhere.iter().find(|(other, _)| other == name);
                let hint = place.map(|(_, place)| format!(": what RedKV calls so belongs {place}"));
                let hint = hint.unwrap_or_default();
                let warning = format!("{}.{name} has no effect in RedKV 2 and is ignored{hint}", self.path);
                self.warnings.push(warning);
            }
        }
    }

    /// Keeps a warning for the user.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Ends the reading of `nested`, an object among these fields, and takes over its warnings.
    pub fn absorb(&mut self, nested: Self) -> Result<()> {
        self.warnings.extend(nested.finish()?);
        Ok(())
    }

    /// Returns what nobody asked for, of an object whose names are the user's.
    pub fn rest(self) -> Map<String, Value> {
        self.left
    }

    /// Refuses what nobody asked for, and returns the warnings for the user.
    pub fn finish(mut self) -> Result<Vec<String>> {
        let Some(unknown) = self.left.keys().next() else {
            if !self.older.is_empty() {
                let names = self.older.iter().map(|(older, name)| format!("{name} instead of {older}"));
                let warning = format!("{}: write {}", self.path, names.collect::<Vec<_>>().join(", "));
                self.warnings.push(warning);
            }
            return Ok(self.warnings);
        };
        let hint = self.hint(unknown);
        if unknown.len() > 4 && hint.is_empty() && !is_word(unknown) {
            // No option: a credential, as it may be, in the place of a name.
            let message = format!("an option in {} has a name that is no word", self.path);
            let object = self.path.rsplit('.').next().unwrap_or_default();
            return Err(Error::argument(object, message));
        }
        let message = format!("unknown option '{unknown}' in {}{hint}", self.path);
        Err(Error::argument(unknown.as_str(), message))
    }

    fn hint(&self, unknown: &str) -> String {
        if let Some((_, place)) = self.elsewhere.iter().find(|(name, _)| *name == unknown) {
            return format!(": it belongs {place}");
        }
        let others = OF_OTHERS.iter().filter(|(name, _)| name.eq_ignore_ascii_case(unknown));
        let meant = others.flat_map(|(_, meant)| *meant).find(|meant| self.known.contains(meant));
        if let Some(name) = meant.copied().or_else(|| nearest(unknown, &self.known)) {
            return format!("; did you mean '{name}'?");
        }
        let names: Vec<_> = self.elsewhere.iter().map(|(name, _)| *name).collect();
        let meant = nearest(unknown, &names);
        let meant = meant.and_then(|meant| self.elsewhere.iter().find(|(name, _)| *name == meant));
        meant
            .map(|(name, place)| format!("; did you mean '{name}', which belongs {place}?"))
            .unwrap_or_default()
    }
}

/// Begins the name of a field that is hidden, as `lib/options.js` writes it.
const HIDDEN: char = '\0';
