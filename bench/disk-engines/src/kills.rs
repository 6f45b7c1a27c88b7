//! What is left of acknowledged writes when the process is killed at any moment.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::engines::{self, Failure, Until};
use crate::work::{key, value};

/// Pairs written at a time.
const GROUP: u64 = 16;

/// What was lost in some kills.
#[derive(Default)]
pub struct Lost {
    pub acknowledged: u64,
    pub missing: u64,
    /// How often the engine did not open again.
    pub unopened: u64,
    pub slowest_opening: Duration,
    /// Whether the engine can do this at all.
    pub is_possible: bool,
}

/// Lets a process write for up to a second, kills it, and looks; `kills` times.
pub fn count(engine: &str, until: &str, kills: usize) -> Result<Lost, Failure> {
    let mut lost = Lost { is_possible: true, ..Lost::default() };
    for _ in 0..kills {
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["write", engine, until])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("no output")?;
        let reader = std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).last());
        std::thread::sleep(Duration::from_millis(fastrand::u64(300..1_000)));
        child.kill()?;
        child.wait()?;
        let last = reader.join().map_err(|_| "the reader panicked")?.unwrap_or_else(|| "0".to_owned());
        if last == "cannot" {
            lost.is_possible = false;
            return Ok(lost);
        }
        let acknowledged: u64 = last.parse()?;
        let output = Command::new(std::env::current_exe()?)
            .args(["look", engine, &acknowledged.to_string()])
            .arg(folder.path())
            .stderr(Stdio::null())
            .output()?;
        lost.acknowledged += acknowledged;
        match String::from_utf8(output.stdout)?.trim().split_once(' ') {
            Some((missing, millis)) => {
                lost.missing += missing.parse::<u64>()?;
                lost.slowest_opening =
                    lost.slowest_opening.max(Duration::from_secs_f64(millis.parse::<f64>()? / 1e3));
            }
            None => lost.unopened += 1,
        }
    }
    Ok(lost)
}

/// Writes for ever, and prints how many pairs were acknowledged.
pub fn write(engine: &str, until: &str, folder: &Path) -> Result<(), Failure> {
    let engine = engines::open(engine, folder)?;
    let until = if until == "disk" { Until::OnDisk } else { Until::Taken };
    let mut out = std::io::stdout().lock();
    for first in (0..).step_by(GROUP as usize) {
        let pairs = (first..first + GROUP).map(|n| (key(n), value(1_000))).collect();
        if !engine.put(pairs, until)? {
            writeln!(out, "cannot")?;
            out.flush()?;
            return Ok(());
        }
        writeln!(out, "{}", first + GROUP)?;
        out.flush()?;
        // Not more than can be looked at soon.
        if first > 100_000 {
            std::thread::sleep(Duration::from_secs(2));
        }
    }
    Ok(())
}

/// Bytes in a store that is killed when it is large.
const LARGE: u64 = 100_000_000;

/// How long opening takes after a process with a large store was killed.
pub fn opening_of_a_large_one(engine: &str) -> Result<Duration, Failure> {
    let folder = tempfile::tempdir()?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["fill", engine])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut said)?;
    child.kill()?;
    child.wait()?;
    let output =
        Command::new(std::env::current_exe()?).args(["look", engine, "0"]).arg(folder.path()).output()?;
    let (_, millis) = std::str::from_utf8(&output.stdout)?.trim().split_once(' ').ok_or("did not open")?;
    Ok(Duration::from_secs_f64(millis.parse::<f64>()? / 1e3))
}

/// Writes until there is much, says so, and waits to be killed.
pub fn fill(engine: &str, folder: &Path) -> Result<(), Failure> {
    let engine = engines::open(engine, folder)?;
    for first in (0..LARGE / 1_000).step_by(64) {
        engine.put((first..first + 64).map(|n| (key(n), value(1_000))).collect(), Until::Taken)?;
    }
    engine.put(vec![(key(0), value(1_000))], Until::OnDisk)?;
    println!("ready");
    std::thread::sleep(Duration::from_secs(600));
    engine.close()
}

/// Prints how many of the first `count` pairs are not there, and how many milliseconds opening took.
pub fn look(engine: &str, count: u64, folder: &Path) -> Result<(), Failure> {
    let begin = Instant::now();
    let engine = engines::open(engine, folder)?;
    let opening = begin.elapsed();
    let mut missing = 0;
    for n in 0..count {
        missing += u64::from(engine.get(&key(n))?.is_none_or(|value| value.len() != 1_000));
    }
    println!("{missing} {}", opening.as_secs_f64() * 1e3);
    // Not closed, as nothing was written: closing foyer after a kill does not return.
    std::mem::forget(engine);
    Ok(())
}
