//! The Node.js binding of RedKV: translation between JavaScript and the engine, and nothing else.

mod admin;
mod backlog;
mod callback;
mod capabilities;
mod errors;
mod exchange;
mod instance;
mod io;
mod js;
mod load;
mod operations;
mod outbox;
mod panics;
mod promises;
mod replies;
mod reports;
mod shortcut;
mod stats;
mod text;
mod values;
#[cfg(unix)]
mod watch;

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
