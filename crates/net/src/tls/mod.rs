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

pub use certificate::fingerprint;
pub use client::Tls;
pub use options::Wish;
pub use options::{Authority, Versions, WrongVersion};
pub use verifier::Check;
