//! What the SQLite store keeps, shares and refuses, looked at from outside with a connection of the test's own.
#![expect(clippy::unwrap_used, reason = "a failed helper ends its test")]

mod deadlines;
mod files;
#[cfg(target_os = "linux")]
mod full;
mod in_use;
#[cfg(target_os = "linux")]
mod read_only;
#[cfg(unix)]
mod removed;
mod sharing;
pub(crate) mod support;
mod tables;
mod waiting;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use redkv::clock::ManualClock;
use redkv::store::{Expiry, Store};
use redkv::stores::SqliteStore;
use redkv_testing::conformance::Subject;
use redkv_testing::conformance_suite;
use serde_json::{Value, json};

use crate::sqlite::support::{START, config, open};

/// A file of its own for a case of the suite, in a directory that every run empties first.
fn conformance_file() -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sqlite-conformance");
        fs::remove_dir_all(&directory).ok();
        fs::create_dir_all(&directory).unwrap();
        directory
    });
    directory.join(format!("{:016x}.db", fastrand::u64(..)))
}

fn subject(options: Value) -> Subject {
    let clock = Arc::new(ManualClock::starting_at(START));
    Subject::with_clock(Arc::new(SqliteStore::new(config(options), clock.clone())), clock)
}

async fn with_deadlines() -> Subject {
    subject(json!({ "path": conformance_file(), "expiresColumn": "expires" }))
}

async fn without_deadlines() -> Subject {
    subject(json!({ "path": conformance_file() }))
}

async fn in_memory() -> Subject {
    subject(json!({ "path": ":memory:", "expiresColumn": "expires" }))
}

conformance_suite!(with_deadlines_conformance, super::with_deadlines);
conformance_suite!(without_deadlines_conformance, super::without_deadlines);
conformance_suite!(in_memory_conformance, super::in_memory);

#[test]
fn capabilities_follow_the_options() {
    let plain = open(json!({ "path": "kv.db" })).capabilities();
    assert_eq!(plain.expiry, Expiry::None);
    assert!(plain.durable && plain.shared && plain.binary_values);

    let memory = open(json!({ "path": ":memory:", "expiresColumn": "expires" })).capabilities();
    assert_eq!(memory.expiry, Expiry::OnRead);
    assert!(!memory.durable && !memory.shared);
}
