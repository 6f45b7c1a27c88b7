//! The Node.js binding of RedKV: translates between JavaScript and the engine, and decides nothing.

mod api;
mod bridge;
mod node_api;

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
