//! Compares embedded engines for the store `disk`. Every measurement is made in a process of its own, the engines take
//! turns, and the medians of all rounds are printed. Only ratios are worth anything, and only on one machine.
//!
//! ```sh
//! npm run bench:disk-engines -- --rounds 3
//! ```
#![forbid(unsafe_code)]

mod child;
mod engines;
mod kills;
mod report;
mod work;

use engines::Failure;
use work::Work;

fn main() -> Result<(), Failure> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["measure", engine, value_bytes, folder] => {
            child::measure(engine, value_bytes.parse()?, folder.as_ref())
        }
        ["write", engine, until, folder] => kills::write(engine, until, folder.as_ref()),
        ["fill", engine, folder] => kills::fill(engine, folder.as_ref()),
        ["look", engine, count, folder] => kills::look(engine, count.parse()?, folder.as_ref()),
        [] => compare(3),
        ["--rounds", rounds] => compare(rounds.parse()?),
        ["--kills", kills] => kill(kills.parse()?),
        _ => {
            Err("the only arguments are --rounds <number> for all, or --kills <number> for what a kill costs"
                .into())
        }
    }
}

fn compare(rounds: usize) -> Result<(), Failure> {
    for value_bytes in [100, 10_000] {
        let work = Work::of(value_bytes);
        let mut taken: Vec<Vec<child::Measured>> = vec![Vec::new(); engines::NAMES.len()];
        for _ in 0..rounds {
            for (engine, taken) in engines::NAMES.iter().zip(&mut taken) {
                taken.push(child::run(engine, value_bytes)?);
            }
        }
        report::print_speeds(&work, rounds, &taken);
    }
    kill(2 * rounds)
}

fn kill(kills: usize) -> Result<(), Failure> {
    let mut openings = vec![Vec::new(); engines::NAMES.len()];
    for _ in 0..kills.div_ceil(2) {
        for (engine, openings) in engines::NAMES.iter().zip(&mut openings) {
            openings.push(kills::opening_of_a_large_one(engine)?);
        }
    }
    let mut lost = Vec::new();
    for engine in engines::NAMES {
        lost.push([kills::count(engine, "taken", kills)?, kills::count(engine, "disk", kills)?]);
    }
    report::print_kills(kills, &lost, &mut openings);
    Ok(())
}
