//! The model checker: random programs over stores that fail, delay, hang and answer late, in a time of its own, judged
//! by what the chain promises.
//!
//! A program (`program.rs`) is data: 1 to 4 tiers, 1 to 3 instances of which each has its own memory and all share the
//! stores behind it, operations, pauses, and how single calls to stores go. It is made from a seed (`generate.rs`), run
//! on one thread under a paused clock (`world.rs`), where everything that happens is noted (`history.rs`), and judged
//! afterwards (`promises.rs`, `reads.rs`). One that fails is made smaller (`shrink.rs`) and printed with its trace.
//! The interleavings are those of the calls to stores: each may take effect and be answered at any time, on the
//! thread of the caller or on the executor's. Two threads within one step of the engine are beyond it.
//!
//! The specification is docs/guarantees.md: a change there is a change here, and the other way round. Writes that an
//! authority without order (`Place::Unordered` in `program.rs`) makes late come within 2.5 seconds here.
//!
//! `REDKV_TEST_SEED=<seed>` replays one program, `REDKV_MODEL_RUNS=<number>` says how many are run.
#![cfg(test)]
#![forbid(unsafe_code)]

mod deleted;
mod generate;
mod history;
mod local;
mod program;
mod promises;
mod reads;
mod remote;
mod report;
mod shrink;
mod tests;
mod world;
