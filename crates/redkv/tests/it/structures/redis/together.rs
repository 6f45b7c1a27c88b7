//! Atomic writes that come together.

use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, Change, Structures, Value, Write};

use super::{Db, by_score, bytes, list, many, score, set, value, values, zadd, zhadd};
use crate::redis::support::server::Server;

fn sadd(key: &str, member: &str) -> Write {
    Write::new(bytes(key), Change::SAdd(many(&[member])))
}

fn put(key: &str, field: &str, member: Option<&str>) -> Write {
    let change = Change::ZAdd { field: bytes(field), member: member.map(bytes), score: score(1.0) };
    Write::new(bytes(key), change)
}

fn count(key: &str) -> Write {
    Write::new(bytes(key), Change::IncrBy(1))
}

fn is_refused(failed: &[&[bool]]) -> Result<AtomicAnswer, ErrorKind> {
    Ok(AtomicAnswer::Refused(failed.iter().map(|failed| failed.to_vec()).collect()))
}

const MADE: Result<AtomicAnswer, ErrorKind> = Ok(AtomicAnswer::Committed);

async fn write(db: &Db, all: &[Vec<Write>]) -> Vec<Result<AtomicAnswer, ErrorKind>> {
    let answers = db.backend.write_each_atomically(all, 3).await;
    answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect()
}

#[tokio::test]
async fn each_is_made_or_refused_by_itself() {
    let mut db = Db::common();
    db.run("text", set("x")).await;
    let new = |counter: &str, key: &str| {
        vec![count(counter), Write::new(bytes(key), Change::SetNx(Value::from("v")))]
    };
    let all = [new("n", "a"), new("n", "a"), new("text", "b"), new("n", "b"), vec![], new("n", "text")];
    let no = is_refused(&[&[], &[true]]);
    let expected = [MADE, no.clone(), Err(ErrorKind::Value), MADE, MADE, no];
    assert_eq!(write(&db, &all).await, expected);
    assert_eq!(write(&db, &all[..4]).await[..2], [is_refused(&[&[], &[true]]), is_refused(&[&[], &[true]])]);
    assert_eq!(db.there("n").unwrap(), b"2");
    assert_eq!((db.there("a").unwrap(), db.there("b").unwrap()), (b"v".to_vec(), b"v".to_vec()));
}

#[tokio::test]
async fn an_error_is_that_of_its_own_write() {
    let db = Db::common();
    db.run("text", set("x")).await;
    let all = [
        vec![sadd("a", "1"), sadd("b", "1")],
        vec![sadd("a", "2"), sadd("text", "2")],
        vec![sadd("text", "3"), sadd("b", "3")],
        vec![sadd("a", "4"), sadd("b", "4")],
    ];
    let answers = db.backend.write_each_atomically(&all, 3).await;
    let places: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().err().and_then(|error| error.place())).collect();
    assert_eq!(places, [None, Some(1), Some(0), None]);
    assert!(
        answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .all(|error| error.kind() == ErrorKind::Type)
    );
    assert_eq!(db.run("a", Action::SCard).await, Answer::Count(2));
    assert_eq!(db.run("b", Action::SCard).await, Answer::Count(2));
}

#[tokio::test]
async fn a_kind_that_one_of_them_changes_is_seen_by_the_next() {
    let db = Db::common();
    let both = |members: &str, text: &str| {
        vec![sadd(members, "m"), Write::new(bytes(text), Change::Set(Value::from("v")))]
    };
    let all = [
        both("s", "t"),
        both("s", "t"),
        both("other", "s"),
        both("s", "t"),
        both("t", "s"),
        both("other", "t"),
    ];
    let refused = Err(ErrorKind::Type);
    assert_eq!(write(&db, &all).await, [MADE, MADE, MADE, refused.clone(), refused, MADE]);
    assert_eq!(db.run("s", Action::Get).await, value("v"));
}

#[tokio::test]
async fn members_that_they_put_lose_their_values_and_fields_get_theirs() {
    let mut db = Db::common();
    db.run_all(vec![("z", zhadd("f", "F", 1.0)), ("z", zhadd("g", "G", 1.0)), ("y", zadd("f", 1.0))]).await;
    let members = ["y", "z", "y", "z"].map(|key| vec![put(key, "f", None), count("n")]);
    assert_eq!(write(&db, &members).await, [MADE; 4]);
    assert_eq!(db.run("z", values(by_score(0.0, 9.0))).await, list(&["f", "G"]));
    let field_and_member =
        |field: &str, member: &str| vec![put("x", field, Some("V")), put("x", member, None)];
    let all = [field_and_member("a", "b"), field_and_member("b", "a"), field_and_member("c", "b")];
    assert_eq!(write(&db, &all).await, [MADE; 3]);
    assert_eq!(db.run("x", values(by_score(0.0, 9.0))).await, list(&["a", "b", "V"]));
    assert_eq!(db.values("x"), [("c".to_owned(), "V".to_owned())]);
}

#[tokio::test]
async fn hundreds_count_one_after_the_other() {
    let db = Db::common();
    let all: Vec<_> = (0..300).map(|n| vec![count("n"), sadd("s", &n.to_string())]).collect();
    assert_eq!(write(&db, &all).await, vec![MADE; 300]);
    assert_eq!(db.run("n", Action::IncrBy(0)).await, Answer::Integer(300));
    assert_eq!(db.run("s", Action::SCard).await, Answer::Count(300));
}

#[tokio::test]
async fn they_keep_their_order_where_the_server_forgot_their_scripts() {
    let server = Server::with(&[]);
    let db = Db::at(&format!("redis://127.0.0.1:{}", server.port()));
    let text = |text: &str| Write::new(bytes("k"), Change::Set(Value::from(text)));
    let program =
        |last: &str| [vec![text("1")], vec![text("2")], vec![count("n"), text("3")], vec![text(last)]];
    assert_eq!(write(&db, &program("4")).await, [MADE; 4]);
    assert_eq!(db.run("k", Action::Get).await, value("4"));
    server.ask::<()>(&["SCRIPT", "FLUSH"]);
    assert_eq!(write(&db, &program("5")).await, [MADE; 4]);
    assert_eq!(db.run("k", Action::Get).await, value("5"));
    assert_eq!(db.run("n", Action::Get).await, value("2"));
}

#[tokio::test]
async fn a_key_that_the_user_may_not_use_refuses_its_own() {
    let server = Server::with(&[]);
    server.ask::<()>(&["ACL", "SETUSER", "some", "on", ">pw", "+@all", "~own:a*"]);
    let db = Db::with(&format!("redis://some:pw@127.0.0.1:{}", server.port()), "own:");
    let all = ["a", "b", "a", "ab"].map(|key| vec![count(key), count("an")]);
    assert_eq!(write(&db, &all).await, [MADE, Err(ErrorKind::Store), MADE, MADE]);
    assert_eq!(db.run("an", Action::Get).await, value("3"));
}

#[tokio::test]
async fn what_the_server_cannot_read_refuses_its_own() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let db = Db::at(&format!("redis://127.0.0.1:{}", server.port()));
    let large = "x".repeat(2 << 20);
    let all = ["1", "2", &large, "4"].map(|member| vec![count("n"), sadd("s", member)]);
    let answers = db.backend.write_each_atomically(&all, 3).await;
    assert!(
        answers[2].as_ref().is_err_and(|error| error.kind() == ErrorKind::Store && !error.may_have_applied())
    );
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(db.run("n", Action::Get).await, value("3"));
    assert_eq!(db.run("s", Action::SCard).await, Answer::Count(3));
}

/// Some atomic write of few keys, with two or three operations.
fn some(rng: &mut fastrand::Rng) -> Vec<Write> {
    let mut keys = vec!["a", "b", "c", "d"];
    rng.shuffle(&mut keys);
    let field = bytes(["f", "g"][rng.usize(..2)]);
    let hash = |set: &[&str], set_new: &[&str]| {
        let pairs = |fields: &[&str]| fields.iter().map(|field| (bytes(field), Value::from(1))).collect();
        Change::Hash { set: pairs(set), set_new: pairs(set_new), delete: Vec::new() }
    };
    let member = Some(bytes(["v", "w"][rng.usize(..2)]));
    let of_shape = |shape: usize| match shape {
        0 => vec![Change::SAdd(vec![field.clone()]), Change::Delete],
        1 => vec![Change::ZAdd { field: field.clone(), member: None, score: score(1.0) }, hash(&["f"], &[])],
        2 => vec![
            Change::ZAdd { field: field.clone(), member, score: score(2.0) },
            Change::SRem(vec![field.clone()]),
        ],
        3 => vec![
            Change::IncrBy(1),
            Change::ZRem { field: field.clone(), of_hash: true },
            Change::Set(1.into()),
        ],
        4 => vec![hash(&["g"], &["f"]), Change::ZAddNx { field, member: None, score: score(3.0) }],
        5 => vec![Change::SetXx("x".into()), Change::SAdd(vec![field]), hash(&["f"], &[])],
        _ => vec![Change::Delete, Change::ZRem { field, of_hash: false }, Change::SRem(many(&["f", "g"]))],
    };
    let changes = of_shape(rng.usize(..7));
    keys.into_iter().map(bytes).zip(changes).map(|(key, change)| Write::new(key, change)).collect()
}

#[tokio::test]
async fn random_ones_do_what_they_do_one_by_one() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let (mut together, mut apart) = (Db::common(), Db::common());
    for _ in 0..1500 {
        // Several of one shape, and of others.
        let mut all: Vec<_> = (0..rng.usize(1..4)).map(|_| some(&mut rng)).collect();
        for _ in 0..rng.usize(..8) {
            let mut next = some(&mut rng);
            while rng.u8(..4) > 0 && next.len() == all[all.len() - 1].len() {
                next.iter_mut()
                    .zip(&all[all.len() - 1])
                    .for_each(|(next, last)| next.change = last.change.clone());
                all.push(next.clone());
                rng.shuffle(&mut next);
            }
            all.push(next);
        }
        let found = write(&together, &all).await;
        for (writes, found) in all.iter().zip(found) {
            let expected = apart.backend.write_atomically(writes, 3).await.map_err(|error| error.kind());
            assert_eq!(found, expected, "seed {seed}: {writes:?} of {all:?}");
        }
        for key in ["a", "b", "c", "d"] {
            let dump = |db: &mut Db| db.ask::<Option<Vec<u8>>>("DUMP", key, &[]);
            assert_eq!(dump(&mut together), dump(&mut apart), "seed {seed}: {key} after {all:?}");
            assert_eq!(together.values(key), apart.values(key), "seed {seed}: {key} after {all:?}");
        }
    }
}
