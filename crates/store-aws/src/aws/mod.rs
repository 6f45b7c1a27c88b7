//! What the stores over services of Amazon share: how they are reached, as whom, and what became of a request.

pub(super) mod attempts;
pub(super) mod backoff;
mod bodies;
pub(super) mod client;
mod config;
pub(super) mod error;
mod renewal;
pub(super) mod requests;

pub use config::{AwsConfig, AwsCredentials};
