//! Calls of a backend, in few words.

use bytes::Bytes;
use redkv::error::Result;
use redkv::structures::{
    Action, Answer, By, Command, LexBound, LexRange, Range, Score, ScoreRange, Shown, Structures,
};

pub(crate) async fn attempt(db: &dyn Structures, key: &'static str, action: Action) -> Result<Answer> {
    db.run(&[Command::new(key, action)]).await.remove(0)
}

pub(crate) async fn run(db: &dyn Structures, key: &'static str, action: Action) -> Answer {
    attempt(db, key, action).await.unwrap()
}

pub(crate) fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(crate) fn all(members: &[&str]) -> Vec<Bytes> {
    members.iter().map(|member| bytes(member)).collect()
}

pub(crate) fn score(number: f64) -> Score {
    Score::new(number).unwrap()
}

pub(crate) fn scores(min: f64, max: f64) -> ScoreRange {
    ScoreRange { min: score(min), max: score(max) }
}

pub(crate) fn lex(min: &str, max: &str) -> LexRange {
    let bound = |field, text: &str| LexBound::parse(field, text.as_bytes()).unwrap();
    LexRange { min: bound("min", min), max: bound("max", max) }
}

pub(crate) fn zadd(member: &str, number: f64) -> Action {
    Action::ZAdd { member: bytes(member), score: score(number) }
}

/// Members of a range, all of them.
pub(crate) fn range(by: By) -> Range {
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
