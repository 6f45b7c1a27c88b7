//! The tables, as Markdown.

use std::time::Duration;

use crate::child::Measured;
use crate::engines::NAMES;
use crate::kills::Lost;
use crate::work::Work;

/// The names of all figures, and how each is shown.
const FIGURES: &[(&str, usize)] = &[
    ("writes/s", 0),
    ("overwrites/s", 0),
    ("durable groups/s", 0),
    ("reads/s", 0),
    ("mixed/s", 0),
    ("found", 2),
    ("bytes on disk", 2),
    ("bytes on disk, closed", 2),
    ("opening, ms", 1),
    ("threads", 0),
];

/// Prints medians of `rounds` measurements of each engine.
pub fn print_speeds(work: &Work, rounds: usize, taken: &[Vec<Measured>]) {
    println!("\nvalues of {} bytes, {} keys, medians of {rounds} rounds\n", work.value_bytes, work.keys);
    head();
    for (name, decimals) in FIGURES {
        let cells = taken.iter().map(|rounds| {
            let mut all: Vec<_> =
                rounds.iter().flatten().filter(|(n, _)| n == name).map(|(_, v)| *v).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).map_or("cannot".to_owned(), |median| format!("{median:.decimals$}"))
        });
        row(name, cells);
    }
}

/// Prints what kills have cost.
pub fn print_kills(kills: usize, lost: &[[Lost; 2]], openings: &mut [Vec<Duration>]) {
    println!("\n{kills} times SIGKILL while groups of 16 values of 1,000 bytes are written\n");
    head();
    for (index, kind) in ["not waited for", "waited for"].iter().enumerate() {
        let cell = |show: fn(&Lost) -> String| {
            lost.iter().map(move |lost| match &lost[index] {
                lost if lost.is_possible => show(lost),
                _ => "cannot".to_owned(),
            })
        };
        row(&format!("{kind}: acknowledged"), cell(|lost| lost.acknowledged.to_string()));
        row(&format!("{kind}: of them gone"), cell(|lost| lost.missing.to_string()));
        row(&format!("{kind}: did not open"), cell(|lost| lost.unopened.to_string()));
        row(
            &format!("{kind}: slowest opening, ms"),
            cell(|lost| format!("{:.1}", lost.slowest_opening.as_secs_f64() * 1e3)),
        );
    }
    row(
        "opening after a kill with 100 MB in it, ms",
        openings.iter_mut().map(|all| {
            all.sort();
            format!("{:.1}", all[all.len() / 2].as_secs_f64() * 1e3)
        }),
    );
}

fn head() {
    row("", NAMES.iter().map(|name| (*name).to_owned()));
    println!("|---{}|", "|---".repeat(NAMES.len()));
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
