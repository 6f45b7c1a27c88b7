//! A backend under test, with the words in which the cases speak of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]

use bytes::Bytes;
use redkv_core::error::{ErrorKind, Result};
use redkv_core::store::Answers;
use redkv_structures::atomic::merged;
use redkv_structures::{
    Action, Answer, Batching, By, Change, Command, Deletion, Entry, Kinds, LexBound, LexRange, Range, Score,
    ScoreRange, Shown, Structures, Value, Write,
};

/// A backend under test. Its keys begin with what no other case uses.
pub(super) struct Db<'a> {
    pub(super) backend: &'a dyn Structures,
    run: String,
}

impl<'a> Db<'a> {
    pub(super) fn new(backend: &'a dyn Structures) -> Self {
        Self { backend, run: format!("suite-{:016x}:", fastrand::u64(..)) }
    }

    pub(super) fn key(&self, name: impl AsRef<[u8]>) -> Bytes {
        [self.run.as_bytes(), name.as_ref()].concat().into()
    }

    /// Whether sorted members and the other kinds exclude each other under one key.
    pub(super) fn keeps_sorted_apart(&self) -> bool {
        self.backend.kinds() != Kinds::SortedBeside
    }

    fn command(&self, name: impl AsRef<[u8]>, action: Action) -> Command {
        Command::new(self.key(name), action)
    }

    pub(super) async fn attempt(&self, name: impl AsRef<[u8]>, action: Action) -> Result<Answer> {
        let mut answers = self.backend.run(&[self.command(name, action)]).await;
        assert_eq!(answers.len(), 1, "one answer for each command");
        answers.remove(0)
    }

    /// Makes operations as a caller does, which cuts what came together as the backend asks.
    pub(super) async fn attempt_all(&self, all: Vec<(&str, Action)>) -> Answers<Answer> {
        let commands: Vec<_> = all.into_iter().map(|(name, action)| self.command(name, action)).collect();
        run_all(self.backend, &commands).await
    }

    pub(super) async fn run(&self, name: impl AsRef<[u8]>, action: Action) -> Answer {
        let operation = action.operation();
        self.attempt(name, action).await.unwrap_or_else(|error| panic!("{}: {error:?}", operation.as_str()))
    }

    pub(super) async fn failure(&self, name: impl AsRef<[u8]>, action: Action) -> ErrorKind {
        let operation = action.operation();
        match self.attempt(name, action).await {
            Ok(answer) => panic!("{} was to fail: {answer:?}", operation.as_str()),
            Err(error) => error.kind(),
        }
    }

    pub(super) async fn done(&self, name: impl AsRef<[u8]>, action: Action) {
        assert_eq!(self.run(name, action).await, Answer::Done);
    }

    pub(super) async fn is(&self, name: impl AsRef<[u8]>, action: Action) -> bool {
        let Answer::Is(answer) = self.run(name, action).await else { panic!("not yes or no") };
        answer
    }

    pub(super) async fn count(&self, name: impl AsRef<[u8]>, action: Action) -> u64 {
        let Answer::Count(answer) = self.run(name, action).await else { panic!("not a count") };
        answer
    }

    /// Members in the order of their bytes.
    pub(super) async fn members(&self, name: &str) -> Vec<String> {
        let mut members = self.list(name, Action::SMembers).await;
        members.sort();
        members
    }

    pub(super) async fn list(&self, name: impl AsRef<[u8]>, action: Action) -> Vec<String> {
        let Answer::List(answer) = self.run(name, action).await else { panic!("not a list") };
        answer.iter().map(|member| text(member)).collect()
    }

    pub(super) async fn scored(&self, name: impl AsRef<[u8]>, range: Range) -> Vec<(String, f64)> {
        let action = Action::ZRange(Range { with_scores: true, ..range });
        let Answer::Scored(answer) = self.run(name, action).await else { panic!("not with scores") };
        answer.iter().map(|Entry { value, score }| (text(value), score.get())).collect()
    }

    /// Fields with their values in the order of their bytes.
    pub(super) async fn fields(&self, name: &str) -> Vec<(String, String)> {
        let Answer::Fields(answer) = self.run(name, Action::HGetAll).await else { panic!("no fields") };
        let mut fields: Vec<_> = answer.iter().map(|(field, value)| (text(field), text(value))).collect();
        fields.sort();
        fields
    }

    pub(super) async fn get(&self, name: impl AsRef<[u8]>) -> Option<String> {
        self.value(name, Action::Get).await
    }

    pub(super) async fn hget(&self, name: &str, field: &str) -> Option<String> {
        self.value(name, Action::HGet(bytes(field))).await
    }

    pub(super) async fn value(&self, name: impl AsRef<[u8]>, action: Action) -> Option<String> {
        let Answer::Value(answer) = self.run(name, action).await else { panic!("not a value") };
        answer.map(|value| text(&value))
    }

    pub(super) async fn score(&self, name: &str, field: &str) -> Option<f64> {
        let Answer::Score(answer) = self.run(name, Action::ZScore(bytes(field))).await else {
            panic!("not a score")
        };
        answer.map(Score::get)
    }

    pub(super) async fn incr(&self, name: &str, by: i64) -> i64 {
        let Answer::Integer(answer) = self.run(name, Action::IncrBy(by)).await else {
            panic!("not an integer")
        };
        answer
    }

    pub(super) async fn has(&self, name: &str) -> bool {
        self.is(name, Action::Has).await
    }

    pub(super) async fn set(&self, name: impl AsRef<[u8]>, value: impl Into<Value>) {
        self.done(name, Action::Set(value.into())).await;
    }

    pub(super) async fn delete(&self, name: &str) -> bool {
        self.is(name, Action::Delete(Deletion::All)).await
    }

    pub(super) async fn sadd(&self, name: &str, members: &[&str]) {
        self.done(name, Action::SAdd(many(members))).await;
    }

    pub(super) async fn hset(&self, name: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(field, value)| (bytes(field), Value::from(*value))).collect();
        self.done(name, Action::HSet(fields)).await;
    }

    pub(super) async fn zadd(&self, name: &str, members: &[(&str, f64)]) {
        for (member, score) in members {
            self.done(name, zadd(member, *score)).await;
        }
    }

    pub(super) async fn zhadd(&self, name: &str, field: &str, member: &str, score: f64) {
        let (field, member) = (bytes(field), bytes(member));
        self.done(name, Action::ZhAdd { field, member, score: score_of(score) }).await;
    }

    /// Makes an atomic write, and returns whether it was made, and whether the condition of each failed.
    pub(super) async fn write(&self, changes: Vec<(&str, Change)>) -> (bool, Vec<bool>) {
        self.attempt_write(changes).await.unwrap()
    }

    pub(super) async fn attempt_write(&self, changes: Vec<(&str, Change)>) -> Result<(bool, Vec<bool>)> {
        let changes = changes.into_iter().map(|(name, change)| Write::new(self.key(name), change));
        let merged = merged(changes.collect())?;
        let answer = self.backend.write_atomically(&merged.writes, 3).await;
        let answer = answer.map_err(|error| merged.named(error))?;
        let failures = merged.failures(&answer);
        Ok((answer == redkv_structures::AtomicAnswer::Committed, failures))
    }
}

/// Makes `commands` as a caller does, which cuts what came together as the backend asks.
pub(super) async fn run_all(backend: &dyn Structures, commands: &[Command]) -> Answers<Answer> {
    let mut answers = Vec::with_capacity(commands.len());
    match backend.batching() {
        Batching::Together(most) => {
            for piece in commands.chunks(most) {
                answers.extend(backend.run(piece).await);
            }
        }
        Batching::Apart(most) => {
            let are_together = |one: &Command, other: &Command| is_plain_read(one) && is_plain_read(other);
            for piece in commands.chunk_by(are_together).flat_map(|piece| piece.chunks(most)) {
                answers.extend(backend.run(piece).await);
            }
        }
    }
    assert_eq!(answers.len(), commands.len(), "one answer for each command");
    answers
}

fn is_plain_read(command: &Command) -> bool {
    matches!(
        command.action,
        Action::Get
            | Action::SMembers
            | Action::SIsMember(_)
            | Action::SCard
            | Action::HGet(_)
            | Action::HGetAll
            | Action::ZScore(_)
    )
}

pub(super) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(super) fn many(texts: &[&str]) -> Vec<Bytes> {
    texts.iter().map(|text| bytes(text)).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| format!("{bytes:02x?}"))
}

pub(super) fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(super) fn score_of(number: f64) -> Score {
    Score::new(number).unwrap()
}

pub(super) fn zadd(member: &str, score: f64) -> Action {
    Action::ZAdd { member: bytes(member), score: score_of(score) }
}

pub(super) fn scores(min: f64, max: f64) -> ScoreRange {
    ScoreRange { min: score_of(min), max: score_of(max) }
}

pub(super) fn members(min: &str, max: &str) -> LexRange {
    let bound = |text: &str| LexBound::parse("bound", text.as_bytes()).unwrap();
    LexRange { min: bound(min), max: bound(max) }
}

/// All fields of `by`, forward.
pub(super) fn range(by: By) -> Range {
    Range {
        by,
        shown: Shown::Field,
        reverse: false,
        limit: None,
        with_scores: false,
        is_page: false,
        after: None,
    }
}

pub(super) fn by_score(min: f64, max: f64) -> Range {
    range(By::Score(scores(min, max)))
}

pub(super) fn by_lex(min: &str, max: &str) -> Range {
    range(By::Lex(members(min, max)))
}

pub(super) fn reversed(range: Range) -> Range {
    Range { reverse: true, ..range }
}

pub(super) fn values(range: Range) -> Range {
    Range { shown: Shown::Value, ..range }
}

pub(super) fn limited(range: Range, limit: u64) -> Range {
    Range { limit: Some(limit), ..range }
}
