//! Makes up the steps of a program.

use bytes::Bytes;
use fastrand::Rng;
use redkv_structures::{
    Action, By, Change, Command, Deletion, Kinds, LexBound, LexRange, Limits, Range, Score, ScoreRange,
    Shown, Structures, Value, Write,
};

use super::Step;

/// Makes up steps.
pub(super) struct Generator {
    rng: Rng,
    limits: Limits,
    keys: Vec<Key>,
}

/// A key and what it is used for.
#[derive(Clone)]
struct Key {
    name: Bytes,
    /// Whether it may hold values, sets and hashes.
    is_plain: bool,
    /// Whether it may hold sorted members.
    is_sorted: bool,
    /// Whether all scores are 0, so that members are in the order of their bytes.
    is_level: bool,
}

impl Generator {
    pub(super) fn new(rng: Rng, backend: &dyn Structures, name: impl Fn(String) -> Bytes) -> Self {
        let are_apart = backend.kinds() == Kinds::Apart;
        let key = |n: usize| Key {
            name: name(format!("k{n}")),
            is_plain: are_apart || n < 3,
            is_sorted: are_apart || n >= 3,
            is_level: n >= 4,
        };
        Self { rng, limits: backend.limits(), keys: (0..6).map(key).collect() }
    }

    pub(super) fn step(&mut self) -> Step {
        match self.rng.u8(..10) {
            0..6 => {
                let len = self.rng.usize(1..=6);
                Step::Batch((0..len).map(|_| self.command()).collect())
            }
            6..9 => {
                let len = self.rng.usize(1..=5);
                Step::Atomic((0..len).map(|_| self.write()).collect())
            }
            _ => self.iteration(),
        }
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())].clone()
    }

    fn key(&mut self) -> Key {
        let keys = self.keys.clone();
        self.pick(&keys)
    }

    fn value(&mut self) -> Value {
        let texts = ["", "a", "text", "1", "-5", "7", "01", "9223372036854775807"];
        let numbers = [0, 1, -5, 7, i64::MAX, i64::MIN];
        if self.rng.bool() { self.pick(&texts).into() } else { self.pick(&numbers).into() }
    }

    fn by(&mut self) -> i64 {
        self.pick(&[0, 1, -1, 5, -12, i64::MAX, i64::MIN])
    }

    fn field(&mut self) -> Bytes {
        let fields: [&[u8]; 6] = [b"a", b"b", b"aa", b"c\0", b"\xff", b""];
        Bytes::from_static(self.pick(&fields))
    }

    fn sorted_field(&mut self) -> Bytes {
        let field = self.field();
        if field.is_empty() && !self.limits.may_be_empty { Bytes::from_static(b"e") } else { field }
    }

    /// A few fields, or so many that a backend may write them in another way.
    fn fields(&mut self) -> Vec<Bytes> {
        let len = if self.rng.u8(..8) == 0 { 40 } else { self.rng.usize(1..=3) };
        (0..len).map(|_| self.field()).collect()
    }

    fn sorted_fields(&mut self) -> Vec<Bytes> {
        (0..self.rng.usize(1..=3)).map(|_| self.sorted_field()).collect()
    }

    /// Fields that are all different, with values.
    fn pairs(&mut self, most: usize) -> Vec<(Bytes, Value)> {
        let mut pairs: Vec<(Bytes, Value)> = Vec::new();
        for _ in 0..self.rng.usize(1..=most) {
            let field = self.field();
            if pairs.iter().all(|(other, _)| *other != field) {
                pairs.push((field, self.value()));
            }
        }
        pairs
    }

    fn score(&mut self, key: &Key) -> Score {
        let scores = [0.0, -0.0, 1.0, 1.0, 1.5, -2.0, f64::INFINITY, f64::NEG_INFINITY];
        let score = if key.is_level { 0.0 } else { self.pick(&scores) };
        Score::new(score).unwrap_or(Score::MIN)
    }

    fn bound(&mut self) -> LexBound {
        match self.rng.u8(..6) {
            0 => LexBound::Lowest,
            1 => LexBound::Highest,
            2 | 3 => LexBound::Included(self.sorted_field()),
            _ => LexBound::Excluded(self.sorted_field()),
        }
    }

    fn lex_range(&mut self) -> LexRange {
        if self.rng.u8(..3) == 0 {
            return LexRange::ALL;
        }
        LexRange { min: self.bound(), max: self.bound() }
    }

    fn score_range(&mut self, key: &Key) -> ScoreRange {
        if self.rng.u8(..3) == 0 {
            return ScoreRange::ALL;
        }
        ScoreRange { min: self.score(key), max: self.score(key) }
    }

    fn range(&mut self, key: &Key) -> Range {
        let by = if key.is_level && self.rng.bool() {
            By::Lex(self.lex_range())
        } else {
            By::Score(self.score_range(key))
        };
        Range {
            by,
            shown: if self.rng.bool() { Shown::Field } else { Shown::Value },
            reverse: self.rng.bool(),
            limit: self.rng.bool().then(|| self.rng.u64(1..4)),
            with_scores: self.rng.bool(),
            is_page: false,
            after: None,
        }
    }

    fn iteration(&mut self) -> Step {
        let sorted: Vec<_> = self.keys.iter().filter(|key| key.is_sorted).cloned().collect();
        let key = self.pick(&sorted);
        let range = Range { is_page: true, limit: Some(self.rng.u64(1..4)), ..self.range(&key) };
        Step::Iteration(key.name, range)
    }

    fn command(&mut self) -> Command {
        let key = self.key();
        let is_plain = key.is_plain && (!key.is_sorted || self.rng.bool());
        let action = match self.rng.u8(..12) {
            0 => Action::Has,
            1 => Action::Delete(Deletion::All),
            _ if is_plain => self.plain_action(),
            _ => self.sorted_action(&key),
        };
        Command::new(key.name, action)
    }

    fn plain_action(&mut self) -> Action {
        match self.rng.u8(..20) {
            0 | 1 => Action::Get,
            2 => Action::Set(self.value()),
            3 => Action::SetNx(self.value()),
            4 => Action::SetXx(self.value()),
            5 | 6 => Action::SetEq { value: self.value(), expected: self.value() },
            7 | 8 => Action::IncrBy(self.by()),
            9 => Action::Delete(Deletion::Value),
            10 | 11 => Action::SAdd(self.fields()),
            12 => Action::SRem(self.fields()),
            13 => Action::SMembers,
            14 => Action::SIsMember(self.field()),
            15 => Action::SCard,
            16 => Action::HSet(self.pairs(3)),
            17 => Action::HGet(self.field()),
            18 => Action::HGetAll,
            _ => Action::HDel(self.fields()),
        }
    }

    fn sorted_action(&mut self, key: &Key) -> Action {
        match self.rng.u8(..14) {
            0 | 1 => Action::ZAdd { member: self.sorted_field(), score: self.score(key) },
            2 | 3 => {
                Action::ZhAdd { field: self.sorted_field(), member: self.field(), score: self.score(key) }
            }
            4 => Action::ZRem(self.sorted_fields()),
            5 => Action::ZhRem(self.sorted_fields()),
            6 => Action::ZCard,
            7 => Action::ZScore(self.sorted_field()),
            8 => Action::ZIncrBy { member: self.sorted_field(), by: self.score(key) },
            9 => Action::ZCount(self.score_range(key)),
            10 if key.is_level => Action::ZLexCount(self.lex_range()),
            _ => Action::ZRange(self.range(key)),
        }
    }

    fn write(&mut self) -> Write {
        let key = self.key();
        let is_plain = key.is_plain && (!key.is_sorted || self.rng.bool());
        let change = if is_plain { self.plain_change() } else { self.sorted_change(&key) };
        Write::new(key.name, change)
    }

    fn plain_change(&mut self) -> Change {
        match self.rng.u8(..14) {
            0 => Change::Set(self.value()),
            1 => Change::SetNx(self.value()),
            2 => Change::SetXx(self.value()),
            3 => Change::SetEq { value: self.value(), expected: self.value() },
            4 => Change::Delete,
            5 => Change::DeleteXx,
            6 | 7 => Change::IncrBy(self.by()),
            8 => Change::SAdd(self.fields()),
            9 => Change::SRem(self.fields()),
            10 => Change::Hash { set: self.pairs(2), set_new: Vec::new(), delete: Vec::new() },
            11 => Change::Hash { set: Vec::new(), set_new: self.pairs(1), delete: Vec::new() },
            _ => Change::Hash { set: Vec::new(), set_new: Vec::new(), delete: vec![self.field()] },
        }
    }

    fn sorted_change(&mut self, key: &Key) -> Change {
        let member = if self.rng.bool() { Some(self.field()) } else { None };
        let (field, score) = (self.sorted_field(), self.score(key));
        match self.rng.u8(..4) {
            0 | 1 => Change::ZAdd { field, member, score },
            2 => Change::ZAddNx { field, member, score },
            _ => Change::ZRem { field, of_hash: self.rng.bool() },
        }
    }
}
