//! The scripts that servers run, by the hash of their text.

mod sha1;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use self::sha1::sha1_hex;
use crate::protocol::request::Request;

/// A script that servers keep once they have seen it.
#[derive(Debug)]
pub(super) struct Script {
    text: Cow<'static, str>,
    sha: [u8; 40],
    /// Its place in [`ALL`], as a bit; 0 for one that is not told in advance.
    pub(super) bit: u64,
    /// The number of the connection on which the server was told it, for one without a bit.
    told: AtomicU64,
}

/// How a script is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// By its hash.
    Sha,
    /// By its text, for a server that does not know it. It does then.
    Text,
}

const fn script(text: &'static str, place: u32) -> Script {
    Script {
        text: Cow::Borrowed(text),
        sha: sha1_hex(text.as_bytes()),
        bit: 1 << place,
        told: AtomicU64::new(0),
    }
}

macro_rules! with_shown {
    ($file:literal) => {
        concat!(include_str!("scripts/shown.lua"), include_str!($file))
    };
}

pub(super) static SET_EQ: Script = script(include_str!("scripts/set_eq.lua"), 0);
pub(super) static DELETE: Script = script(include_str!("scripts/delete.lua"), 1);
pub(super) static Z_ADD: Script = script(include_str!("scripts/z_add.lua"), 2);
pub(super) static ZH_ADD: Script = script(include_str!("scripts/zh_add.lua"), 3);
pub(super) static Z_REM: Script = script(include_str!("scripts/z_rem.lua"), 4);
pub(super) static Z_INCR_BY: Script = script(include_str!("scripts/z_incr_by.lua"), 5);
pub(super) static VALUES: Script = script(with_shown!("scripts/values.lua"), 6);
pub(super) static PAGE_BY_SCORE: Script = script(with_shown!("scripts/page_by_score.lua"), 7);
pub(super) static PAGE_BY_LEX: Script = script(with_shown!("scripts/page_by_lex.lua"), 8);
pub(super) static ATOMIC: Script =
    script(concat!(include_str!("scripts/miscount.lua"), include_str!("scripts/atomic.lua")), 9);

/// How many bits scripts may have.
pub(super) const BITS: u32 = 16;

/// All of them, in the order of their bits.
static ALL: [&Script; 10] =
    [&SET_EQ, &DELETE, &Z_ADD, &ZH_ADD, &Z_REM, &Z_INCR_BY, &VALUES, &PAGE_BY_SCORE, &PAGE_BY_LEX, &ATOMIC];

impl Script {
    /// Returns a script with this text.
    pub(super) fn written(text: String) -> Self {
        Self { sha: sha1_hex(text.as_bytes()), text: Cow::Owned(text), bit: 0, told: AtomicU64::new(0) }
    }

    /// Returns whether the server was told it on the connection with this number.
    pub(super) fn is_told(&self, generation: Option<u64>) -> bool {
        generation == Some(self.told.load(Ordering::Relaxed))
    }

    pub(super) fn has_told(&self, generation: u64) {
        self.told.store(generation, Ordering::Relaxed);
    }

    /// Makes it known to the server.
    pub(super) fn load(&self, request: &mut Request) {
        request.command(3, "SCRIPT").arg(b"LOAD").arg(self.text.as_bytes());
    }

    /// Begins a call with so many keys and arguments, which are to follow.
    pub(super) fn call(&self, request: &mut Request, named: Named, keys: usize, args: usize) {
        let words = 3 + keys + args;
        match named {
            Named::Sha => request.command(words, "EVALSHA").arg(&self.sha),
            Named::Text => request.command(words, "EVAL").arg(self.text.as_bytes()),
        };
        request.number(keys as u64).awaits_lists();
    }
}

/// Makes the scripts whose bits are in `wanted` known to the server, and returns by how many commands.
pub(super) fn load(request: &mut Request, wanted: u64) -> usize {
    let mut loaded = 0;
    for script in ALL.iter().filter(|script| script.bit & wanted != 0) {
        script.load(request);
        loaded += 1;
    }
    loaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_has_a_bit_of_its_own() {
        for (place, script) in ALL.iter().enumerate() {
            assert_eq!(script.bit, 1 << place);
        }
    }
}
