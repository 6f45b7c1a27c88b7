//! Backends of a service by the names that users give them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::options::{Elsewhere, Fields, Schema, is_word, nearest};

/// A kind of backend: what it is called, which options it has, and how one is made. `B` is the trait of the backends, `C` what
/// is the same for all of them.
pub struct Backend<B: ?Sized + 'static, C: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its options, as they are declared, besides those that all have.
    pub schemas: &'static [Schema],
    /// Makes a backend of options that were read, and of how long an operation may take.
    pub make: fn(&mut Fields, C, Duration) -> Result<Arc<B>>,
}

impl<B: ?Sized, C> fmt::Debug for Backend<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A backend as its options say.
#[derive(Debug)]
pub struct Built<B: ?Sized, C> {
    /// The backend.
    pub backend: Arc<B>,
    /// What is the same for all backends.
    pub config: C,
    /// What the user should know of the options that were given.
    pub warnings: Vec<String>,
}

/// The backends of a service.
#[derive(Debug)]
pub struct Registry<B: ?Sized + 'static, C: 'static> {
    /// What they are backends of, such as `data structures`.
    pub of: &'static str,
    /// Every one of this build.
    pub backends: &'static [Backend<B, C>],
    /// Reads the options that all backends have.
    pub common: fn(&mut Fields) -> Result<C>,
    /// Where options of other objects belong.
    pub elsewhere: &'static [Elsewhere],
}

impl<B: ?Sized, C: Copy> Registry<B, C> {
    /// Makes the backend called `name` (in any case) from its options. Connects to nothing yet. `timeout` is how long an
    /// operation may take.
    pub fn build(&self, name: &str, options: Value, timeout: Duration) -> Result<Built<B, C>> {
        let lower = name.to_ascii_lowercase();
        let Some(Backend { name, make, .. }) = self.backends.iter().find(|backend| backend.name == lower)
        else {
            return Err(self.unknown(name));
        };
        let build = || {
            let mut fields = Fields::new("options", options)?.but_not(self.elsewhere.iter().copied());
            let config = (self.common)(&mut fields)?;
            let made = make(&mut fields, config, timeout);
            if let Some(missing) = fields.missing() {
                return Err(made.err().unwrap_or_else(|| fields.missing_field(missing)));
            }
            let backend = made?;
            let warnings = fields.finish()?.iter().map(|warning| format!("{name}: {warning}")).collect();
            Ok(Built { backend, config, warnings })
        };
        build().map_err(|error: Error| error.in_store(&(*name).into()))
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<_> = self.backends.iter().map(|backend| backend.name).collect();
        let near = nearest(name, &known).map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        // What is no word may be an address with a password, given in the place of the name.
        let what = if !near.is_empty() || is_word(name) {
            format!("backend '{name}'")
        } else {
            "such backend".to_owned()
        };
        Error::argument(
            "name",
            format!("there is no {what} of {}{near} (there are {})", self.of, known.join(", ")),
        )
    }
}
