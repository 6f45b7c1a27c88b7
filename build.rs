//! Tells the linker how to build a Node.js addon on this platform.

fn main() {
    napi_build::setup();
}
