//! What the server answers, read as it arrives.
//!
//! Values are read here, because that is where the time goes; what is rare is left to the crate.

use std::io;

use bytes::{Buf, BytesMut};
use redis::Value;

/// Reads replies of the second version of the protocol from bytes that come in pieces.
#[derive(Debug, Default)]
pub(super) struct Replies {
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
}

/// The longest line that is not a value: an error, a status.
const LONGEST_LINE: usize = 64 * 1024;
/// The largest string that a server keeps.
const LONGEST_STRING: usize = 512 * 1024 * 1024;
/// The deepest answer to our commands is a list in that of a transaction.
const DEEPEST: usize = 4;
/// Room that is made before anything of an array or a string has come.
const TRUSTED: usize = 64 * 1024;

impl Replies {
    /// The next reply in `input`, once all of it has come; what was read is taken from `input`.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> io::Result<Option<Value>> {
        loop {
            let Some(mut value) = self.read_one(input)? else { return Ok(None) };
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

    /// The string that all of the next bytes belong to, with how many more there will be.
    pub(super) fn string(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        let Partial { bytes, len } = self.string.as_mut()?;
        let missing = *len - bytes.len();
        Some((bytes, missing))
    }

    /// The next value that is not an array with something in it.
    fn read_one(&mut self, input: &mut BytesMut) -> io::Result<Option<Value>> {
        if self.string.is_some() {
            return self.go_on(input);
        }
        loop {
            let Some(end) = memchr::memchr(b'\n', input) else {
                return if input.len() > LONGEST_LINE { Err(malformed()) } else { Ok(None) };
            };
            let (line, rest) = input.split_at(end + 1);
            let [kind, text @ .., b'\r', b'\n'] = line else { return Err(malformed()) };
            let value = match kind {
                b'$' => {
                    let Some(len) = length(text, LONGEST_STRING)? else {
                        input.advance(end + 1);
                        return Ok(Some(Value::Nil));
                    };
                    let Some(string) = rest.get(..len + 2) else {
                        input.advance(end + 1);
                        self.string = Some(Partial { bytes: Vec::with_capacity(len.min(TRUSTED)), len });
                        return self.go_on(input);
                    };
                    let Some(string) = string.strip_suffix(b"\r\n") else { return Err(malformed()) };
                    let value = Value::BulkString(string.to_vec());
                    input.advance(end + 1 + len + 2);
                    return Ok(Some(value));
                }
                b'*' => match length(text, usize::MAX)? {
                    None => Value::Nil,
                    Some(0) => Value::Array(Vec::new()),
                    Some(_) if self.open.len() == DEEPEST => return Err(malformed()),
                    Some(missing) => {
                        let values = Vec::with_capacity(missing.min(TRUSTED / size_of::<Value>()));
                        self.open.push(Open { missing, values });
                        input.advance(end + 1);
                        continue;
                    }
                },
                b':' => Value::Int(number(text)?),
                b'+' if text == b"OK" => Value::Okay,
                b'+' | b'-' => redis::parse_redis_value(line).map_err(|_| malformed())?,
                _ => return Err(malformed()),
            };
            input.advance(end + 1);
            return Ok(Some(value));
        }
    }

    fn go_on(&mut self, input: &mut BytesMut) -> io::Result<Option<Value>> {
        let Some(Partial { bytes, len }) = &mut self.string else { return Ok(None) };
        let count = input.len().min(*len - bytes.len());
        bytes.extend_from_slice(&input[..count]);
        input.advance(count);
        if bytes.len() < *len || input.len() < 2 {
            return Ok(None);
        }
        if !input.starts_with(b"\r\n") {
            return Err(malformed());
        }
        input.advance(2);
        Ok(self.string.take().map(|string| Value::BulkString(string.bytes)))
    }
}

/// A length, or `None` for nothing at all.
fn length(text: &[u8], most: usize) -> io::Result<Option<usize>> {
    match number(text)? {
        -1 => Ok(None),
        len => match usize::try_from(len) {
            Ok(len) if len <= most => Ok(Some(len)),
            _ => Err(malformed()),
        },
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
    io::Error::new(io::ErrorKind::InvalidData, "the answer is not of the redis protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All replies in `pieces`, which come one after the other.
    fn read(pieces: &[&[u8]]) -> io::Result<Vec<Value>> {
        let (mut replies, mut input, mut values) = (Replies::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            input.extend_from_slice(piece);
            while let Some(value) = replies.next(&mut input)? {
                values.push(value);
            }
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
            b"$999999999999999999999\r\n",
            b"$536870913\r\n",
            b":1 \r\n",
            b"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
            b"%1\r\n",
            b"+OK\n",
        ] {
            let error = read(&[garbage]).unwrap_err();
            let text = String::from_utf8_lossy(garbage);
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
            assert_eq!(error.to_string(), "the answer is not of the redis protocol");
        }
        assert_eq!(
            read(&[&[b'+'; LONGEST_LINE + 1]]).unwrap_err().kind(),
            io::ErrorKind::InvalidData,
            "a line without an end"
        );
    }

    #[test]
    fn a_length_alone_takes_no_memory() {
        let (mut replies, mut input) = (Replies::default(), BytesMut::new());
        input.extend_from_slice(b"*999999999999\r\n$536870912\r\nx");
        assert_eq!(replies.next(&mut input).unwrap(), None);
        assert!(replies.open[0].values.capacity() * size_of::<Value>() <= TRUSTED);
        assert!(replies.string().unwrap().0.capacity() <= TRUSTED);
    }
}
