//! Strings of JavaScript: read as UTF-16, because that is exact (one byte a character would cut off what
//! does not fit, UTF-8 would replace lone surrogates) and the engine only copies, and narrowed here.

use std::mem::MaybeUninit;

use bytes::Bytes;

use crate::node_api::{Js, Value};

/// Text of fewer UTF-16 units is read without an allocation.
const ON_STACK: usize = 512;

/// A string that has a lone surrogate, which UTF-8 cannot express.
#[derive(Debug)]
pub(crate) struct Broken;

/// The units of one string.
pub(crate) struct Units {
    /// Holds them if there are fewer than its length.
    stack: [MaybeUninit<u16>; ON_STACK],
    heap: Vec<u16>,
    length: usize,
}

impl Units {
    /// Of no string.
    pub(crate) fn new() -> Self {
        Self { stack: [const { MaybeUninit::uninit() }; ON_STACK], heap: Vec::new(), length: 0 }
    }

    /// Reads those of `value`; `None` if it is no string.
    pub(crate) fn read(&mut self, js: Js, value: Value) -> Option<()> {
        let length = js.units(value, &mut self.stack)?;
        if Self::is_on_stack(length) {
            self.length = length;
            return Some(());
        }
        // What was read may have been cut off.
        self.heap = Vec::with_capacity(js.units_length(value)? + 1);
        let length = js.units(value, self.heap.spare_capacity_mut())?;
        // SAFETY: so many units were written.
        unsafe { self.heap.set_len(length) };
        self.length = length;
        Some(())
    }

    /// Whether there are so few that nothing was allocated for them.
    pub(crate) fn are_few(&self) -> bool {
        Self::is_on_stack(self.length)
    }

    fn is_on_stack(length: usize) -> bool {
        length < ON_STACK - 1
    }

    fn as_slice(&self) -> &[u16] {
        if !self.are_few() {
            return &self.heap;
        }
        // SAFETY: `read` has written so many units.
        unsafe { std::slice::from_raw_parts(self.stack.as_ptr().cast(), self.length) }
    }

    /// Calls `show` with them as UTF-8.
    pub(crate) fn with_utf8<T>(&self, show: impl FnOnce(&str) -> T) -> Result<T, Broken> {
        let units = self.as_slice();
        if units.len() <= ON_STACK {
            let mut bytes = [const { MaybeUninit::<u8>::uninit() }; ON_STACK];
            if narrow_into(&mut bytes[..units.len()], units) < 0x80 {
                // SAFETY: so many bytes were written.
                let text = unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), units.len()) };
                // SAFETY: all of them are ASCII.
                return Ok(show(unsafe { std::str::from_utf8_unchecked(text) }));
            }
        }
        String::from_utf16(units).map(|text| show(&text)).map_err(|_| Broken)
    }

    /// Their UTF-8, in an allocation of just that size.
    pub(crate) fn to_utf8(&self) -> Result<Bytes, Broken> {
        let units = self.as_slice();
        if units.iter().fold(0, |all, unit| all | unit) < 0x80 {
            return Ok(units.iter().map(|unit| narrow(*unit)).collect::<Vec<_>>().into());
        }
        let text = String::from_utf16(units).map_err(|_| Broken)?;
        Ok(text.into_boxed_str().into_boxed_bytes().into())
    }
}

/// Writes the low halves of `units` into `bytes`, which has the same length, and returns all bits that are set
/// in any unit.
fn narrow_into(bytes: &mut [MaybeUninit<u8>], units: &[u16]) -> u16 {
    const STEP: usize = 8;
    let step = |bytes: &mut [MaybeUninit<u8>], units: &[u16]| {
        let mut all = 0;
        for (byte, unit) in bytes.iter_mut().zip(units) {
            all |= unit;
            byte.write(narrow(*unit));
        }
        all
    };
    let (bytes_in_steps, _) = bytes.as_chunks_mut::<STEP>();
    let (units_in_steps, rest) = units.as_chunks::<STEP>();
    let all =
        bytes_in_steps.iter_mut().zip(units_in_steps).fold(0, |all, (bytes, units)| all | step(bytes, units));
    if rest.is_empty() {
        return all;
    }
    // The last step goes over some units twice, which is quicker than to take the rest one by one.
    let last = units.len().saturating_sub(STEP);
    all | match (bytes[last..].as_chunks_mut::<STEP>(), units[last..].as_chunks::<STEP>()) {
        (([bytes], _), ([units], _)) => step(bytes, units),
        _ => step(bytes, units),
    }
}

/// Whether no byte has its highest bit set. For texts of usual length several times quicker than the standard one,
/// which goes by words.
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

#[expect(clippy::cast_possible_truncation, reason = "for ASCII, or checked to be that before it is used")]
fn narrow(unit: u16) -> u8 {
    unit as u8
}
