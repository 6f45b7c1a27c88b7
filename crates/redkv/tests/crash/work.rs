//! What is written: which key, and which value, follows from the number of a write, so that a value tells which write
//! it is of, and whether it is whole.

use redkv::entry::{Entry, Key};
use redkv::store::{Store, Want};

/// Different keys.
pub(crate) const KEYS: u64 = 200;
/// Writes that are on their way at a time, all of different keys.
pub(crate) const TOGETHER: u64 = 16;

/// What write number `n` does; 0 is none.
pub(crate) fn key_of(n: u64) -> u64 {
    // Runs through all keys, in another order each time.
    let (round, step) = (n / KEYS, n % KEYS);
    (step * 77 + round * 13) % KEYS
}

pub(crate) fn is_delete(n: u64) -> bool {
    mixed(n).is_multiple_of(8)
}

pub(crate) fn key(number: u64) -> Key {
    // Some too long for a name of a file.
    let filler = if number.is_multiple_of(10) { "x".repeat(300) } else { String::new() };
    format!("key:{number}:{filler}").into()
}

/// A value of between 0 and 12,000 bytes beside the number of its write.
pub(crate) fn entry(n: u64) -> Entry {
    let len = [0, 50, 900, 1_100, 4_000, 12_000][usize::try_from(mixed(n) / 8 % 6).unwrap_or(0)];
    Entry::new(format!("{n}:{}", filler(n).to_string().repeat(len)))
}

fn filler(n: u64) -> char {
    char::from(b'a' + u8::try_from(n % 26).unwrap_or(0))
}

fn mixed(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

/// The number of the write whose value is under a key, 0 for none. Panics at anything that no write has written.
pub(crate) async fn read(store: &dyn Store, number: u64) -> u64 {
    let kept = store.get(&[key(number)], Want::Value).await.remove(0);
    let Some(kept) = kept.unwrap() else { return 0 };
    let text = std::str::from_utf8(&kept.value).unwrap();
    let n = text.split(':').next().unwrap().parse().unwrap();
    assert!(kept == entry(n), "half a value of write {n} under key {number}");
    assert_eq!(key_of(n), number, "the value of another key");
    n
}
