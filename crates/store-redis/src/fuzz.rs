//! Properties that hold for any reply of a server, and for any url.

use std::io;

use bytes::{Buf, BytesMut};
use redis::Value;

use super::script::unpacked;
use super::{reads, script, writes};
use crate::options::url::UrlParts;
use crate::protocol::allowance::Allowance;
use crate::protocol::replies::Replies;
use redkv_core::options::Fields;
use redkv_core::options::Secret;
use redkv_testing::Source;

/// However the bytes are cut, the same replies are read, up to the same error; they are those that the crate reads;
/// they take little more memory than came in; and whatever question they answer, there is an answer for every key.
pub fn redis_replies(data: &[u8]) {
    let mut source = Source(data);
    let (len, step) = (source.below(64), 1 + usize::from(source.byte()) % 64);
    let stream = source.0;

    let whole = read_pieces(stream, stream.len().max(1), false);
    for (step, in_place) in [(1, false), (step, false), (step, true)] {
        assert_eq!(read_pieces(stream, step, in_place), whole, "in pieces of {step}");
    }
    is_read_alike(stream, &whole);
    is_answered(&whole.values, len);
}

/// What came of a stream: replies with where each of them ended, as far as that is known, and whether an error ended
/// it.
#[derive(Debug)]
struct Read {
    values: Vec<Value>,
    ends: Vec<usize>,
    refused: bool,
}

impl PartialEq for Read {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values && self.refused == other.refused
    }
}

/// Reads a stream that comes in pieces of `step` bytes; `in_place` as the connection reads what is missing of a string.
fn read_pieces(stream: &[u8], step: usize, in_place: bool) -> Read {
    let (mut replies, mut input) = (Replies::default(), BytesMut::new());
    let mut allowance = Allowance { values: usize::MAX, bytes: usize::MAX, longest: usize::MAX };
    let mut read = Read { values: Vec::new(), ends: Vec::new(), refused: false };
    let mut at = 0;
    while at < stream.len() && !read.refused {
        let piece = &stream[at..(at + step).min(stream.len())];
        let piece = match replies.string().filter(|(_, missing)| in_place && *missing > 0) {
            Some((string, missing)) => {
                let piece = &piece[..piece.len().min(missing)];
                string.extend_from_slice(piece);
                piece
            }
            None => {
                input.extend_from_slice(piece);
                piece
            }
        };
        at += piece.len();
        if let Err(error) = read_all(&mut replies, &mut allowance, &mut input, &mut read, at) {
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            read.refused = true;
        }
        // A value takes more room than the shortest reply, and a growing list has up to as much to spare.
        let held = replies.held() + read.values.iter().map(size_of_value).sum::<usize>();
        assert!(held <= Replies::MOST_TRUSTED + 64 * at, "{held} bytes are held of {at}");
    }
    read
}

fn read_all(
    replies: &mut Replies,
    allowance: &mut Allowance,
    input: &mut BytesMut,
    read: &mut Read,
    at: usize,
) -> io::Result<()> {
    let mut rest = &input[..];
    while let Some(value) = replies.next(&mut rest, allowance)? {
        read.values.push(value);
        read.ends.push(at - rest.len());
    }
    let left = rest.len();
    input.advance(input.len() - left);
    Ok(())
}

/// The bytes that a value takes, with what it has to spare.
pub(super) fn size_of_value(value: &Value) -> usize {
    let inside = match value {
        Value::BulkString(bytes) => bytes.capacity(),
        Value::SimpleString(text) => text.capacity(),
        Value::Array(values) => sizes_of(values),
        _ => 0,
    };
    size_of::<Value>() + inside
}

/// The bytes that a list takes beside itself.
pub(super) fn sizes_of(values: &Vec<Value>) -> usize {
    let spare = values.capacity() - values.len();
    spare * size_of::<Value>() + values.iter().map(size_of_value).sum::<usize>()
}

/// The crate reads each reply the same. (It reads more than what this store asks for: numbers with a plus, say, and
/// what only newer versions of the protocol have.)
fn is_read_alike(stream: &[u8], read: &Read) {
    let mut start = 0;
    for (value, end) in read.values.iter().zip(&read.ends) {
        let theirs = redis::parse_redis_value(&stream[start..*end]);
        assert_eq!(theirs.as_ref().ok(), Some(value), "{:?}", String::from_utf8_lossy(&stream[start..*end]));
        start = *end;
    }
}

/// Whatever the replies are, each of `len` keys has an answer.
fn is_answered(replies: &[Value], len: usize) {
    let replies = || replies.to_vec();
    assert_eq!(reads::values_read(replies(), len).len(), len);
    assert_eq!(reads::entries_read(replies(), len, 1).len(), len);
    assert_eq!(reads::existence_read(replies(), len).len(), len);
    assert_eq!(writes::deleted(&replies(), len).len(), len);
    assert!(script::entries_read(replies(), len, u64::MAX).is_none_or(|answers| answers.len() == len));
}

/// Packed numbers are read back; anything else is refused, or holds no more numbers than bytes.
pub fn redis_lives(data: &[u8]) {
    assert!(unpacked(data).is_none_or(|numbers| numbers.len() < data.len()));
    let mut source = Source(data);
    let numbers: Vec<_> =
        (0..data.len() / 8).map(|_| source.number().cast_signed() >> (data[0] % 64)).collect();
    assert_eq!(unpacked(&packed(&numbers)), Some(numbers));
}

/// As a server packs them: each in as few bytes as it takes.
fn packed(numbers: &[i64]) -> Vec<u8> {
    let mut packed = vec![0xdd];
    packed.extend(u32::try_from(numbers.len()).unwrap_or_default().to_be_bytes());
    for number in numbers {
        let bytes = number.to_be_bytes();
        match *number {
            -32..=0x7f => packed.extend(&bytes[7..]),
            0x80..=0xff => packed.extend([0xcc, bytes[7]]),
            0x100..=0xffff => packed.extend([&[0xcd], &bytes[6..]].concat()),
            0x1_0000..=0xffff_ffff => packed.extend([&[0xce], &bytes[4..]].concat()),
            0x1_0000_0000.. => packed.extend([&[0xcf], &bytes[..]].concat()),
            -0x80..=-33 => packed.extend([0xd0, bytes[7]]),
            -0x8000..=-0x81 => packed.extend([&[0xd1], &bytes[6..]].concat()),
            -0x8000_0000..=-0x8001 => packed.extend([&[0xd2], &bytes[4..]].concat()),
            _ => packed.extend([&[0xd3], &bytes[..]].concat()),
        }
    }
    packed
}

/// A url is read, or refused without a word of it; what was escaped comes back.
pub fn redis_url(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    if let Err(error) = parts(&format!("{text}s3cret")) {
        assert_eq!(error.field(), Some("url"));
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }

    let mut source = Source(data);
    let (port, db) = (u16::from_le_bytes(source.array()).max(1), u32::from_le_bytes(source.array()));
    let (username, password) = (source.text(16), source.text(64));
    let url = format!("rediss://{}:{}@h:{port}/{db}", escaped(&username), escaped(&password));
    let read = parts(&url);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let expected = UrlParts {
        host: some("h".to_owned()),
        port: Some(port),
        path: None,
        db: Some(db),
        username: some(username).map(Secret::new),
        password: some(password).map(Secret::new),
        tls: true,
        ..UrlParts::default()
    };
    assert!(read.is_ok_and(|read| read == expected), "{url}");
}

fn parts(url: &str) -> redkv_core::error::Result<UrlParts> {
    let mut fields = Fields::new("options", serde_json::json!({ "url": url }))?;
    Ok(fields.read::<UrlParts>("url")?.unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
