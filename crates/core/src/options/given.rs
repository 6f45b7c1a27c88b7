//! An option that was given, while it is read.

use serde_json::Value;

use super::fields::Fields;
use super::value::has_credentials;
use crate::error::{Error, Result};

/// The option that a [`Kind`](super::Kind) reads: its name, and what may be said about it.
#[derive(Debug)]
pub struct Given<'a> {
    fields: &'a mut Fields,
    name: &'static str,
    is_older: bool,
    may_be_false: bool,
}

impl<'a> Given<'a> {
    pub(super) fn new(fields: &'a mut Fields, name: &'static str, is_older: bool) -> Self {
        Self { fields, name, is_older, may_be_false: false }
    }

    /// Returns whether the name is that of another client, and not the documented one.
    pub fn is_older(&self) -> bool {
        self.is_older
    }

    /// Notes that `false` is expected too, for errors.
    pub(super) fn expect_false(&mut self) {
        self.may_be_false = true;
    }

    /// Returns the name of the option.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the object among whose fields the option is, for warnings.
    pub fn fields(&mut self) -> &mut Fields {
        self.fields
    }

    /// Returns the error for a value of a wrong type.
    pub fn wrong(&self, expected: &str, value: &Value) -> Error {
        let expected = if self.may_be_false { format!("{expected}, or false") } else { expected.to_owned() };
        self.fields.wrong(self.name, &expected, value)
    }

    /// Refuses a url with credentials, of which the error repeats nothing. For names that messages repeat: of hosts,
    /// databases, tables and files.
    pub fn without_credentials(&self, text: String) -> Result<String> {
        if has_credentials(&text) {
            return Err(self.refused(format!("{} must not be a url with credentials", self.path())));
        }
        Ok(text)
    }

    /// Returns what messages call the option, such as `options.host`.
    pub fn path(&self) -> String {
        self.fields.named(self.name)
    }

    /// Returns an error about the option.
    pub fn refused(&self, message: impl Into<String>) -> Error {
        self.fields.refused(self.name, message)
    }

    /// Returns the fields of `value`; `expected` is what the option may be, for the error.
    pub fn nested(&self, value: Value, expected: &str) -> Result<Fields> {
        self.fields.nested(self.name, value, expected)
    }
}
