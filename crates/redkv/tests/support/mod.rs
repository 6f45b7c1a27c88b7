//! What the tests against real servers share.

/// The address of a server that the test script started, from the environment.
///
/// A test that asks for a server and gets none fails: it never passes by skipping.
pub fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run these tests with `npm test`, which starts the servers")
    })
}
