//! The hook for panics of this addon, and of no other: each addon has its own.

use std::panic;
use std::sync::Once;

use redkv::panics::note;

/// Prints panics that reach no caller, with the name of the package. Those that become an error are not
/// printed, unless a backtrace is asked for.
pub(crate) fn report() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_told = note(info);
            if std::env::var_os("RUST_BACKTRACE").is_some() {
                usual(info);
            } else if !is_told {
                eprintln!("redkv: a defect, please report it: {info}");
            }
        }));
    });
}
