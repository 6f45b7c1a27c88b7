//! What must hold for any input: of the validator of options and of every parser. Each property is a function that
//! takes any bytes, and panics if something does not hold. `fuzz/` of the repository runs them under libFuzzer, the
//! tests here with seeds that are changed at random.

mod durations;
mod options;
#[cfg(test)]
mod tests;

pub use durations::durations;
pub use options::options;

pub use redkv_layers::fuzz::compressed_value;
#[cfg(feature = "dynamodb")]
pub use redkv_store_aws::fuzz::dynamodb_item;
#[cfg(feature = "sqlite")]
pub use redkv_store_local::fuzz::sqlite_row;
#[cfg(feature = "redis")]
pub use redkv_store_redis::fuzz::{redis_lives, redis_replies, redis_url};
