//! What is left of `disk` and `file` when their process is killed at any moment.
//!
//! ```sh
//! cargo test -p redkv --features conformance --test crash -- --kills 500
//! ```
//!
//! A process writes, deletes and reads, many keys at a time, and says what it begins and what was acknowledged. It is
//! killed with SIGKILL. What is found then is checked against what it had said, and the next process goes on with it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed check ends the program")]

mod history;
mod kind;
mod work;
mod writer;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::history::History;
use crate::kind::Kind;
use crate::work::KEYS;

/// Kills in a run of all tests.
const KILLS: usize = 60;
/// How often a folder goes through a kill. The first one may meet it while it is made.
const KILLS_OF_A_FOLDER: usize = 6;
/// Longest life of a process, in milliseconds.
const LIFE: u64 = 250;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["writer", kind, folder, first] => {
            writer::write(Kind::named(kind), folder.as_ref(), first.parse().unwrap())
        }
        // What asks the test harness for a list of its tests, of which there are none.
        ["--list", ..] => {}
        ["--kills", kills] => kill_often(kills.parse().unwrap()),
        _ => kill_often(KILLS),
    }
}

fn kill_often(kills: usize) {
    let each = kills.div_ceil(Kind::ALL.len());
    for kind in Kind::ALL {
        let mut seen = Seen::default();
        let mut history = History::new();
        let mut folder = TempDir::new().unwrap();
        for kill in 0..each {
            if kill % KILLS_OF_A_FOLDER == 0 {
                folder = TempDir::new().unwrap();
                history = History::new();
            }
            run_and_kill(kind, &folder, &mut history);
            check(kind, &folder, &mut history, &mut seen);
        }
        println!(
            "{}: {each} kills, {} acknowledged, {} found newer than acknowledged, {} found older, slowest opening {:.1} ms",
            kind.name(),
            seen.acknowledged,
            seen.newer,
            seen.older,
            seen.slowest.as_secs_f64() * 1e3,
        );
    }
}

#[derive(Default)]
struct Seen {
    acknowledged: usize,
    newer: usize,
    older: usize,
    slowest: Duration,
}

fn run_and_kill(kind: Kind, folder: &TempDir, history: &mut History) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["writer", kind.name()])
        .arg(folder.path().join("store"))
        .arg(history.next().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let listener = thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<_>>());
    thread::sleep(Duration::from_micros(fastrand::u64(1_000..LIFE * 1_000)));
    let had_ended = child.try_wait().unwrap();
    assert_eq!(had_ended, None, "the process ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    history.hear(&listener.join().unwrap());
}

#[tokio::main(flavor = "current_thread")]
async fn check(kind: Kind, folder: &TempDir, history: &mut History, seen: &mut Seen) {
    let begin = Instant::now();
    let opened = kind.open(&folder.path().join("store"));
    opened.store().init().await.unwrap();
    seen.slowest = seen.slowest.max(begin.elapsed());
    opened.check_all(kind).await;
    let mut found = Vec::new();
    for key in 0..KEYS {
        found.push(work::read(opened.store(), key).await);
    }
    let [acknowledged, newer, older] = history.check(kind, &found);
    seen.acknowledged += acknowledged;
    seen.newer += newer;
    seen.older += older;
    opened.store().close().await;
}
