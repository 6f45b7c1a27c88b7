//! The options of the S3 store.

use super::names::LONGEST_NAME;
use crate::aws::{AwsConfig, AwsOptions};
use redkv_core::error::{Error, Result};
use redkv_core::options::{Fields, Options, Schema, kinds, options};
use redkv_core::store::MOST_VALUE_BYTES;

options! {
    /// Options of the store `'s3'`, those of the client in the names of the AWS SDK for JavaScript. It keeps entries as
    /// objects in a bucket of Amazon S3 or of a compatible service: the key is the name of the object, after
    /// {@link S3Options.prefix | prefix}, and the deadline of an entry is in its metadata.
    ///
    /// Each key of a batch is a request of its own, but for deletes. What has expired is never read, and stays in the bucket
    /// until it is replaced or a lifecycle rule of the bucket removes it.
    ///
    /// @example
    /// ```js
    /// kv.addStore('s3', { bucket: 'my-cache', region: 'eu-central-1', prefix: 'sessions/' })
    /// ```
    struct S3Options is "S3Options" extends ["AwsOptions"] {
        /// The name of the bucket, or the ARN or alias of an access point.
        ///
        /// It must exist.
        bucket as "bucket": kinds::Required<kinds::Text>,
        /// What the names of all objects begin with, such as `'sessions/'`: at most 512 bytes, no slash at the beginning, no
        /// `//`, no folder `.` or `..`, no control characters.
        prefix as "prefix": kinds::AnyText = "none",
        /// Whether the bucket is in the path of the address instead of the name of the host, as many services other than
        /// Amazon's need it.
        path_style as "forcePathStyle" or ["s3ForcePathStyle"]: kinds::Boolean = "`false`",
        /// How many requests may be in flight at a time; others wait for their turn, within the `timeout` of their operation.
        max_sockets as "maxSockets": kinds::Digits<1, 1000> = "`50`",
    }
    /// Options of the AWS SDK 2 for S3. Each gives a warning.
    legacy "LegacyS3Options" extends ["LegacyAwsOptions"]
        ignores ["s3BucketEndpoint", "s3DisableBodySigning", "s3UsEast1RegionalEndpoint", "useAccelerateEndpoint"]
}

/// Where an [`S3Store`](super::S3Store) keeps its entries, and how it gets there.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// The bucket: its name, or the ARN or alias of an access point.
    pub bucket: String,
    /// What the names of all objects begin with; nothing when empty.
    pub prefix: String,
    /// Whether the bucket is in the path of an address, and not in the name of its host.
    pub path_style: bool,
    /// How many requests are under way at a time.
    pub max_requests: usize,
    /// The most bytes of a value, and of all values that one batch reads; 512 MiB by default.
    pub max_value_bytes: usize,
    /// How the service is reached, and as whom.
    pub client: AwsConfig,
}

/// The longest prefix; what is left of a name is for the key.
const LONGEST_PREFIX: usize = LONGEST_NAME / 2;
const DEFAULT_REQUESTS: usize = 50;

impl S3Config {
    /// The options, as they are declared.
    pub const SCHEMAS: &[Schema] = &[S3Options::SCHEMA, AwsOptions::SCHEMA];

    /// Reads the options, and what [`AwsConfig::from_fields`] reads.
    pub fn from_fields(fields: &mut Fields) -> Result<Self> {
        let S3Options { bucket, prefix, path_style, max_sockets } = S3Options::read(fields)?;
        check_bucket(&bucket)?;
        let prefix = prefix.unwrap_or_default();
        check_prefix(&prefix)?;
        Ok(Self {
            bucket,
            prefix,
            path_style: path_style.unwrap_or(false),
            max_requests: max_sockets.and_then(|most| usize::try_from(most).ok()).unwrap_or(DEFAULT_REQUESTS),
            max_value_bytes: MOST_VALUE_BYTES,
            client: AwsConfig::from_fields(fields, "S3")?,
        })
    }
}

fn check_bucket(bucket: &str) -> Result<()> {
    let is_arn = bucket.starts_with("arn:");
    let strange = |c: char| {
        c.is_whitespace() || c.is_control() || (!is_arn && matches!(c, '/' | ':' | '?' | '#' | '@'))
    };
    if bucket.contains(strange) {
        let message = "bucket must be the name of a bucket, or the ARN or alias of an access point";
        return Err(Error::argument("bucket", message));
    }
    Ok(())
}

/// A prefix is used as it is, so it must be one that no service and no proxy changes.
fn check_prefix(prefix: &str) -> Result<()> {
    let wrong = |why: &str| Err(Error::argument("prefix", format!("prefix {why}")));
    if prefix.len() > LONGEST_PREFIX {
        return wrong(&format!("must have at most {LONGEST_PREFIX} bytes"));
    }
    if prefix.contains(char::is_control) {
        return wrong("must not hold control characters");
    }
    let mut folders = prefix.strip_suffix('/').unwrap_or(prefix).split('/');
    if !prefix.is_empty() && folders.any(|folder| matches!(folder, "" | "." | "..")) {
        return wrong("must not begin with '/', nor hold '//' or a folder '.' or '..'");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(options: Value) -> Result<S3Config> {
        let mut fields = Fields::new("s3 options", options)?;
        let config = S3Config::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(config)
    }

    fn with(name: &str, value: Value) -> Result<S3Config> {
        let mut options = json!({ "bucket": "b" });
        options[name] = value;
        read(options)
    }

    fn wrong_field(result: Result<S3Config>) -> String {
        result.unwrap_err().field().unwrap().to_owned()
    }

    #[test]
    fn the_bucket_is_all_that_is_needed() {
        let config = read(json!({ "bucket": "b" })).unwrap();
        assert_eq!((config.bucket.as_str(), config.prefix.as_str()), ("b", ""));
        assert_eq!((config.path_style, config.max_requests), (false, 50));
        assert_eq!(wrong_field(read(json!({}))), "bucket");
    }

    #[test]
    fn the_style_of_addresses_has_the_names_of_both_clients() {
        assert!(with("forcePathStyle", json!(true)).unwrap().path_style);
        assert!(with("s3ForcePathStyle", json!(true)).unwrap().path_style);
    }

    #[test]
    fn what_is_no_name_of_a_bucket_is_refused() {
        for bucket in ["a/b", "a b", "https://a", "a\n", ""] {
            assert_eq!(wrong_field(with("bucket", json!(bucket))), "bucket");
        }
        assert!(with("bucket", json!("arn:aws:s3:eu-west-1:123456789012:accesspoint/mine")).is_ok());
    }

    #[test]
    fn a_prefix_that_could_be_changed_on_its_way_is_refused() {
        for prefix in ["/a", "a//b", "a//", "./a", "a/..", "a\0", "/"] {
            assert_eq!(wrong_field(with("prefix", json!(prefix))), "prefix", "{prefix:?}");
        }
        assert_eq!(wrong_field(with("prefix", json!("p".repeat(513)))), "prefix");
        for prefix in ["", "a", "a/", "a/b.c/..d/", "a:"] {
            assert_eq!(with("prefix", json!(prefix)).unwrap().prefix, prefix);
        }
    }

    #[test]
    fn options_of_a_wrong_type_are_refused() {
        assert_eq!(wrong_field(with("forcePathStyle", json!("yes"))), "forcePathStyle");
        assert_eq!(wrong_field(with("maxSockets", json!(0))), "maxSockets");
        assert_eq!(wrong_field(with("region", json!(1))), "region");
        assert_eq!(wrong_field(with("buket", json!("b"))), "buket");
    }
}
