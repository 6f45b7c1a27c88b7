//! Parses replies as they arrive.
//!
//! Values are read here, because that is where the time goes; what is rare is left to the crate.

use std::io;

use bytes::Buf;
use redis::Value;

use super::allowance::{Allowance, Excess};

/// Reads replies of the second version of the protocol from bytes that come in pieces.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// Arrays that are not complete, the outermost first.
    open: Vec<Open>,
    /// A string that is not complete.
    string: Option<Partial>,
}

#[derive(Debug)]
struct Open {
    missing: usize,
    values: Vec<Value>,
}

#[derive(Debug)]
struct Partial {
    bytes: Vec<u8>,
    len: usize,
    /// Why its bytes are thrown away as they come, and how many have come.
    dropped: Option<(Excess, usize)>,
}

/// The longest line that is not a value: an error, a status.
const LONGEST_LINE: usize = 64 * 1024;
/// The deepest answer to our commands is a list in that of a transaction.
const DEEPEST: usize = 4;
/// Room that is made before anything of an array or a string has come.
const TRUSTED: usize = 64 * 1024;

impl Replies {
    /// The next reply in `input`, once all of it has come; what was read is taken from `input`. `allowance` is what is
    /// left of what the replies to the request may bring.
    pub(crate) fn next(&mut self, input: &mut &[u8], allowance: &mut Allowance) -> io::Result<Option<Value>> {
        loop {
            let Some(mut value) = self.read_one(input, allowance)? else { return Ok(None) };
            loop {
                let Some(open) = self.open.last_mut() else { return Ok(Some(value)) };
                open.values.push(value);
                open.missing -= 1;
                if open.missing > 0 {
                    break;
                }
                value = Value::Array(self.open.pop().map(|open| open.values).unwrap_or_default());
            }
        }
    }

    /// The string that all of the next bytes belong to, with how many more there will be; none if they are thrown away.
    pub(crate) fn string(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        match self.string.as_mut()? {
            Partial { bytes, len, dropped: None } => {
                let missing = *len - bytes.len();
                Some((bytes, missing))
            }
            _ => None,
        }
    }

    /// The bytes that what is not complete takes.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn held(&self) -> usize {
        let lists = self.open.iter().map(|open| crate::fuzz::sizes_of(&open.values)).sum::<usize>();
        lists + self.string.as_ref().map_or(0, |string| string.bytes.capacity())
    }

    /// The bytes that lengths alone make it take.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) const MOST_TRUSTED: usize = (DEEPEST + 1) * TRUSTED;

    /// The next value that is not an array with something in it.
    fn read_one(&mut self, input: &mut &[u8], allowance: &mut Allowance) -> io::Result<Option<Value>> {
        if self.string.is_some() {
            return self.go_on(input);
        }
        loop {
            if let Some((string, rest)) = whole_string(input) {
                *input = rest;
                let value = match allowance.take_bytes(string.len()) {
                    None => Value::BulkString(string.to_vec()),
                    Some(excess) => excess.reply(),
                };
                return Ok(Some(value));
            }
            let Some(end) = memchr::memchr(b'\n', input) else {
                return if input.len() > LONGEST_LINE { Err(malformed()) } else { Ok(None) };
            };
            if end > LONGEST_LINE {
                return Err(malformed());
            }
            let line = &input[..=end];
            let [kind, text @ .., b'\r', b'\n'] = line else { return Err(malformed()) };
            let value = match kind {
                b'$' => match length(text)? {
                    None => Value::Nil,
                    Some(len) => {
                        input.advance(end + 1);
                        let dropped = allowance.take_bytes(len).map(|excess| (excess, 0));
                        let room = if dropped.is_some() { 0 } else { len.min(TRUSTED) };
                        self.string = Some(Partial { bytes: Vec::with_capacity(room), len, dropped });
                        return self.go_on(input);
                    }
                },
                b'*' => match length(text)? {
                    None => Value::Nil,
                    Some(0) => Value::Array(Vec::new()),
                    Some(_) if self.open.len() == DEEPEST => return Err(malformed()),
                    Some(missing) => {
                        allowance.take_values(missing)?;
                        let values = Vec::with_capacity(missing.min(TRUSTED / size_of::<Value>()));
                        self.open.push(Open { missing, values });
                        input.advance(end + 1);
                        continue;
                    }
                },
                b':' => Value::Int(number(text)?),
                b'+' if text == b"OK" => Value::Okay,
                b'+' if text == b"string" || text == b"none" => {
                    Value::SimpleString(String::from_utf8_lossy(text).into_owned())
                }
                b'+' | b'-' => redis::parse_redis_value(line).map_err(|_| malformed())?,
                _ => return Err(malformed()),
            };
            input.advance(end + 1);
            return Ok(Some(value));
        }
    }

    fn go_on(&mut self, input: &mut &[u8]) -> io::Result<Option<Value>> {
        let Some(Partial { bytes, len, dropped }) = &mut self.string else { return Ok(None) };
        let come = match dropped {
            Some((_, come)) => {
                let count = input.len().min(*len - *come);
                input.advance(count);
                *come += count;
                *come
            }
            None => {
                let count = input.len().min(*len - bytes.len());
                bytes.extend_from_slice(&input[..count]);
                input.advance(count);
                bytes.len()
            }
        };
        if come < *len || input.len() < 2 {
            return Ok(None);
        }
        if !input.starts_with(b"\r\n") {
            return Err(malformed());
        }
        input.advance(2);
        Ok(self.string.take().map(|string| match string.dropped {
            Some((excess, _)) => excess.reply(),
            None => Value::BulkString(string.bytes),
        }))
    }
}

/// The string that `input` begins with, if all of it has come, and what is behind it. Anything else is for the way
/// that knows all replies.
fn whole_string(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let [b'$', rest @ ..] = input else { return None };
    let mut len = 0;
    // So many digits are far below the limit.
    for (place, byte) in rest.iter().take(8).enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let rest = rest[place..].strip_prefix(b"\r\n").filter(|_| place > 0)?;
            let (string, rest) = rest.split_at_checked(len)?;
            return Some((string, rest.strip_prefix(b"\r\n")?));
        }
        len = 10 * len + usize::from(digit);
    }
    None
}

/// A length, or `None` for nothing at all.
fn length(text: &[u8]) -> io::Result<Option<usize>> {
    match number(text)? {
        -1 => Ok(None),
        len => usize::try_from(len).map(Some).map_err(|_| malformed()),
    }
}

fn number(text: &[u8]) -> io::Result<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let mut number = 0_i64;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(malformed());
        }
        let shifted = number.checked_mul(10);
        let digit = i64::from(digit);
        number = shifted
            .and_then(|it| if negative { it.checked_sub(digit) } else { it.checked_add(digit) })
            .ok_or_else(malformed)?;
    }
    if digits.is_empty() { Err(malformed()) } else { Ok(number) }
}

/// Not what a server answers. The bytes are not repeated: they may hold values.
fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the reply is not valid in the redis protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All replies in `pieces`, which come one after the other.
    fn read(pieces: &[&[u8]]) -> io::Result<Vec<Value>> {
        let (mut replies, mut input, mut values) = (Replies::default(), Vec::new(), Vec::new());
        let mut allowance = Allowance { values: 100, bytes: 1 << 20, longest: 1 << 20 };
        for piece in pieces {
            input.extend_from_slice(piece);
            let mut unread = &input[..];
            while let Some(value) = replies.next(&mut unread, &mut allowance)? {
                values.push(value);
            }
            input = unread.to_vec();
        }
        if input.is_empty() && replies.open.is_empty() && replies.string.is_none() {
            return Ok(values);
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn string(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    const ALL: &[u8] = b"+OK\r\n+PONG\r\n:-12\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n*-1\r\n*0\r\n\
        *3\r\n$1\r\nx\r\n*2\r\n:1\r\n$-1\r\n$2\r\nyz\r\n:9223372036854775807\r\n:-9223372036854775808\r\n";

    fn all() -> Vec<Value> {
        vec![
            Value::Okay,
            Value::SimpleString("PONG".to_owned()),
            Value::Int(-12),
            Value::Nil,
            string(""),
            string("a\r\nb"),
            Value::Nil,
            Value::Array(vec![]),
            Value::Array(vec![string("x"), Value::Array(vec![Value::Int(1), Value::Nil]), string("yz")]),
            Value::Int(i64::MAX),
            Value::Int(i64::MIN),
        ]
    }

    #[test]
    fn replies_are_read_however_they_are_cut() {
        assert_eq!(read(&[ALL]).unwrap(), all());
        for cut in 1..ALL.len() {
            let (first, second) = ALL.split_at(cut);
            assert_eq!(read(&[first, second]).unwrap(), all(), "cut at {cut}");
        }
        assert_eq!(read(&ALL.chunks(1).collect::<Vec<_>>()).unwrap(), all());
    }

    #[test]
    fn the_crate_reads_the_same() {
        let mut rest = ALL;
        for value in all() {
            let len = (1..=rest.len()).find(|len| redis::parse_redis_value(&rest[..*len]).is_ok()).unwrap();
            assert_eq!(redis::parse_redis_value(&rest[..len]).unwrap(), value);
            rest = &rest[len..];
        }
    }

    #[test]
    fn errors_are_values() {
        let values = read(&[b"*2\r\n-WRONGTYPE no string\r\n:1\r\n-ERR x\r\n"]).unwrap();
        let [Value::Array(inner), Value::ServerError(outer)] = &values[..] else { panic!("{values:?}") };
        let Value::ServerError(first) = &inner[0] else { panic!("{inner:?}") };
        assert_eq!((first.code(), outer.code()), ("WRONGTYPE", "ERR"));
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused() {
        for garbage in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"\n",
            b"\r\n",
            b"$x\r\n",
            b"$\r\n",
            b"$-2\r\n",
            b"$-\r\n",
            b"$1\r\nab\r\n",
            b"$1\r\nabc",
            b"$\r\n\r\n",
            b"$1\rab\r\n",
            b"$999999999999999999999\r\n",
            b"*101\r\n",
            b":1 \r\n",
            b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
            b"%1\r\n",
            b"+OK\n",
        ] {
            let error = read(&[garbage]).unwrap_err();
            let text = String::from_utf8_lossy(garbage);
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
            assert!(error.to_string().starts_with("the reply "), "{error}");
        }
        assert_eq!(
            read(&[&[b'+'; LONGEST_LINE + 1]]).unwrap_err().kind(),
            io::ErrorKind::InvalidData,
            "a line without an end"
        );
        let long = [&b"+"[..], &[b'x'; LONGEST_LINE], b"\r\n"].concat();
        assert_eq!(read(&[&long]).unwrap_err().kind(), io::ErrorKind::InvalidData, "a long line at once");
    }

    #[test]
    fn a_length_alone_takes_no_memory() {
        let mut replies = Replies::default();
        let mut allowance = Allowance { values: usize::MAX, bytes: 1 << 29, longest: 1 << 29 };
        let mut input = &b"*999999999999\r\n$536870912\r\nx"[..];
        assert_eq!(replies.next(&mut input, &mut allowance).unwrap(), None);
        assert!(replies.open[0].values.capacity() * size_of::<Value>() <= TRUSTED);
        assert!(replies.string().unwrap().0.capacity() <= TRUSTED);
    }

    /// What `stream`, in pieces of `step` bytes, is read as by a reader that is allowed so many values and bytes.
    fn within(values: usize, bytes: usize, stream: &[u8], step: usize) -> io::Result<Vec<Value>> {
        let (mut replies, mut input, mut read) = (Replies::default(), Vec::new(), Vec::new());
        let mut allowance = Allowance { values, bytes, longest: 4 };
        for piece in stream.chunks(step) {
            input.extend_from_slice(piece);
            let mut unread = &input[..];
            while let Some(value) = replies.next(&mut unread, &mut allowance)? {
                read.push(value);
            }
            input = unread.to_vec();
            assert!(replies.held() <= 2 * TRUSTED);
        }
        Ok(read)
    }

    fn code(value: &Value) -> &str {
        let Value::ServerError(error) = value else { panic!("{value:?}") };
        error.code()
    }

    #[test]
    fn a_list_of_more_than_was_asked_for_is_refused_before_it_comes() {
        assert!(within(2, 9, b"*2\r\n$1\r\na\r\n:1\r\n", 1).is_ok());
        for list in [&b"*3\r\n"[..], b"*4000000000\r\n", b"*2\r\n*1\r\n"] {
            assert_eq!(within(2, 9, list, 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn a_string_that_is_too_long_is_thrown_away_alone() {
        for step in [1, 7, 100] {
            let read = within(3, 9, b"*3\r\n$4\r\nabcd\r\n$5\r\nabcde\r\n$1\r\nx\r\n", step).unwrap();
            let [Value::Array(values)] = &read[..] else { panic!("{read:?}") };
            assert_eq!((&values[0], &values[2]), (&string("abcd"), &string("x")));
            assert_eq!(code(&values[1]), Excess::Value.code());
        }
    }

    #[test]
    fn strings_that_are_too_long_together_are_thrown_away_from_there_on() {
        for step in [1, 7, 100] {
            let read = within(3, 5, b"*3\r\n$4\r\nabcd\r\n$2\r\nab\r\n$1\r\nx\r\n", step).unwrap();
            let [Value::Array(values)] = &read[..] else { panic!("{read:?}") };
            assert_eq!((&values[0], &values[2]), (&string("abcd"), &string("x")));
            assert_eq!(code(&values[1]), Excess::Batch.code());
        }
    }
}
