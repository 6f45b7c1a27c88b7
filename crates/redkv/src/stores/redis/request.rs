//! Commands as they go to the server.

use bytes::Bytes;
use smallvec::SmallVec;

/// Commands that go to the server together, and are answered by one reply each.
#[derive(Debug, Default)]
pub(super) struct Request {
    packed: Vec<u8>,
    /// Values that were not copied, each behind so many bytes of `packed`.
    large: Vec<(usize, Bytes)>,
    commands: usize,
}

/// Pieces of a request, in order.
pub(super) type Chunks = SmallVec<[Bytes; 1]>;

/// From so many bytes on, handing the system one piece more is cheaper than a copy.
const LARGE: usize = 8 * 1024;

/// How much of a value is copied into a request.
pub(super) fn copied(value: &Bytes) -> usize {
    if value.len() < LARGE { value.len() } else { 0 }
}

impl Request {
    /// A request of no commands, with room for arguments of so many bytes and number.
    pub(super) fn with_capacity(args: usize, bytes: usize) -> Self {
        // An argument comes with its length and two line ends.
        Self { packed: Vec::with_capacity(bytes + args * 10 + 16), ..Self::default() }
    }

    /// Begins a command of so many words, its name among them, which are to follow.
    pub(super) fn command(&mut self, words: usize, name: &str) -> &mut Self {
        self.commands += 1;
        self.line(b'*', words);
        self.arg(name.as_bytes())
    }

    /// A command of one word.
    pub(super) fn bare(name: &str) -> Self {
        let mut request = Self::with_capacity(1, name.len());
        request.command(1, name);
        request
    }

    pub(super) fn arg(&mut self, bytes: &[u8]) -> &mut Self {
        self.line(b'$', bytes.len());
        self.packed.extend_from_slice(bytes);
        self.packed.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.arg(itoa::Buffer::new().format(number).as_bytes())
    }

    pub(super) fn value(&mut self, value: &Bytes) -> &mut Self {
        if value.len() < LARGE {
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

    /// How many replies it will have.
    pub(super) fn commands(&self) -> usize {
        self.commands
    }

    pub(super) fn into_chunks(self) -> Chunks {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_arrays_of_strings() {
        let mut request = Request::default();
        request.command(3, "SET").arg(b"a\r\n").value(&Bytes::new());
        request.command(2, "ECHO").number(12);
        assert_eq!(request.commands(), 2);
        let written = request.into_chunks().concat();
        assert_eq!(
            String::from_utf8_lossy(&written),
            "*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n*2\r\n$4\r\nECHO\r\n$2\r\n12\r\n"
        );
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
