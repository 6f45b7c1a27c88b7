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
//! # What is promised
//!
//! Always, with any number of instances:
//! - every operation is answered once, within twice the deadlines of all tiers (there and back) for itself and for each
//!   operation on its key that was not answered when it was called; the first ones also wait for the stores to come up,
//!   at most for the longest deadline;
//! - it fails only because of a store that gave a reason: a read because of the authority, a write because of the
//!   authority or of a cache that is not optional; once the faults are over nothing fails, and a store that counted as
//!   down, and was asked nothing but a probe meanwhile, is asked again within 5 seconds;
//! - a refused write is made nowhere, an acknowledged one was made by the authority, or overtaken by a later one;
//! - no store is asked for a write but while it is on its way; those of one instance take effect in every tier in the
//!   order of their calls;
//! - a read sees only what the authority held before the read was answered (or what was written into a single tier),
//!   which was not over when the read began; it finds nothing only if the authority had nothing at some moment between
//!   the call and the answer, or something that ended before the answer. A read that joined a walk on its way began when that walk did;
//! - in the end nothing goes on, and nothing is left to be invalidated.
//!
//! With one instance:
//! - a read sees the newest acknowledged write to the chain that was called before it, or a later one (an unknown
//!   outcome counts as later, and as never made);
//! - after a read was answered, no read sees what was over before what that one saw;
//! - a read of a single tier finds the last write to it, if all went well there and in the authority;
//! - in the end every cache holds what the authority holds, for no longer, or nothing.
//!
//! With several instances over one authority, what others wrote is seen
//! - at once where no cache answers;
//! - else, if all caches have a ttl, at the latest after the longest of them, counted from when the operation that put
//!   the old value there must have ended (twice the deadlines of all tiers after it was replaced). In the end the
//!   caches then agree with the authority. Without ttls nothing is promised;
//! - what was deleted is not seen again by reads that began after the delete was acknowledged, where all shared caches
//!   have tombstones and the delete came to all of them; in memory it is forgotten when its ttl is over. But for what is
//!   written again, comes to a cache after its deadline, or finds a place that something else took and left again.
//!
//! # Where it ends
//!
//! - An authority that does not keep the order of requests ([`Place::Unordered`](program::Place)) may make a write that
//!   was given up, because its time was over or its connection broke, after a newer one, and has then lost the newer
//!   one. From then on the promises of one instance do not hold for that key. Of a cache all is well again, as long as
//!   such a write comes within 10 seconds (here: 2.5), and was not one to that cache alone.
//! - A key that was written through the handle of a single tier holds there what it was told to hold: such keys need
//!   not agree in the end, and may be seen to go back in time.
//! - All clocks agree.
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
