//! TLS as Node's `tls` module names it, for all stores that connect by themselves.

mod certificate;
mod client;
mod der;
mod options;
mod pem;
mod refused;
mod roots;
mod tests;
mod verifier;

#[cfg(feature = "postgres")]
pub(super) use certificate::fingerprint;
pub use client::Tls;
pub(super) use options::Wish;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use options::{Authority, Versions};
pub(super) use verifier::Check;
