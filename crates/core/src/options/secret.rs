//! Values that no message, log or `Debug` output shows.

use std::fmt;

/// A credential, or something that may hold one. Its `Debug` output does not show it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Returns `value` as a secret.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value, for the one who needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the value itself, for the one who needs it.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl Secret<String> {
    /// Returns the text, for the one who needs it.
    pub fn expose_str(&self) -> &str {
        &self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let password = Secret::new("s3cret".to_owned());
        assert_eq!(format!("{:?} {:#?}", password, Some(&password)), "… Some(\n    …,\n)");
        assert_eq!(password.expose(), "s3cret");
    }
}
