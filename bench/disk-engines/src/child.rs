//! One measurement of one engine, in a process of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::engines::{self, Engine, Failure, Until};
use crate::work::{Work, key};

/// The figures of one measurement, by their names; not all engines have all of them.
pub type Measured = Vec<(String, f64)>;

/// Measures in a process of its own.
pub fn run(engine: &str, value_bytes: usize) -> Result<Measured, Failure> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["measure", engine, &value_bytes.to_string()]).arg(folder.path());
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("{engine} failed").into());
    }
    let lines = String::from_utf8(output.stdout)?;
    let figure = |line: &str| {
        let (name, number) = line.split_once('=')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    Ok(lines.lines().filter_map(figure).collect())
}

/// Measures in this process and prints the figures.
pub fn measure(name: &str, value_bytes: usize, folder: &Path) -> Result<(), Failure> {
    let work = Work::of(value_bytes);
    let engine = engines::open(name, folder)?;
    let put = |pairs: Vec<_>, until| engine.put(pairs, until);

    let begin = Instant::now();
    for first in (0..work.keys).step_by(work.group as usize) {
        put((first..(first + work.group).min(work.keys)).map(|n| work.pair(n)).collect(), Until::Taken)?;
    }
    tell("writes/s", per_second(work.keys, begin));

    let begin = Instant::now();
    let overwrites = work.keys * (work.rounds - 1);
    for _ in 0..overwrites / work.group {
        put((0..work.group).map(|_| work.any_pair()).collect(), Until::Taken)?;
    }
    tell("overwrites/s", per_second(overwrites, begin));

    let begin = Instant::now();
    let mut waits = true;
    for _ in 0..work.durable_groups {
        waits = put((0..work.durable_group).map(|_| work.any_pair()).collect(), Until::OnDisk)?;
        if !waits {
            break;
        }
    }
    if waits {
        tell("durable groups/s", per_second(work.durable_groups, begin));
    }
    tell("threads", threads());
    tell("bytes on disk", folder_bytes(folder)? as f64 / work.bytes() as f64);
    engine.close()?;
    tell("bytes on disk, closed", folder_bytes(folder)? as f64 / work.bytes() as f64);

    let begin = Instant::now();
    let engine = engines::open(name, folder)?;
    tell("opening, ms", begin.elapsed().as_secs_f64() * 1_000.0);
    let reads = |engine: &dyn Engine| -> Result<(u64, Instant), Failure> {
        let begin = Instant::now();
        let mut found = 0;
        for _ in 0..work.reads {
            found += u64::from(engine.get(&key(fastrand::u64(..work.keys)))?.is_some());
        }
        Ok((found, begin))
    };
    reads(engine.as_ref())?;
    let (found, begin) = reads(engine.as_ref())?;
    tell("reads/s", per_second(work.reads, begin));
    tell("found", found as f64 / work.reads as f64);

    let begin = Instant::now();
    for n in 0..work.reads {
        if n % 5 == 0 {
            engine.put(vec![work.any_pair()], Until::Taken)?;
        } else {
            engine.get(&key(fastrand::u64(..work.keys)))?;
        }
    }
    tell("mixed/s", per_second(work.reads, begin));
    engine.close()
}

fn tell(name: &str, figure: f64) {
    println!("{name}={figure}");
}

fn per_second(count: u64, begin: Instant) -> f64 {
    count as f64 / begin.elapsed().as_secs_f64()
}

/// The threads of this process beside the main thread.
fn threads() -> f64 {
    fs::read_dir("/proc/self/task").map_or(f64::NAN, |tasks| tasks.count() as f64 - 1.0)
}

/// What the files of a folder take on the disk: what is in blocks, not how long they are.
pub fn folder_bytes(folder: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { blocks(&meta) };
    }
    Ok(bytes)
}

#[cfg(unix)]
fn blocks(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(meta) * 512
}

#[cfg(not(unix))]
fn blocks(meta: &fs::Metadata) -> u64 {
    meta.len()
}
