//! How large things may be, and what may be empty.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use bytes::Bytes;
use redkv_core::error::{ErrorKind, Result};
use redkv_structures::{Action, Answer, Change, Command, Structures, Value, Write};

use super::subject::{Db, by_lex, by_score, bytes, many, score_of, some, values, zadd};

/// Fails where the caller would refuse a command, else makes it.
async fn limited(db: &Db<'_>, name: &str, action: Action) -> Result<Answer> {
    db.backend.limits().check(&Command::new(db.key(name), action.clone()))?;
    db.attempt(name, action).await
}

pub async fn an_empty_key_works_or_is_refused_by_name(db: &dyn Structures) {
    let command = |action| Command::new(Bytes::new(), action);
    let limits = db.limits();
    if !limits.may_be_empty {
        let refused = limits.check(&command(Action::Get)).map_err(|error| error.field().map(str::to_owned));
        assert_eq!(refused, Err(Some("key".to_owned())));
        return;
    }
    let answers = db.run(&[command(Action::Set("empty".into())), command(Action::Get)]).await;
    let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
    assert_eq!(answers, [Some(Answer::Done), Some(Answer::Value(Some(bytes("empty"))))]);
}

pub async fn an_empty_sorted_member_works_or_is_refused_by_name(db: &dyn Structures) {
    let db = Db::new(db);
    let field = || Action::ZhAdd { field: Bytes::new(), member: bytes("value"), score: score_of(2.0) };
    if !db.backend.limits().may_be_empty {
        for (action, name) in [(zadd("", 1.0), "member"), (field(), "field")] {
            let error = limited(&db, "z", action).await.map_err(|error| error.field().map(str::to_owned));
            assert_eq!(error, Err(Some(name.to_owned())));
        }
        return;
    }
    db.zadd("z", &[("", 1.0), ("a", 1.0)]).await;
    assert_eq!(db.score("z", "").await, Some(1.0));
    assert_eq!(db.list("z", Action::ZRange(by_score(1.0, 1.0))).await, ["", "a"]);
    assert_eq!(db.list("z", Action::ZRange(by_lex("[", "+"))).await, ["", "a"]);
    assert_eq!(db.list("z", Action::ZRange(by_lex("(", "+"))).await, ["a"]);
    db.done("z", field()).await;
    assert_eq!(db.list("z", Action::ZRange(values(by_score(0.0, 9.0)))).await, ["a", "value"]);
    db.done("z", Action::ZRem(many(&["", "a"]))).await;
    assert!(!db.has("z").await);
}

/// On DynamoDB it would have the place of the plain value.
pub async fn an_underscore_works_or_is_refused_by_name(db: &dyn Structures) {
    let db = Db::new(db);
    db.set("k", "value").await;
    let actions = [
        zadd("_", 1.0),
        Action::ZhAdd { field: bytes("_"), member: bytes("value"), score: score_of(1.0) },
        Action::ZIncrBy { member: bytes("_"), by: score_of(1.0) },
    ];
    for action in actions {
        match limited(&db, "z", action).await {
            Ok(_) => {
                assert_eq!(db.list("z", Action::ZRange(by_score(0.0, 9.0))).await, ["_"]);
                assert!(db.delete("z").await);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Argument, "{error:?}");
                assert!(matches!(error.field(), Some("member" | "members" | "field")), "{error:?}");
                assert!(!db.has("z").await);
            }
        }
    }
    let is_no_member = |answer: &Result<Answer>| match answer {
        Ok(answer) => matches!(answer, Answer::Done | Answer::Score(None)),
        Err(error) => matches!(error.kind(), ErrorKind::Argument | ErrorKind::Type),
    };
    for action in [Action::ZScore(bytes("_")), Action::ZRem(many(&["_"])), Action::ZhRem(many(&["_"]))] {
        let answer = limited(&db, "k", action).await;
        assert!(is_no_member(&answer), "{answer:?}");
        assert_eq!(db.get("k").await, some("value"), "the value of the key is no member of it");
    }
}

pub async fn members_and_fields_that_look_like_the_format_work(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &[("__", 1.0), ("^", 1.0), ("`", 1.0), ("rk2", 1.0)]).await;
    assert_eq!(db.list("z", Action::ZRange(by_lex("-", "+"))).await, ["^", "__", "`", "rk2"]);
    db.sadd("s", &["_", "~", "v"]).await;
    assert_eq!(db.members("s").await, ["_", "v", "~"]);
    db.hset("h", &[("_", "1"), ("~", "2"), ("v", "3"), ("rk", "4")]).await;
    assert_eq!(db.fields("h").await.len(), 4);
    db.set("__kvs_zh:k", "value").await;
    assert_eq!(db.get("__kvs_zh:k").await, some("value"));
}

pub async fn what_is_as_large_as_allowed_works_and_what_is_larger_is_refused_by_name(db: &dyn Structures) {
    let db = Db::new(db);
    let limits = db.backend.limits();
    let refused =
        |command: &Command| limits.check(command).err().and_then(|error| error.field().map(str::to_owned));
    // Nobody wants to see that half a gigabyte works.
    let largest = |most: usize| (most <= 1 << 20).then_some(most);
    if let Some(most) = largest(limits.key) {
        let key = |len: usize| {
            let mut key = db.key("").to_vec();
            key.resize(len, b'k');
            Command::new(key, Action::Set("value".into()))
        };
        assert!(db.backend.run(&[key(most)]).await.remove(0).is_ok());
        assert_eq!(refused(&key(most + 1)).as_deref(), Some("key"));
    }
    if let Some(most) = largest(limits.sorted_field) {
        db.done("z", zadd(&"m".repeat(most), 1.0)).await;
        let member = zadd(&"m".repeat(most + 1), 1.0);
        assert_eq!(refused(&Command::new("z", member)).as_deref(), Some("member"));
    }
    if let Some(most) = largest(limits.item) {
        // The key and the names of the item count too.
        db.set("k", "v".repeat(most - 1_000).as_str()).await;
        let value = Value::from("v".repeat(most + 1).as_str());
        assert_eq!(refused(&Command::new("k", Action::Set(value.clone()))).as_deref(), Some("value"));
        let write = Write::new("k", Change::Set(value));
        assert!(limits.check_write(&write).is_err());
    }
}
