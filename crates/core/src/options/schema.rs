//! Options as they are declared: read, documented and typed from one place.

use super::fields::Fields;
use crate::error::Result;

/// An object of options that [`options!`](crate::options!) declares.
pub trait Options: Sized {
    /// What is declared.
    const SCHEMA: Schema;

    /// Reads the options that were given. Options without effect give a warning.
    fn read(fields: &mut Fields) -> Result<Self>;
}

/// An object of options, as documents and types show it.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name of its interface in TypeScript. Several schemas may be parts of one interface.
    pub interface: &'static str,
    /// What the interface is, a line each.
    pub about: &'static [&'static str],
    /// Interfaces whose options it has too.
    pub extends: &'static [&'static str],
    /// The options.
    pub options: &'static [Declared],
    /// What is accepted, and not documented among them.
    pub legacy: Legacy,
}

impl Schema {
    /// Returns the names under which its options are read.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.options.iter().flat_map(|option| [option.name].into_iter().chain(option.older.iter().copied()))
    }
}

/// An option, as documents and types show it.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its name in JavaScript.
    pub name: &'static str,
    /// Names under which it is read, with a warning.
    pub older: &'static [&'static str],
    /// What it may be.
    pub kind: Type,
    /// Whether it must be given.
    pub required: bool,
    /// What it is where it is not given, in Markdown.
    pub default: Option<&'static str>,
    /// What it means, a line each. The first paragraph is for tables and types, the others are for types alone.
    pub about: &'static [&'static str],
}

/// Options of other clients: another spelling of one that is declared, or one without effect.
#[derive(Clone, Copy, Debug)]
pub struct Legacy {
    /// The name of their interface in TypeScript.
    pub interface: &'static str,
    /// What it is, a line each.
    pub about: &'static [&'static str],
    /// Interfaces whose options it has too.
    pub extends: &'static [&'static str],
    /// Those without effect, which give a warning.
    pub ignored: &'static [&'static str],
}

impl Legacy {
    /// No such options.
    pub const NONE: Self = Self { interface: "", about: &[], extends: &[], ignored: &[] };
}

/// What an option may be.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A string.
    Text,
    /// A string, or an object of the class `URL`.
    Url,
    /// The name of a file or a folder: a string, or an object of the class `URL` for a file.
    Path,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Integer {
        /// The least.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number, or its digits as text.
    Digits {
        /// The least.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Milliseconds, or text with a unit.
    Duration,
    /// One of these words.
    Words(&'static [&'static str]),
    /// `false`, or this.
    OrFalse(&'static Self),
    /// An object with options of its own.
    Object(&'static Schema),
    /// An array of such objects.
    Objects(&'static Schema),
    /// Anything else.
    Other {
        /// In TypeScript.
        typescript: &'static str,
        /// In a sentence.
        words: &'static str,
    },
}

/// Declares an object of options: a struct with what was given, which reads itself, and its [`Schema`].
///
/// An option that is declared and not used is a field that is never read, about which the compiler warns; one that is
/// used and not declared does not exist.
///
/// ```
/// use redkv_core::options::{Fields, Options, kinds, options};
///
/// options! {
///     /// Options of a store that keeps lists.
///     pub struct ListOptions is "ListOptions" {
///         /// The folder.
///         path as "path": kinds::Required<kinds::Text>,
///         /// How many entries it keeps at most.
///         max_entries as "maxEntries" or ["max"]: kinds::Integer<1, 1000> = "no limit",
///     }
///     /// Options of 1.x that have no effect.
///     legacy "LegacyListOptions" ignores ["sorted"]
/// }
///
/// let mut fields = Fields::new("options", serde_json::json!({ "path": "x", "max": 5, "sorted": true }))?;
/// let options = ListOptions::read(&mut fields)?;
/// assert_eq!((options.path.as_str(), options.max_entries), ("x", Some(5)));
/// assert_eq!(fields.finish()?, [
///     "options.sorted has no effect in RedKV 2 and is ignored",
///     "options: write maxEntries instead of max",
/// ]);
/// # redkv_core::error::Result::Ok(())
/// ```
#[macro_export]
macro_rules! options {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $name:ident is $interface:literal $(extends [$($base:literal),*])? {
            $(
                $(#[doc = $doc:literal])*
                $field:ident as $option:literal $(or [$($older:literal),* $(,)?])? : $kind:ty $(= $default:literal)?
            ),* $(,)?
        }
        $(
            $(#[doc = $legacy_about:literal])*
            legacy $legacy:literal $(extends [$($legacy_base:literal),*])? $(ignores [$($ignored:literal),* $(,)?])?
        )?
    ) => {
        $(#[doc = $about])*
        #[derive(Debug)]
        $vis struct $name {
            $(
                $(#[doc = $doc])*
                $vis $field: <$kind as $crate::options::kinds::Reading>::Read,
            )*
        }

        impl $crate::options::Options for $name {
            const SCHEMA: $crate::options::Schema = $crate::options::Schema {
                interface: $interface,
                about: &[$($about),*],
                extends: &[$($($base),*)?],
                options: &[$(
                    $crate::options::Declared {
                        name: $option,
                        older: &[$($($older),*)?],
                        kind: <$kind as $crate::options::kinds::Reading>::KIND,
                        required: <$kind as $crate::options::kinds::Reading>::REQUIRED,
                        default: $crate::options!(@first $($default)?),
                        about: &[$($doc),*],
                    }
                ),*],
                legacy: $crate::options!(@legacy $(
                    $legacy [$($legacy_about),*] [$($($legacy_base),*)?] [$($($ignored),*)?]
                )?),
            };

            fn read(fields: &mut $crate::options::Fields) -> $crate::error::Result<Self> {
                fields.ignore(<Self as $crate::options::Options>::SCHEMA.legacy.ignored);
                Ok(Self {
                    $($field: $crate::options!(@take fields, $kind, $option, [$($($older),*)?])?,)*
                })
            }
        }
    };
    (@take $fields:ident, $kind:ty, $option:literal, []) => {
        <$kind as $crate::options::kinds::Reading>::take($fields, $option)
    };
    (@take $fields:ident, $kind:ty, $option:literal, [$($older:literal),+]) => {
        <$kind as $crate::options::kinds::Reading>::take_any($fields, $option, &[$($older),+])
    };
    (@first) => { None };
    (@first $default:literal) => { Some($default) };
    (@legacy) => { $crate::options::Legacy::NONE };
    (@legacy $interface:literal [$($about:literal),*] [$($base:literal),*] [$($ignored:literal),*]) => {
        $crate::options::Legacy {
            interface: $interface,
            about: &[$($about),*],
            extends: &[$($base),*],
            ignored: &[$($ignored),*],
        }
    };
}
