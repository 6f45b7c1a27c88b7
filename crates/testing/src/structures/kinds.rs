//! A key has one kind of data.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_core::error::ErrorKind;
use redkv_structures::{Action, Deletion, Kinds, Structures, Value};

use super::subject::{Db, by_lex, by_score, bytes, many, members, score_of, scores, some, values, zadd};

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Set,
    Hash,
    SortedSet,
    SortedHash,
}

pub(super) const KINDS: [Kind; 6] =
    [Kind::Text, Kind::Number, Kind::Set, Kind::Hash, Kind::SortedSet, Kind::SortedHash];

impl Kind {
    pub(super) fn is_sorted(self) -> bool {
        matches!(self, Self::SortedSet | Self::SortedHash)
    }

    pub(super) fn is_value(self) -> bool {
        matches!(self, Self::Text | Self::Number)
    }

    /// Makes a key hold data of this kind.
    pub(super) async fn put(self, db: &Db<'_>, name: &str) {
        db.delete(name).await;
        match self {
            Self::Text => db.set(name, "text").await,
            Self::Number => db.set(name, 7).await,
            Self::Set => db.sadd(name, &["m"]).await,
            Self::Hash => db.hset(name, &[("f", "v")]).await,
            Self::SortedSet => db.zadd(name, &[("m", 1.0)]).await,
            Self::SortedHash => db.zhadd(name, "f", "m", 1.0).await,
        }
    }

    /// Ends the test unless a key still holds what was put there.
    pub(super) async fn is_unchanged(self, db: &Db<'_>, name: &str) {
        match self {
            Self::Text => assert_eq!(db.get(name).await, some("text")),
            Self::Number => assert_eq!(db.get(name).await, some("7")),
            Self::Set => assert_eq!(db.members(name).await, ["m"]),
            Self::Hash => assert_eq!(db.fields(name).await, [("f".to_owned(), "v".to_owned())]),
            Self::SortedSet => {
                assert_eq!(db.scored(name, by_score(0.0, 9.0)).await, [("m".to_owned(), 1.0)]);
            }
            Self::SortedHash => {
                assert_eq!(db.scored(name, values(by_score(0.0, 9.0))).await, [("m".to_owned(), 1.0)]);
                assert_eq!(db.scored(name, by_score(0.0, 9.0)).await, [("f".to_owned(), 1.0)]);
            }
        }
    }
}

fn of_values() -> Vec<Action> {
    vec![
        Action::Get,
        Action::SetEq { value: "x".into(), expected: "text".into() },
        Action::SetEq { value: "x".into(), expected: 7.into() },
        Action::IncrBy(1),
        Action::IncrBy(0),
    ]
}

fn of_sets() -> Vec<Action> {
    vec![
        Action::SAdd(many(&["x"])),
        Action::SRem(many(&["m"])),
        Action::SMembers,
        Action::SIsMember(bytes("m")),
        Action::SCard,
    ]
}

fn of_hashes() -> Vec<Action> {
    vec![
        Action::HSet(vec![(bytes("x"), Value::from(1))]),
        Action::HGet(bytes("f")),
        Action::HGetAll,
        Action::HDel(many(&["f"])),
    ]
}

fn of_sorted() -> Vec<Action> {
    vec![
        zadd("x", 1.0),
        Action::ZhAdd { field: bytes("x"), member: bytes("y"), score: score_of(1.0) },
        Action::ZRem(many(&["m", "f"])),
        Action::ZhRem(many(&["m", "f"])),
        Action::ZCard,
        Action::ZScore(bytes("m")),
        Action::ZIncrBy { member: bytes("m"), by: score_of(1.0) },
        Action::ZCount(scores(0.0, 1.0)),
        Action::ZLexCount(members("-", "+")),
        Action::ZRange(by_score(0.0, 1.0)),
        Action::ZRange(values(by_score(0.0, 1.0))),
        Action::ZRange(by_lex("-", "+")),
        Action::ZRange(values(by_lex("-", "+"))),
    ]
}

pub async fn an_operation_on_a_key_of_another_kind_is_refused_and_changes_nothing(db: &dyn Structures) {
    let db = Db::new(db);
    for kind in KINDS {
        kind.put(&db, "k").await;
        let mut others = Vec::new();
        if !kind.is_value() && (!kind.is_sorted() || db.keeps_sorted_apart()) {
            others.extend(of_values());
        }
        if kind != Kind::Set && (!kind.is_sorted() || db.keeps_sorted_apart()) {
            others.extend(of_sets());
        }
        if kind != Kind::Hash && (!kind.is_sorted() || db.keeps_sorted_apart()) {
            others.extend(of_hashes());
        }
        if !kind.is_sorted() && db.keeps_sorted_apart() {
            others.extend(of_sorted());
        }
        for action in others {
            let operation = action.operation().as_str();
            let answer = db.attempt("k", action).await;
            let error = answer.map_err(|error| error.kind());
            assert_eq!(error, Err(ErrorKind::Type), "{operation} of {kind:?}");
            kind.is_unchanged(&db, "k").await;
        }
    }
}

pub async fn has_and_delete_know_every_kind(db: &dyn Structures) {
    let db = Db::new(db);
    for kind in KINDS {
        kind.put(&db, "k").await;
        assert!(db.has("k").await, "{kind:?}");
        assert!(db.delete("k").await, "{kind:?}");
        assert!(!db.has("k").await, "{kind:?}");
        assert!(!db.delete("k").await, "{kind:?}");
    }
}

pub async fn a_deletion_of_values_takes_sorted_members_with_it_or_leaves_them(db: &dyn Structures) {
    let db = Db::new(db);
    for kind in KINDS {
        kind.put(&db, "k").await;
        let was_deleted = db.is("k", Action::Delete(Deletion::Value)).await;
        assert!(was_deleted || kind.is_sorted(), "{kind:?}");
        if was_deleted {
            assert!(!db.has("k").await, "{kind:?}");
        } else {
            kind.is_unchanged(&db, "k").await;
        }
    }
}

pub async fn set_replaces_every_kind(db: &dyn Structures) {
    let db = Db::new(db);
    for kind in KINDS.into_iter().filter(|kind| db.keeps_sorted_apart() || !kind.is_sorted()) {
        for set in [Action::Set("new".into()), Action::SetXx("new".into())] {
            kind.put(&db, "k").await;
            db.run("k", set).await;
            assert_eq!(db.get("k").await, some("new"), "{kind:?}");
            assert!(db.delete("k").await);
            db.zadd("k", &[("f", 1.0)]).await;
            let listed = db.list("k", Action::ZRange(values(by_score(0.0, 9.0)))).await;
            assert_eq!(listed, ["f"], "nothing is left of {kind:?}");
        }
    }
}

pub async fn set_nx_sees_every_kind(db: &dyn Structures) {
    let db = Db::new(db);
    for kind in KINDS.into_iter().filter(|kind| db.keeps_sorted_apart() || !kind.is_sorted()) {
        kind.put(&db, "k").await;
        assert!(!db.is("k", Action::SetNx("new".into())).await, "{kind:?}");
        kind.is_unchanged(&db, "k").await;
    }
}

pub async fn a_key_that_was_deleted_may_have_any_kind(db: &dyn Structures) {
    let db = Db::new(db);
    for before in KINDS {
        for after in KINDS {
            before.put(&db, "k").await;
            after.put(&db, "k").await;
            after.is_unchanged(&db, "k").await;
        }
    }
}

pub async fn sorted_members_may_be_beside_another_kind_where_they_are_not_kept_apart(db: &dyn Structures) {
    let db = Db::new(db);
    if db.backend.kinds() != Kinds::SortedBeside {
        return;
    }
    for kind in KINDS.into_iter().filter(|kind| !kind.is_sorted()) {
        kind.put(&db, "k").await;
        db.zadd("k", &[("member", 1.0)]).await;
        kind.is_unchanged(&db, "k").await;
        assert_eq!(db.score("k", "member").await, Some(1.0));
        db.set("k", "new").await;
        assert_eq!(db.score("k", "member").await, Some(1.0));
        assert!(db.delete("k").await);
        assert_eq!(db.score("k", "member").await, None);
        assert!(!db.has("k").await);
        db.zadd("k", &[("member", 1.0)]).await;
        assert!(db.is("k", Action::SetNx("new".into())).await, "the value is not there");
        db.delete("k").await;
    }
}
