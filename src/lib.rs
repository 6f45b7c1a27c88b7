//! The Node.js binding of RedKV: translation between JavaScript and the engine, and nothing else.

mod admin;
mod errors;
mod exchange;
mod instance;
mod io;
mod js;
mod operations;
mod outbox;
mod text;
mod values;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
