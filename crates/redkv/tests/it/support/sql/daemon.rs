//! A server process of a test's own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends with the test.
pub(crate) struct Daemon {
    command: Command,
    process: Option<Child>,
}

impl Daemon {
    /// Starts the process and waits until it answers.
    pub(crate) fn start(mut command: Command, answers: impl Fn() -> bool) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Self { command, process: None };
        daemon.restart(answers);
        daemon
    }

    pub(crate) fn restart(&mut self, answers: impl Fn() -> bool) {
        self.process = Some(self.command.spawn().unwrap());
        for _ in 0..6_000 {
            if answers() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{:?} does not answer", self.command);
    }

    fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Ends the process, and those that it made, as a crash of the machine does.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let all = family(process.id());
        for id in all {
            signal("-KILL", id);
        }
        process.wait().unwrap();
    }

    /// Makes the process and those that it made silent, without closing their connections.
    pub(crate) fn pause(&self) {
        // The first one first: it makes no others then.
        for id in family(self.id()) {
            signal("-STOP", id);
            // A thread that runs on another processor goes on for a moment.
            while !is_stopped(id) {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    pub(crate) fn resume(&self) {
        for id in family(self.id()) {
            signal("-CONT", id);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A process and its children.
fn family(id: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    std::iter::once(id).chain(children).collect()
}

/// Whether all threads of a process have stopped, or the process has ended.
fn is_stopped(id: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{id}/task")) else { return true };
    threads.flatten().all(|thread| {
        let state = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // The state follows the name, which is in parentheses.
        state
            .rsplit_once(')')
            .is_none_or(|(_, rest)| matches!(rest.trim_start().chars().next(), Some('T' | 'Z' | 'X')))
    })
}

fn signal(name: &str, id: u32) {
    // A child may have ended by itself.
    Command::new("kill").args([name, &id.to_string()]).stderr(Stdio::null()).status().unwrap();
}

/// Where a program is: in PATH, or in one of these folders.
pub(crate) fn program(name: &str, folders: &[String]) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<_> = folders.iter().map(std::path::PathBuf::from).collect();
    all.extend(std::env::split_paths(&path));
    let found = all.iter().map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is missing"))
}
