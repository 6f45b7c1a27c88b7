//! Runs the work of a chain: on a thread of its own, or for a short way on the thread that called.
//!
//! Handing an operation to another thread and its answer back costs two wake-ups, more than everything else that a
//! single request to a server on the same network needs. With many requests on their way nobody notices; with few
//! it is most of what the caller waits for. So every task here can run on either thread: it runs where it is woken.
//! While few requests are on their way, the thread of the caller sends them itself and is woken by [`CallerReactor`] when
//! the answer is there.
#![forbid(unsafe_code)]

mod caller_reactor;
mod tasks;

pub use caller_reactor::{CallerReactor, Registration};
pub use tasks::{Executor, Running, drain_caller_sockets, move_to_io_thread, spawn, spawn_owned};
