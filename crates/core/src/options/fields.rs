//! The fields of an object of options, read one by one, with errors that name the field.

use serde_json::{Map, Value};

use super::duration::DURATION;
use super::given::Given;
use super::kinds::Kind;
use super::names::{is_word, meant};
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
    known: Vec<Known>,
    /// Values that were not given as options: the option that each is read as, and where it comes from.
    origins: Vec<(&'static str, Origin)>,
    missing: Option<&'static str>,
    elsewhere: Vec<Elsewhere>,
    /// Options that were given under another name than the documented one: `(older, documented)`.
    older: Vec<(&'static str, &'static str)>,
    warnings: Vec<String>,
}

/// A name under which an option was asked for, and the documented one; none where the option has no effect.
#[derive(Debug)]
struct Known {
    name: &'static str,
    meant: Option<&'static str>,
}

/// Where a value comes from: the option that was given, and what messages call the part of it.
#[derive(Debug)]
struct Origin {
    field: &'static str,
    words: String,
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
            origins: Vec::new(),
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
    pub fn known(&self) -> Vec<&'static str> {
        self.known.iter().map(|known| known.name).collect()
    }

    fn origin(&self, name: &str) -> Option<&Origin> {
        self.origins.iter().rev().find(|(option, _)| *option == name).map(|(_, origin)| origin)
    }

    /// Returns what messages call an option: `options.max`, or the parameter of a url that says it.
    pub fn named(&self, name: &str) -> String {
        self.origin(name).map_or_else(|| format!("{}.{name}", self.path), |origin| origin.words.clone())
    }

    /// Returns an error about an option; its field is what was given.
    pub fn refused(&self, name: &str, message: impl Into<String>) -> Error {
        Error::argument(self.origin(name).map_or(name, |origin| origin.field), message)
    }

    fn take(&mut self, name: &'static str, meant: Option<&'static str>) -> Option<Value> {
        self.known.push(Known { name, meant });
        self.left.remove(name).or_else(|| self.hidden.remove(name))
    }

    pub(super) fn wrong(&self, name: &str, expected: &str, got: &Value) -> Error {
        let got = match got {
            // Where a number is expected it is no credential.
            Value::Number(number) if expected.contains("number") => number.to_string(),
            Value::String(text) if expected.contains(DURATION) && text.parse::<f64>().is_ok() => {
                "a string without a unit".to_owned()
            }
            got => described(got).to_owned(),
        };
        self.refused(name, format!("{} must be {expected}, got {got}", self.named(name)))
    }

    /// Returns the option called `name`.
    ///
    /// For what [`options!`](super::options) writes: a name is read where it is declared.
    #[doc(hidden)]
    pub fn read<K: Kind>(&mut self, name: &'static str) -> Result<Option<K::Value>> {
        self.read_as::<K>(name, name)
    }

    /// Returns the option called `name`, or else the first of those called `older`, which give a warning. Refuses two that
    /// have different values.
    #[doc(hidden)]
    pub fn read_any<K>(&mut self, name: &'static str, older: &[&'static str]) -> Result<Option<K::Value>>
    where
        K: Kind<Value: PartialEq>,
    {
        let mut found = self.read::<K>(name)?.map(|value| (name, value));
        for other in older.iter().copied() {
            if self.has(other) {
                self.older.push((other, name));
            }
            let Some(value) = self.read_as::<K>(other, name)? else { continue };
            if let Some((first, _)) = found.as_ref().filter(|(_, first)| *first != value) {
                let (first, second) = (self.named(first), self.named(other));
                let message = format!("{first} and {second} are one option, and have different values");
                return Err(self.refused(other, message));
            }
            found = found.or(Some((other, value)));
        }
        Ok(found.map(|(_, value)| value))
    }

    fn read_as<K: Kind>(&mut self, name: &'static str, meant: &'static str) -> Result<Option<K::Value>> {
        match self.take(name, Some(meant)) {
            Some(value) => K::read(value, &mut Given::new(self, name, name != meant)),
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
        Self::new(self.named(name), value).map_err(|_| wrong)
    }

    /// Returns whether the field was given and is not read yet.
    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name) || self.hidden.contains_key(name)
    }

    /// Takes `value` as if it had been given for the option called `name`. Errors about it are about the option called
    /// `field`, of which `words` name the part that says it.
    pub fn put(&mut self, name: &'static str, value: Value, field: &'static str, words: impl Into<String>) {
        self.left.insert(name.to_owned(), value);
        self.origins.push((name, Origin { field, words: words.into() }));
    }

    /// Accepts options of the clients of 1.x that have no meaning here, and warns about those that are set. Where RedKV
    /// has an option of the same name in another place, the warning says so.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            if self.take(name, None).is_some() {
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
        let found = meant(unknown, &self.known());
        let known = self.known.iter().find(|known| Some(known.name) == found);
        // Nobody is sent to an option without effect.
        if let Some(name) = known.and_then(|known| known.meant) {
            return format!("; did you mean '{name}'?");
        }
        let names: Vec<_> = self.elsewhere.iter().map(|(name, _)| *name).collect();
        let found = meant(unknown, &names);
        let place = self.elsewhere.iter().find(|(name, _)| Some(*name) == found);
        place
            .map(|(name, place)| format!("; did you mean '{name}', which belongs {place}?"))
            .unwrap_or_default()
    }
}

/// Begins the name of a field that is hidden, as `lib/options.js` writes it.
const HIDDEN: char = '\0';
