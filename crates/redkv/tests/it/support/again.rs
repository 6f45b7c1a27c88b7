//! Tests that need a process of their own.

use std::process::Command;

const AGAIN: &str = "REDKV_TEST_AGAIN";

/// Runs the test called `name` once more, in a process with what `environment` says. Tells whether this is that process;
/// in the other one there is nothing left to do.
pub(crate) fn again(name: &str, environment: &[(&str, &str)]) -> bool {
    let command = Command::new(std::env::current_exe().unwrap());
    again_by(name, command, environment)
}

/// The same by a command that runs the program of the tests.
pub(crate) fn again_by(name: &str, mut command: Command, environment: &[(&str, &str)]) -> bool {
    if std::env::var_os(AGAIN).is_some() {
        return true;
    }
    command.args(["--exact", name, "--nocapture", "--test-threads", "1"]);
    let output = command.envs(environment.iter().copied()).env(AGAIN, "1").output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "there is no test '{name}': {said}");
    false
}
