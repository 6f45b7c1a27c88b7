//! Parts that the stores on AWS services share: clients, credentials, outcomes of requests.

pub(super) mod attempts;
pub(super) mod backoff;
mod bodies;
pub(super) mod client;
mod config;
mod credentials;
pub(super) mod error;
mod renewal;
pub(super) mod requests;

pub use config::AwsConfig;
pub(crate) use config::AwsOptions;
pub use credentials::AwsCredentials;
