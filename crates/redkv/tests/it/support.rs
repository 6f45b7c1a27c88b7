//! What the tests against real servers share.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails ends its test")]

#[cfg(any(feature = "disk", feature = "dynamodb", feature = "file", feature = "sqlite"))]
#[cfg_attr(
    not(feature = "dynamodb"),
    expect(dead_code, reason = "one that is only given an environment is of a service of Amazon")
)]
pub(crate) mod again;
#[cfg(feature = "dynamodb")]
pub(crate) mod dynamodb;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
pub(crate) mod flood;
#[cfg(all(target_os = "linux", any(feature = "disk", feature = "file", feature = "sqlite")))]
pub(crate) mod mount;
#[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "redis", feature = "s3"))]
pub(crate) mod port;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
pub(crate) mod proxy;

/// The address of a server that the test script started, from the environment.
///
/// A test that asks for a server and gets none fails: it never passes by skipping.
#[cfg_attr(
    not(any(
        feature = "dynamodb",
        feature = "mysql",
        feature = "postgres",
        feature = "redis",
        feature = "s3"
    )),
    expect(dead_code, reason = "no store needs a server")
)]
pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run these tests with `npm test`, which starts the servers")
    })
}
