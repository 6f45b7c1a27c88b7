//! Parts that the stores on the network share: host names, sockets, root certificates and TLS options.
#![forbid(unsafe_code)]

pub mod extra_roots;
pub mod host;
pub mod tcp;
pub mod tls;
