//! Reads many values with their remaining ttl by a script.

use redis::Value;

use super::reads::{ask_values, bytes_of, entry, many_values};
use crate::protocol::request::Request;
use redkv_core::entry::{Entry, Key};
use redkv_core::store::Answers;

/// From so many keys on the script is cheaper than a `PTTL` for each. It costs the server a little more, but the
/// replies to queue and to decode are what such a read spends most on.
pub(super) const WORTH_IT: usize = 32;

/// The time that each key has left, packed into one string: one reply instead of two for every key.
const LIVES: &str = "local t,c,k={},redis.call,KEYS \
    for i=1,#k do t[i]=c('PTTL',k[i]) end return cmsgpack.pack(t)";

/// Reads values with the time they have left, in a transaction for the same reason as
/// [`entries`](super::reads::entries).
pub(super) fn entries(keys: &[Key]) -> Request {
    let mut request = Request::with_capacity(keys.len() * 2 + 12, bytes_of(keys) * 2 + LIVES.len());
    request.command(1, "MULTI");
    ask_values(&mut request, keys);
    request.command(keys.len() + 3, "EVAL").arg(LIVES.as_bytes()).number(keys.len() as u64);
    for key in keys {
        request.arg(key.as_bytes());
    }
    request.command(1, "EXEC").awaits(2);
    request
}

/// Returns whether the script is what failed: a server or a user may be set up without scripts.
pub(super) fn is_refused(replies: &[Value]) -> bool {
    !matches!(replies, [_, Value::ServerError(_), ..])
}

/// The answers to [`entries`], which were asked for at `asked`; `None` if there are none for all of the keys.
pub(super) fn entries_read(replies: Vec<Value>, len: usize, asked: u64) -> Option<Answers<Option<Entry>>> {
    let [_, _, queued, done] = <[Value; 4]>::try_from(replies).ok()?;
    if matches!(queued, Value::ServerError(_)) {
        return None;
    }
    let Value::Array(results) = done else { return None };
    let [values, Value::BulkString(lives)] = <[Value; 2]>::try_from(results).ok()? else { return None };
    let lives = unpacked(&lives).filter(|lives| lives.len() == len)?;
    let values = match many_values(values, len) {
        Ok(values) => values,
        Err(error) => return Some(vec![Err(error); len]),
    };
    Some(values.into_iter().zip(lives).map(|(value, left)| entry(value, left, asked)).collect())
}

/// The integers of a MessagePack array.
pub(super) fn unpacked(mut packed: &[u8]) -> Option<Vec<i64>> {
    let len = match first(&mut packed)? {
        short @ 0x90..=0x9f => i64::from(short & 0x0f),
        0xdc => i64::from(u16::from_be_bytes(take(&mut packed)?)),
        0xdd => i64::from(u32::from_be_bytes(take(&mut packed)?)),
        _ => return None,
    };
    let numbers = (0..len).map(|_| number(&mut packed)).collect::<Option<Vec<_>>>()?;
    packed.is_empty().then_some(numbers)
}

fn number(packed: &mut &[u8]) -> Option<i64> {
    Some(match first(packed)? {
        small @ 0x00..=0x7f => i64::from(small),
        negative @ 0xe0..=0xff => i64::from(i8::from_be_bytes([negative])),
        0xcc => i64::from(u8::from_be_bytes(take(packed)?)),
        0xcd => i64::from(u16::from_be_bytes(take(packed)?)),
        0xce => i64::from(u32::from_be_bytes(take(packed)?)),
        0xcf => i64::try_from(u64::from_be_bytes(take(packed)?)).ok()?,
        0xd0 => i64::from(i8::from_be_bytes(take(packed)?)),
        0xd1 => i64::from(i16::from_be_bytes(take(packed)?)),
        0xd2 => i64::from(i32::from_be_bytes(take(packed)?)),
        0xd3 => i64::from_be_bytes(take(packed)?),
        _ => return None,
    })
}

fn first(packed: &mut &[u8]) -> Option<u8> {
    take::<1>(packed).map(|[byte]| byte)
}

fn take<const N: usize>(packed: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = packed.split_first_chunk::<N>()?;
    *packed = rest;
    Some(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_of_all_widths_are_read() {
        let packed = [
            &[0xdc, 0x00, 0x08][..],
            &[0x05],
            &[0xfe],
            &[0xcc, 0xff],
            &[0xcd, 0x01, 0x00],
            &[0xce, 0x00, 0x01, 0x00, 0x00],
            &[0xcf, 0x10, 0, 0, 0, 0, 0, 0, 0],
            &[0xd0, 0x80],
            &[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ];
        assert_eq!(unpacked(&packed.concat()), Some(vec![5, -2, 255, 256, 65_536, 1 << 60, -128, -1]));
        assert_eq!(unpacked(&[0x92, 0x01, 0xff]), Some(vec![1, -1]));
    }

    #[test]
    fn what_is_not_an_array_of_integers_is_refused() {
        assert_eq!(unpacked(&[]), None);
        assert_eq!(unpacked(&[0x92, 0x01]), None);
        assert_eq!(unpacked(&[0x91, 0x01, 0x02]), None);
        assert_eq!(unpacked(&[0x91, 0xa1, b'x']), None);
        assert_eq!(unpacked(&[0xc0]), None);
    }
}
