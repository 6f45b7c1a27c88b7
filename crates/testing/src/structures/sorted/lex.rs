//! What is listed and counted by bytes.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_structures::{Action, Structures};

use crate::structures::subject::{Db, by_lex, limited, members, reversed};

async fn fill(db: &Db<'_>, members: &[&str]) {
    for member in members.iter().rev() {
        db.zadd("z", &[(member, 0.0)]).await;
    }
}

async fn listed(db: &Db<'_>, min: &str, max: &str) -> Vec<String> {
    let forward = db.list("z", Action::ZRange(by_lex(min, max))).await;
    let mut backward = db.list("z", Action::ZRange(reversed(by_lex(min, max)))).await;
    backward.reverse();
    assert_eq!(forward, backward, "backward is exactly the other order, {min} to {max}");
    let count = db.count("z", Action::ZLexCount(members(min, max))).await;
    assert_eq!(count, forward.len() as u64, "{min} to {max}");
    forward
}

pub async fn members_are_listed_by_their_bytes(db: &dyn Structures) {
    let db = Db::new(db);
    fill(&db, &["a", "b", "c", "d"]).await;
    assert_eq!(listed(&db, "-", "+").await, ["a", "b", "c", "d"]);
    assert_eq!(listed(&db, "(a", "(c").await, ["b"]);
    assert_eq!(listed(&db, "[a", "[c").await, ["a", "b", "c"]);
    assert_eq!(listed(&db, "(a", "[c").await, ["b", "c"]);
    assert_eq!(listed(&db, "[a", "(c").await, ["a", "b"]);
    assert_eq!(listed(&db, "-", "(c").await, ["a", "b"]);
    assert_eq!(listed(&db, "(b", "+").await, ["c", "d"]);
    assert_eq!(listed(&db, "-", "[a").await, ["a"]);
    assert_eq!(listed(&db, "[b", "[b").await, ["b"]);
}

pub async fn a_range_of_bytes_the_wrong_way_round_is_empty(db: &dyn Structures) {
    let db = Db::new(db);
    fill(&db, &["a", "b", "c"]).await;
    for (min, max) in [
        ("[c", "[a"),
        ("(b", "[b"),
        ("(b", "(b"),
        ("[b", "(b"),
        ("+", "-"),
        ("+", "+"),
        ("-", "-"),
        ("+", "[z"),
        ("[a", "-"),
    ] {
        assert_eq!(listed(&db, min, max).await, [""; 0], "{min} to {max}");
    }
}

pub async fn each_pair_of_bounds_bounds_a_range(db: &dyn Structures) {
    let db = Db::new(db);
    let there = ["a", "aa", "ab", "c", "e", "e ", "g", "é"];
    fill(&db, &there).await;
    let texts = ["a", "aa", "aaa", "b", "c", "d", "e", "g", "h", "é", "z"];
    let bounds: Vec<String> = texts
        .iter()
        .flat_map(|text| [format!("[{text}"), format!("({text}")])
        .chain(["-".to_owned(), "+".to_owned()])
        .collect();
    for min in &bounds {
        for max in &bounds {
            let range = members(min, max);
            let mut expected: Vec<_> = there
                .iter()
                .filter(|member| range.contains(member.as_bytes()))
                .map(|member| (*member).to_owned())
                .collect();
            let found = db.list("z", Action::ZRange(by_lex(min, max))).await;
            assert_eq!(found, expected, "{min} to {max}");
            let count = db.count("z", Action::ZLexCount(range)).await;
            assert_eq!(count, expected.len() as u64, "{min} to {max}");
            let found = db.list("z", Action::ZRange(limited(reversed(by_lex(min, max)), 2))).await;
            expected.reverse();
            expected.truncate(2);
            assert_eq!(found, expected, "{min} to {max} backward");
        }
    }
}

pub async fn a_bound_may_be_empty(db: &dyn Structures) {
    let db = Db::new(db);
    fill(&db, &["a", "b"]).await;
    assert_eq!(listed(&db, "[", "+").await, ["a", "b"]);
    assert_eq!(listed(&db, "(", "[a").await, ["a"]);
    assert_eq!(listed(&db, "-", "[").await, [""; 0]);
    assert_eq!(listed(&db, "[", "[").await, [""; 0]);
}

pub async fn a_limit_takes_the_first_members(db: &dyn Structures) {
    let db = Db::new(db);
    fill(&db, &["a", "b", "c", "d"]).await;
    assert_eq!(db.list("z", Action::ZRange(limited(by_lex("(a", "+"), 2))).await, ["b", "c"]);
    assert_eq!(db.list("z", Action::ZRange(limited(reversed(by_lex("-", "(d")), 2))).await, ["c", "b"]);
    assert_eq!(db.list("z", Action::ZRange(limited(reversed(by_lex("-", "(c")), 1))).await, ["b"]);
    assert_eq!(db.list("z", Action::ZRange(limited(by_lex("[aa", "[az"), 1))).await, [""; 0]);
    assert_eq!(db.list("z", Action::ZRange(limited(by_lex("[x", "+"), 1))).await, [""; 0]);
}

/// As the public suite of the original has them.
pub async fn members_are_counted_by_their_bytes(db: &dyn Structures) {
    let db = Db::new(db);
    fill(&db, &["a", "c", "e", "g"]).await;
    for (min, max, expected) in [
        ("-", "+", 4),
        ("-", "[a", 1),
        ("-", "(a", 0),
        ("-", "[b", 1),
        ("-", "(c", 1),
        ("[a", "[c", 2),
        ("(a", "(c", 0),
        ("(a", "(d", 1),
        ("[b", "[f", 2),
        ("(b", "(f", 2),
        ("[e", "+", 2),
        ("(e", "+", 1),
        ("(g", "+", 0),
        ("[g", "+", 1),
        ("[h", "+", 0),
        ("+", "-", 0),
    ] {
        assert_eq!(db.count("z", Action::ZLexCount(members(min, max))).await, expected, "{min} to {max}");
    }
}

pub async fn what_else_is_under_a_key_is_no_member(db: &dyn Structures) {
    let db = Db::new(db);
    if db.keeps_sorted_apart() {
        return;
    }
    for action in [Action::Set("value".into()), Action::SAdd(vec!["m".into()])] {
        db.delete("z").await;
        db.done("z", action).await;
        assert_eq!(listed(&db, "-", "+").await, [""; 0]);
        fill(&db, &["A", "z"]).await;
        assert_eq!(listed(&db, "-", "+").await, ["A", "z"]);
        assert_eq!(listed(&db, "(A", "(z").await, [""; 0]);
        assert_eq!(db.list("z", Action::ZRange(limited(reversed(by_lex("-", "(z")), 1))).await, ["A"]);
        assert_eq!(db.count("z", Action::ZCard).await, 2);
    }
}
