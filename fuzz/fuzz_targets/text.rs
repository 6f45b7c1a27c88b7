//! Strings of JavaScript as the binding reads them, with what Node-API does in the place of Node.js.
#![no_main]

use node_api::{Js, Value};
use text::{Broken, Units, is_ascii};

#[path = "../../src/node_api/text.rs"]
mod text;

/// As `src/node_api/js.rs`, with strings of UTF-16 units that are here.
mod node_api {
    use std::mem::MaybeUninit;

    #[derive(Clone, Copy)]
    pub(crate) struct Value<'a>(pub(crate) Option<&'a [u16]>);

    #[derive(Clone, Copy)]
    pub(crate) struct Js;

    impl Js {
        /// Writes as many units as there is room for before a zero.
        pub(crate) fn units(self, value: Value, room: &mut [MaybeUninit<u16>]) -> Option<usize> {
            let units = value.0?;
            let units = &units[..units.len().min(room.len().saturating_sub(1))];
            let terminated = units.iter().copied().chain([0]);
            room.iter_mut().zip(terminated).for_each(|(room, unit)| {
                room.write(unit);
            });
            Some(units.len())
        }

        pub(crate) fn units_length(self, value: Value) -> Option<usize> {
            value.0.map(<[u16]>::len)
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assert_eq!(is_ascii(data), data.is_ascii());
    let mut units = Units::new();
    assert!(units.read(Js, Value(None)).is_none());
    // Of two bytes each as they are, of one byte each, and so many that they are not read in place.
    check(&mut units, &data.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect::<Vec<_>>());
    let latin: Vec<_> = data.iter().copied().map(u16::from).collect();
    check(&mut units, &latin);
    if let [times, ..] = data {
        check(&mut units, &latin.repeat(usize::from(*times)));
    }
});

fn check(units: &mut Units, string: &[u16]) {
    assert!(units.read(Js, Value(Some(string))).is_some());
    let expected = String::from_utf16(string).ok();
    assert_eq!(units.with_utf8(str::to_owned).map_err(|Broken| ()).ok(), expected);
    let bytes = units.to_utf8().map_err(|Broken| ()).ok();
    assert_eq!(bytes.as_deref(), expected.as_deref().map(str::as_bytes));
}
