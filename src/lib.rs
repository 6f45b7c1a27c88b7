//! The Node.js binding of RedKV: translation between JavaScript and the engine, and nothing else.

mod admin;
mod callback;
mod errors;
mod exchange;
mod instance;
mod io;
mod js;
mod operations;
mod outbox;
mod promises;
mod shortcut;
mod text;
mod values;
#[cfg(unix)]
mod watch;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
