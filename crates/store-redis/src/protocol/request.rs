//! Requests: the bytes of one or more commands.

use bytes::Bytes;
use smallvec::SmallVec;

use super::allowance::Allowance;
use super::expected::{Check, Expected};

/// Commands that go to the server together, and are answered by one reply each.
#[derive(Debug, Default)]
pub(crate) struct Request {
    packed: Vec<u8>,
    /// Values that were not copied, each behind so many bytes of `packed`.
    large: Vec<(usize, Bytes)>,
    expected: Expected,
    /// From so many bytes on, values are not copied yet; 0 for [`LARGE`].
    copy_below: usize,
    allowed: Allowed,
}

/// The bounds of the replies to a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowed {
    /// Values in lists.
    values: usize,
    /// Whether they are words about servers and not values of users.
    is_talk: bool,
}

impl Allowed {
    /// The same where no value may have more than `longest` bytes, nor those of one request more together.
    pub(crate) fn within(self, longest: usize) -> Allowance {
        const TALK: usize = 1 << 20;
        let longest = if self.is_talk { TALK } else { longest };
        Allowance { values: self.values, bytes: longest, longest }
    }
}

/// Pieces of a request, in order.
pub(crate) type Chunks = SmallVec<[Bytes; 1]>;

/// From so many bytes on, handing the system one piece more is cheaper than a copy.
const LARGE: usize = 8 * 1024;

/// From so many bytes on, a value is copied only when a request leaves, if it may have to wait for that: while it waits
/// it takes its bytes once, and the rest of what an operation takes is as much as such a value.
const WORTH_SHARING: usize = 128;

/// Returns how many bytes of a value are copied into a request.
pub(crate) fn copied(value: &Bytes) -> usize {
    if value.len() < LARGE { value.len() } else { 0 }
}

impl Request {
    /// A request of no commands, with room for arguments of so many bytes and number.
    pub(crate) fn with_capacity(args: usize, bytes: usize) -> Self {
        // An argument comes with its length and two line ends.
        Self { packed: Vec::with_capacity(bytes + args * 10 + 16), ..Self::default() }
    }

    /// A request that may have to wait before it leaves: it takes little memory until then.
    pub(crate) fn waiting(args: usize, strings: impl Iterator<Item = usize>) -> Self {
        let (mut bytes, mut shared) = (0, 0);
        for len in strings {
            if len < WORTH_SHARING { bytes += len } else { shared += 1 }
        }
        let large = Vec::with_capacity(shared);
        Self { copy_below: WORTH_SHARING, large, ..Self::with_capacity(args, bytes) }
    }

    /// Its replies bring so many values in lists, beside those that were counted before.
    pub(crate) fn awaits(&mut self, values: usize) -> &mut Self {
        self.allowed.values = self.allowed.values.saturating_add(values);
        self
    }

    /// Its replies bring lists of any length.
    pub(crate) fn awaits_lists(&mut self) -> &mut Self {
        // A list of more would be an attempt to fill the memory.
        const ANY: usize = 1 << 26;
        self.allowed.values = self.allowed.values.max(ANY);
        self
    }

    /// Its replies are words about servers, with no more than a server has to say.
    pub(crate) fn talk(mut self) -> Self {
        const WORDS: usize = 1 << 18;
        self.allowed = Allowed { values: WORDS, is_talk: true };
        self
    }

    pub(crate) fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Begins a command of so many words, its name among them, which are to follow.
    pub(crate) fn command(&mut self, words: usize, name: &str) -> &mut Self {
        self.expected.add(name, words);
        self.line(b'*', words);
        self.arg(name.as_bytes())
    }

    /// A command of one word.
    pub(crate) fn bare(name: &str) -> Self {
        let mut request = Self::with_capacity(1, name.len());
        request.command(1, name);
        request.talk()
    }

    pub(crate) fn arg(&mut self, bytes: &[u8]) -> &mut Self {
        self.line(b'$', bytes.len());
        self.packed.extend_from_slice(bytes);
        self.packed.extend_from_slice(b"\r\n");
        self
    }

    /// Writes an argument that consists of `parts`.
    pub(crate) fn joined(&mut self, parts: &[&[u8]]) -> &mut Self {
        self.line(b'$', parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| self.packed.extend_from_slice(part));
        self.packed.extend_from_slice(b"\r\n");
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.arg(itoa::Buffer::new().format(number).as_bytes())
    }

    pub(crate) fn integer(&mut self, number: i64) -> &mut Self {
        self.arg(itoa::Buffer::new().format(number).as_bytes())
    }

    pub(crate) fn value(&mut self, value: &Bytes) -> &mut Self {
        let copy_below = if self.copy_below == 0 { LARGE } else { self.copy_below };
        if value.len() < copy_below {
            return self.arg(value);
        }
        self.line(b'$', value.len());
        self.large.push((self.packed.len(), value.clone()));
        self.packed.extend_from_slice(b"\r\n");
        self
    }

    fn line(&mut self, kind: u8, number: usize) {
        self.packed.push(kind);
        self.packed.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.packed.extend_from_slice(b"\r\n");
    }

    /// Returns the number of its replies.
    pub(crate) fn commands(&self) -> usize {
        self.expected.commands()
    }

    /// Returns the check of its replies.
    pub(crate) fn check(&mut self) -> Check {
        std::mem::take(&mut self.expected).check()
    }

    pub(crate) fn into_chunks(mut self) -> Chunks {
        if self.copy_below != 0 {
            self.copy_the_rest();
        }
        let mut packed = Bytes::from(self.packed);
        let mut chunks = Chunks::new();
        let mut cut = 0;
        for (offset, value) in self.large {
            chunks.push(packed.split_to(offset - cut));
            chunks.push(value);
            cut = offset;
        }
        chunks.push(packed);
        chunks
    }

    /// Copies what is not large to where it belongs.
    fn copy_the_rest(&mut self) {
        let shared: usize = self.large.iter().map(|(_, value)| copied(value)).sum();
        let mut packed = Vec::with_capacity(self.packed.len() + shared);
        let mut cut = 0;
        for (offset, value) in std::mem::take(&mut self.large) {
            packed.extend_from_slice(&self.packed[cut..offset]);
            cut = offset;
            if value.len() < LARGE {
                packed.extend_from_slice(&value);
            } else {
                self.large.push((packed.len(), value));
            }
        }
        packed.extend_from_slice(&self.packed[cut..]);
        self.packed = packed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_arrays_of_strings() {
        let mut request = Request::default();
        request.command(3, "SET").arg(b"a\r\n").value(&Bytes::new());
        request.command(2, "ECHO").number(12);
        request.command(2, "ECHO").joined(&[b"a", b"", b"bc"]);
        assert_eq!(request.commands(), 3);
        let written = request.into_chunks().concat();
        assert_eq!(
            String::from_utf8_lossy(&written),
            "*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n*2\r\n$4\r\nECHO\r\n$2\r\n12\r\n\
             *2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n"
        );
    }

    #[test]
    fn a_request_that_waits_takes_no_copy_of_its_values_and_leaves_as_any_other() {
        let sizes = [1, WORTH_SHARING - 1, WORTH_SHARING, 3000, LARGE - 1, LARGE, 2];
        let values: Vec<_> = sizes.iter().map(|size| Bytes::from(vec![b'x'; *size])).collect();
        let write = |mut request: Request| {
            request.command(values.len() + 1, "MSET");
            values.iter().for_each(|value| {
                request.value(value);
            });
            request
        };
        let waiting = write(Request::waiting(sizes.len() + 1, sizes.into_iter()));
        assert!(waiting.packed.capacity() < 1000);
        let (waiting, usual) = (waiting.into_chunks(), write(Request::default()).into_chunks());
        assert_eq!((waiting.len(), waiting.concat()), (usual.len(), usual.concat()));
    }

    #[test]
    fn large_values_are_sent_from_where_they_are() {
        let (first, second) = (Bytes::from(vec![b'x'; LARGE]), Bytes::from(vec![b'y'; LARGE + 1]));
        let mut request = Request::default();
        request.command(5, "MSET").arg(b"a").value(&first).arg(b"b").value(&second);
        let chunks = request.into_chunks();
        assert_eq!(chunks.len(), 5);
        assert_eq!((chunks[1].as_ptr(), chunks[3].as_ptr()), (first.as_ptr(), second.as_ptr()));

        let mut copied = Request::default();
        copied.command(5, "MSET").arg(b"a").arg(&first).arg(b"b").arg(&second);
        assert_eq!(chunks.concat(), copied.into_chunks().concat());
    }
}
