//! What is compressed, and how.

use redkv_core::error::Result;
use redkv_core::options::{Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

/// How values are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// The quicker one.
    Lz4,
    /// The one that saves more, at a level from 1 (quick) to 19 (small).
    Zstd(i32),
}

/// What a [`Compressed`](super::Compressed) store compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressConfig {
    /// How values are written. All can be read, whatever it is.
    pub algorithm: Algorithm,
    /// Values of fewer bytes stay as they are.
    pub threshold: usize,
}

impl CompressConfig {
    const THRESHOLD: usize = 1024;
    const LEVEL: i32 = 3;

    /// As [`Algorithm`] says, values of 1 KiB and more.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, threshold: Self::THRESHOLD }
    }
}

options! {
    /// What is compressed, and how: see {@link TierOptions.compress}.
    struct CompressOptions is "CompressOptions" {
        /// The algorithm: `'lz4'` is faster, `'zstd'` saves more.
        algorithm as "algorithm": kinds::Required<AlgorithmName>,
        /// Values of fewer bytes are not compressed.
        threshold as "threshold": kinds::Integer<0, { u32::MAX as u64 }> = "`1024`",
        /// For `'zstd'`: 1 is fast, 19 is small.
        level as "level": kinds::Integer<1, 19> = "`3`",
    }
}

/// The name of an algorithm.
#[derive(Debug)]
struct AlgorithmName;

impl Kind for AlgorithmName {
    type Value = String;
    const TYPE: Type = Type::Words(&["lz4", "zstd"]);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<String>> {
        <kinds::Text as Kind>::read(value, given)
    }
}

impl CompressConfig {
    /// The options, as they are declared.
    pub const SCHEMA: Schema = CompressOptions::SCHEMA;

    fn from_options(options: &CompressOptions, fields: &Fields) -> Result<Self> {
        let Some(algorithm) = algorithm(&options.algorithm) else {
            let message = format!("{} must be 'zstd' or 'lz4'", fields.named("algorithm"));
            return Err(fields.refused("algorithm", message));
        };
        let level = options.level.and_then(|level| i32::try_from(level).ok());
        let algorithm = match (algorithm, level) {
            (Algorithm::Zstd(_), Some(level)) => Algorithm::Zstd(level),
            (Algorithm::Lz4, Some(_)) => {
                let message = format!("{} is for 'zstd': 'lz4' has no levels", fields.named("level"));
                return Err(fields.refused("level", message));
            }
            (algorithm, None) => algorithm,
        };
        let threshold = options.threshold.and_then(|threshold| usize::try_from(threshold).ok());
        Ok(Self { threshold: threshold.unwrap_or(Self::THRESHOLD), ..Self::new(algorithm) })
    }
}

impl Kind for CompressConfig {
    type Value = Self;
    const TYPE: Type = Type::Other {
        typescript: "'lz4' | 'zstd' | CompressOptions",
        words: "`'lz4'`, `'zstd'` or an object",
    };

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Self>> {
        const EXPECTED: &str = "'zstd', 'lz4' or an object { algorithm, threshold, level }";
        let options = match value {
            Value::String(name) => {
                let wrong = || given.refused(format!("{} must be {EXPECTED}", given.path()));
                return algorithm(&name).map(Self::new).map(Some).ok_or_else(wrong);
            }
            options @ Value::Object(_) => options,
            other => return Err(given.wrong(EXPECTED, &other)),
        };
        let mut own = given.nested(options, EXPECTED)?;
        let options = CompressOptions::read(&mut own)?;
        let config = Self::from_options(&options, &own)?;
        given.fields().absorb(own)?;
        Ok(Some(config))
    }
}

fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "lz4" => Some(Algorithm::Lz4),
        "zstd" => Some(Algorithm::Zstd(CompressConfig::LEVEL)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(compress: Value) -> Result<Option<CompressConfig>> {
        Fields::new("tierOptions", json!({ "compress": compress }))?.read::<CompressConfig>("compress")
    }

    fn refused(compress: Value) -> String {
        read(compress).unwrap_err().field().unwrap().to_owned()
    }

    #[test]
    fn an_algorithm_is_named_or_in_an_object() {
        let lz4 = CompressConfig { algorithm: Algorithm::Lz4, threshold: 1024 };
        let zstd = CompressConfig { algorithm: Algorithm::Zstd(3), threshold: 1024 };
        assert_eq!(read(json!(null)).unwrap(), None);
        assert_eq!(read(json!("lz4")).unwrap(), Some(lz4));
        assert_eq!(read(json!("zstd")).unwrap(), Some(zstd));
        assert_eq!(read(json!({ "algorithm": "zstd" })).unwrap(), Some(zstd));
        let options = json!({ "algorithm": "zstd", "threshold": 0, "level": 19 });
        let wanted = CompressConfig { algorithm: Algorithm::Zstd(19), threshold: 0 };
        assert_eq!(read(options).unwrap(), Some(wanted));
    }

    #[test]
    fn anything_else_is_refused_with_its_field() {
        for compress in [json!("gzip"), json!(""), json!(true), json!(false), json!(3), json!(["lz4"])] {
            assert_eq!(refused(compress.clone()), "compress", "{compress}");
        }
        assert_eq!(refused(json!({})), "algorithm");
        assert_eq!(refused(json!({ "algorithm": "gzip" })), "algorithm");
        assert_eq!(refused(json!({ "algorithm": "lz4", "level": 3 })), "level");
        assert_eq!(refused(json!({ "algorithm": "zstd", "level": 20 })), "level");
        assert_eq!(refused(json!({ "algorithm": "lz4", "threshold": -1 })), "threshold");
        assert_eq!(refused(json!({ "algorithm": "lz4", "treshold": 1 })), "treshold");
    }

    #[test]
    fn an_error_names_the_whole_path_of_the_field() {
        for (compress, message) in [
            (
                json!(true),
                "tierOptions.compress must be 'zstd', 'lz4' or an object { algorithm, threshold, level }, got true",
            ),
            (json!({}), "tierOptions.compress.algorithm is required"),
            (json!({ "algorithm": "gzip" }), "tierOptions.compress.algorithm must be 'zstd' or 'lz4'"),
            (
                json!({ "algorithm": "zstd", "level": 20 }),
                "tierOptions.compress.level must be a whole number from 1 to 19, got 20",
            ),
            (
                json!({ "algorithm": "lz4", "level": 3 }),
                "tierOptions.compress.level is for 'zstd': 'lz4' has no levels",
            ),
        ] {
            assert_eq!(read(compress).unwrap_err().message(), message);
        }
    }
}
