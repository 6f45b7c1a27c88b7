//! What is compressed, and how.

use serde_json::Value;

use redkv_core::config::Fields;
use redkv_core::error::{Error, Result};

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

    /// Reads `compress`: the name of an algorithm, or an object with `algorithm`, `threshold` and, for zstd, `level`.
    pub fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        let options = match fields.any("compress") {
            None => return Ok(None),
            Some(Value::String(name)) => return Ok(Some(Self::new(algorithm(&name, "compress")?))),
            Some(options @ Value::Object(_)) => options,
            Some(_) => return Err(wrong("compress")),
        };
        let mut fields = Fields::new("compress", options)?;
        let algorithm = algorithm(&fields.required_string("algorithm")?, "algorithm")?;
        let threshold = fields.integer("threshold", 0, u64::from(u32::MAX))?;
        let level = fields.integer("level", 1, 19)?.and_then(|level| i32::try_from(level).ok());
        fields.finish()?;
        let algorithm = match (algorithm, level) {
            (Algorithm::Zstd(_), Some(level)) => Algorithm::Zstd(level),
            (Algorithm::Lz4, Some(_)) => {
                return Err(Error::argument("level", "compress.level is for zstd: lz4 has no levels"));
            }
            (algorithm, None) => algorithm,
        };
        let threshold = threshold.and_then(|threshold| usize::try_from(threshold).ok());
        Ok(Some(Self { threshold: threshold.unwrap_or(Self::THRESHOLD), ..Self::new(algorithm) }))
    }
}

fn algorithm(name: &str, field: &str) -> Result<Algorithm> {
    match name {
        "lz4" => Ok(Algorithm::Lz4),
        "zstd" => Ok(Algorithm::Zstd(CompressConfig::LEVEL)),
        _ => Err(wrong(field)),
    }
}

fn wrong(field: &str) -> Error {
    let message = match field {
        "compress" => {
            "tierOptions.compress must be 'zstd', 'lz4' or an object { algorithm, threshold, level }"
        }
        _ => "compress.algorithm must be 'zstd' or 'lz4'",
    };
    Error::argument(field, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(compress: Value) -> Result<Option<CompressConfig>> {
        CompressConfig::from_fields(&mut Fields::new("tierOptions", json!({ "compress": compress }))?)
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
}
