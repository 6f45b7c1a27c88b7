//! Answers in memory of their own.

use bytes::{Bytes, BytesMut};

use crate::answer::{Answer, Entry};

/// Returns the answer with all its bytes in one allocation: as it came, a few of them may keep all of what a server sent.
pub(super) fn compact(answer: &Answer) -> Answer {
    let mut room = Room(BytesMut::with_capacity(answer.bytes()));
    match answer {
        Answer::Value(value) => Answer::Value(value.as_ref().map(|value| room.copy(value))),
        Answer::List(list) => Answer::List(list.iter().map(|one| room.copy(one)).collect()),
        Answer::Fields(fields) => {
            let mut copy = |(field, value): &(Bytes, Bytes)| (room.copy(field), room.copy(value));
            Answer::Fields(fields.iter().map(&mut copy).collect())
        }
        Answer::Scored(entries) => {
            let mut copy = |entry: &Entry| Entry { value: room.copy(&entry.value), score: entry.score };
            Answer::Scored(entries.iter().map(&mut copy).collect())
        }
        other => other.clone(),
    }
}

struct Room(BytesMut);

impl Room {
    fn copy(&mut self, bytes: &[u8]) -> Bytes {
        self.0.extend_from_slice(bytes);
        self.0.split().freeze()
    }
}

/// Returns how much memory the answer takes, about.
pub(super) fn memory(answer: &Answer) -> usize {
    let parts = match answer {
        Answer::List(list) => list.len() * size_of::<Bytes>(),
        Answer::Fields(fields) => fields.len() * size_of::<(Bytes, Bytes)>(),
        Answer::Scored(entries) => entries.len() * size_of::<Entry>(),
        _ => 0,
    };
    answer.bytes() + parts
}
