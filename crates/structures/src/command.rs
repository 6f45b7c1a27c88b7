//! Operations on one key.

use bytes::Bytes;
use redkv_core::operation::StructureOperation;

use crate::lex::LexRange;
use crate::score::{Score, ScoreRange};
use crate::value::Value;

/// One operation on one key.
#[derive(Clone, Debug)]
pub struct Command {
    /// The key: any bytes.
    pub key: Bytes,
    /// What is done with it.
    pub action: Action,
    /// Whether a read may return what was there a moment ago. Only DynamoDB tells the difference.
    pub may_be_old: bool,
}

/// What is done with a key.
///
/// A key has one kind: a value (or counter), a set, a hash, or sorted members. An operation on a key of another kind
/// fails with [`ErrorKind::Type`](redkv_core::error::ErrorKind::Type) and changes nothing; [`Action::Set`] replaces any. A set,
/// hash or sorted set without members is no key.
#[derive(Clone, Debug)]
pub enum Action {
    /// Reads a value: [`Answer::Value`](crate::Answer::Value).
    Get,
    /// Looks whether the key is there, of whatever kind: `Is`.
    Has,
    /// Writes a value in place of whatever is there: `Done`.
    Set(Value),
    /// Writes a value where no key is, of any kind: `Is`, whether it was written.
    SetNx(Value),
    /// Writes a value in place of whatever is there, if there is something: `Is`, whether it was written.
    SetXx(Value),
    /// Writes a value in place of an equal one: `Is`, whether it was written. Text and numbers are equal when they read the
    /// same. A missing key is not equal to anything.
    SetEq {
        /// What is written.
        value: Value,
        /// What must be there.
        expected: Value,
    },
    /// Adds to a counter, which begins at 0: `Integer`, the new number. A text that [is a number](crate::number_of) counts as
    /// one; another text, and a result beyond 64 bits, fail with
    /// [`ErrorKind::Value`](redkv_core::error::ErrorKind::Value) and change nothing.
    IncrBy(i64),
    /// Deletes the key: `Is`, whether there was one.
    Delete(Deletion),
    /// Adds members to a set: `Done`. Members may repeat; there is at least one.
    SAdd(Vec<Bytes>),
    /// Removes members of a set: `Done`. Members may repeat; there is at least one.
    SRem(Vec<Bytes>),
    /// Reads the members of a set, in no order: `List`, empty without a key.
    SMembers,
    /// Looks for a member of a set: `Is`.
    SIsMember(Bytes),
    /// Counts the members of a set: `Count`.
    SCard,
    /// Writes fields of a hash: `Done`. No field repeats; there is at least one.
    HSet(Vec<(Bytes, Value)>),
    /// Reads a field of a hash: `Value`.
    HGet(Bytes),
    /// Reads all fields of a hash: `Fields`, empty without a key.
    HGetAll,
    /// Deletes fields of a hash: `Done`. Fields may repeat; there is at least one.
    HDel(Vec<Bytes>),
    /// Puts a member into a sorted set, or moves it: `Done`. In a sorted hash it is a field whose value is its name.
    ZAdd {
        /// The member, which is also the field.
        member: Bytes,
        /// Its score.
        score: Score,
    },
    /// Puts a field into a sorted hash, or replaces its value and score: `Done`.
    ZhAdd {
        /// The field, by which it is found.
        field: Bytes,
        /// Its value.
        member: Bytes,
        /// Its score.
        score: Score,
    },
    /// Removes members of a sorted set: `Done`. In a sorted hash these are fields, and their values go with them.
    ZRem(Vec<Bytes>),
    /// Removes fields of a sorted hash: `Done`.
    ZhRem(Vec<Bytes>),
    /// Counts the members of a sorted set or fields of a sorted hash: `Count`.
    ZCard,
    /// Reads the score of a member, or field: `Score`.
    ZScore(Bytes),
    /// Adds to the score of a member, which begins at 0: `Score`, the new one. A sum that is NaN fails with
    /// [`ErrorKind::Value`](redkv_core::error::ErrorKind::Value) and changes nothing. The value of a field of a sorted hash stays.
    ZIncrBy {
        /// The member, or field.
        member: Bytes,
        /// What is added; may be infinite.
        by: Score,
    },
    /// Counts members by score: `Count`.
    ZCount(ScoreRange),
    /// Counts members by their bytes: `Count`. All members should have one score.
    ZLexCount(LexRange),
    /// Lists members: `List`, `Scored` with [`Range::with_scores`], or `Page` with [`Range::after`] or [`Range::is_page`].
    ZRange(Range),
}

/// What a deletion covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The key, whatever it holds.
    All,
    /// The key if it holds no sorted members; on backends where one request deletes any key, this is as `All`.
    Value,
}

/// Which members of a sorted set are listed, and how.
#[derive(Clone, Debug)]
pub struct Range {
    /// By score or by bytes.
    pub by: By,
    /// What is returned of each.
    pub shown: Shown,
    /// From the last to the first: exactly the other order, ties included.
    pub reverse: bool,
    /// How many at most; all of them when absent. Never 0.
    pub limit: Option<u64>,
    /// Whether their scores are returned too.
    pub with_scores: bool,
    /// Whether this is a page of an iteration, which returns where to continue.
    pub is_page: bool,
    /// The score and field of the last entry of the page before; it begins after that, whether or not it is still there.
    pub after: Option<(Score, Bytes)>,
}

/// What members are listed by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Score, then bytes.
    Score(ScoreRange),
    /// Bytes. All members should have one score: else the order is that of the backend.
    Lex(LexRange),
}

/// What is returned of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// Its field: what `z…` operations return.
    Field,
    /// Its value, which is the field where it was put without one: what `zh…` operations return.
    Value,
}

impl Action {
    /// Returns the operation that callers know it by.
    pub fn operation(&self) -> StructureOperation {
        use StructureOperation as Op;
        match self {
            Self::Get => Op::Get,
            Self::Has => Op::Has,
            Self::Set(_) => Op::Set,
            Self::SetNx(_) => Op::SetNx,
            Self::SetXx(_) => Op::SetXx,
            Self::SetEq { .. } => Op::SetEq,
            Self::IncrBy(_) => Op::IncrBy,
            Self::Delete(_) => Op::Delete,
            Self::SAdd(_) => Op::SAdd,
            Self::SRem(_) => Op::SRem,
            Self::SMembers => Op::SMembers,
            Self::SIsMember(_) => Op::SIsMember,
            Self::SCard => Op::SCard,
            Self::HSet(_) => Op::HSet,
            Self::HGet(_) => Op::HGet,
            Self::HGetAll => Op::HGetAll,
            Self::HDel(_) => Op::HDel,
            Self::ZAdd { .. } => Op::ZAdd,
            Self::ZhAdd { .. } => Op::ZhAdd,
            Self::ZRem(_) => Op::ZRem,
            Self::ZhRem(_) => Op::ZhRem,
            Self::ZCard => Op::ZCard,
            Self::ZScore(_) => Op::ZScore,
            Self::ZIncrBy { .. } => Op::ZIncrBy,
            Self::ZCount(_) => Op::ZCount,
            Self::ZLexCount(_) => Op::ZLexCount,
            Self::ZRange(range) => range.operation(),
        }
    }

    /// Returns how many bytes were given for it, besides the key.
    pub fn bytes(&self) -> usize {
        let all = |list: &[Bytes]| list.iter().map(Bytes::len).sum();
        match self {
            Self::Set(value) | Self::SetNx(value) | Self::SetXx(value) => value.len(),
            Self::SetEq { value, expected } => value.len() + expected.len(),
            Self::SAdd(list) | Self::SRem(list) | Self::HDel(list) | Self::ZRem(list) | Self::ZhRem(list) => {
                all(list)
            }
            Self::HSet(fields) => fields.iter().map(|(field, value)| field.len() + value.len()).sum(),
            Self::SIsMember(one) | Self::HGet(one) | Self::ZScore(one) => one.len(),
            Self::ZAdd { member, .. } | Self::ZIncrBy { member, .. } => member.len(),
            Self::ZhAdd { field, member, .. } => field.len() + member.len(),
            _ => 0,
        }
    }

    /// Returns whether it can change what is stored.
    pub fn is_write(&self) -> bool {
        self.operation().is_write()
    }
}

impl Range {
    fn operation(&self) -> StructureOperation {
        use StructureOperation as Op;
        match (self.is_page, &self.by, self.shown) {
            (true, _, Shown::Field) => Op::ZIterate,
            (true, _, Shown::Value) => Op::ZhIterate,
            (false, By::Score(_), Shown::Field) => Op::ZRangeByScore,
            (false, By::Score(_), Shown::Value) => Op::ZhRangeByScore,
            (false, By::Lex(_), Shown::Field) => Op::ZRangeByLex,
            (false, By::Lex(_), Shown::Value) => Op::ZhRangeByLex,
        }
    }
}

impl Command {
    /// Creates an operation whose reads are consistent.
    pub fn new(key: impl Into<Bytes>, action: Action) -> Self {
        Self { key: key.into(), action, may_be_old: false }
    }
}
