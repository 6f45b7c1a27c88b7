//! Many members: ranges, and pages of them.

use redis::Commands;
use redkv::structures::{Action, Answer, Page, Range, Shown, Structures};

use super::{Db, by_lex, by_score, bytes, entry, list, score, values};

const MANY: usize = 100_000;

/// Members of one score, and their values where `has_values`.
fn fill(db: &mut Db, key: &str, has_values: bool) {
    let (name, companion) = (db.key(key), db.companion(key));
    for from in (0..MANY).step_by(5_000) {
        let members: Vec<_> = (from..from + 5_000).map(|n| (1.0, format!("m{n:06}"))).collect();
        db.other.zadd_multiple::<_, _, _, ()>(&name, &members).unwrap();
        if has_values {
            let values: Vec<_> = members.iter().map(|(_, member)| (member, format!("v-{member}"))).collect();
            db.other.hset_multiple::<_, _, _, ()>(&companion, &values).unwrap();
        }
    }
}

fn all() -> Range {
    by_score(f64::NEG_INFINITY, f64::INFINITY)
}

async fn page(db: &Db, range: Range) -> Page {
    let Answer::Page(page) = db.run("z", Action::ZRange(range)).await else { panic!("no page") };
    page
}

fn names(page: &Page) -> Vec<&str> {
    page.entries.iter().map(|entry| std::str::from_utf8(&entry.value).unwrap()).collect()
}

#[tokio::test]
async fn a_range_of_many_values_comes_whole() {
    let mut db = Db::common();
    fill(&mut db, "z", true);
    for reverse in [false, true] {
        let Answer::Scored(entries) =
            db.run("z", values(Range { with_scores: true, reverse, ..all() })).await
        else {
            panic!("no entries")
        };
        assert_eq!(entries.len(), MANY);
        let (first, last) = (entry("v-m000000", 1.0), entry("v-m099999", 1.0));
        let expected = if reverse { (last, first) } else { (first, last) };
        assert_eq!((&entries[0], &entries[MANY - 1]), (&expected.0, &expected.1));
    }
    let Answer::List(found) = db.run("z", values(by_lex("-", "+"))).await else { panic!("no list") };
    assert_eq!(found.len(), MANY);
    let Answer::List(found) = db.run("z", Action::ZRange(all())).await else { panic!("no list") };
    assert_eq!(found.len(), MANY);
    let everything: Vec<_> = (0..MANY).map(|n| bytes(&format!("m{n:06}"))).collect();
    db.run("z", Action::ZRem(everything)).await;
    assert!(db.sorted("z").is_empty() && db.values("z").is_empty());
}

#[tokio::test]
async fn pages_go_through_all_members_of_one_score() {
    let mut db = Db::common();
    fill(&mut db, "z", true);
    for (reverse, by) in [(false, all()), (true, all()), (false, by_lex("-", "+")), (true, by_lex("-", "+"))]
    {
        let mut range =
            Range { shown: Shown::Value, is_page: true, limit: Some(7_000), reverse, ..by.clone() };
        let mut seen = Vec::new();
        loop {
            let Page { entries, next } = page(&db, range.clone()).await;
            seen.extend(entries.into_iter().map(|entry| entry.value));
            let Some(next) = next else { break };
            range.after = Some(next);
        }
        assert_eq!(seen.len(), MANY);
        assert!(seen.is_sorted_by(|one, two| if reverse { one > two } else { one < two }));
    }
}

#[tokio::test]
async fn a_page_begins_after_an_entry_that_is_gone() {
    let mut db = Db::common();
    fill(&mut db, "z", false);
    for (after, forward, backward) in [
        ("m050000", ["m050001", "m050002"], ["m049999", "m049998"]),
        ("m050000x", ["m050001", "m050002"], ["m050000", "m049999"]),
        ("a", ["m000000", "m000001"], ["", ""]),
        ("z", ["", ""], ["m099999", "m099998"]),
    ] {
        for (reverse, expected) in [(false, forward), (true, backward)] {
            let after = Some((score(1.0), bytes(after)));
            let range = Range { is_page: true, limit: Some(2), reverse, after, ..all() };
            let page = page(&db, range).await;
            let expected: Vec<_> = expected.into_iter().filter(|name| !name.is_empty()).collect();
            assert_eq!(names(&page), expected);
        }
    }
}

#[tokio::test]
async fn a_page_begins_after_an_entry_that_has_moved() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["1", "a", "2", "b", "2", "c", "3", "d", "9", "moved"]);
    let after = |number, field: &str| Some((score(number), bytes(field)));
    let range = Range { is_page: true, after: after(2.0, "bb"), ..all() };
    assert_eq!(names(&page(&db, range.clone()).await), ["c", "d", "moved"]);
    let moved = Range { after: after(2.0, "moved"), ..range.clone() };
    assert_eq!(names(&page(&db, moved.clone()).await), ["d", "moved"]);
    assert_eq!(names(&page(&db, Range { reverse: true, ..moved }).await), ["c", "b", "a"]);
    let within = Range { is_page: true, after: after(2.0, "b"), ..by_score(2.0, 3.0) };
    assert_eq!(names(&page(&db, within.clone()).await), ["c", "d"]);
    let first = Range { limit: Some(1), ..within };
    let found = page(&db, first).await;
    assert_eq!((names(&found), &found.next), (vec!["c"], &after(2.0, "c")));
}

#[tokio::test]
async fn the_last_page_says_that_it_is_the_last() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["0", "a", "0", "b"]);
    for by in [all(), by_lex("-", "+")] {
        let range = Range { is_page: true, limit: Some(2), ..by };
        let found = page(&db, range).await;
        assert_eq!((names(&found), &found.next), (vec!["a", "b"], &None));
    }
    let nothing = Range { is_page: true, limit: Some(2), ..by_score(5.0, 6.0) };
    assert_eq!(page(&db, nothing).await, Page::default());
}

#[tokio::test]
async fn infinite_scores_are_on_pages() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["-inf", "a", "-inf", "b", "0", "c", "+inf", "d", "+inf", "e"]);
    let range = Range { is_page: true, after: Some((score(f64::NEG_INFINITY), bytes("a"))), ..all() };
    assert_eq!(names(&page(&db, range.clone()).await), ["b", "c", "d", "e"]);
    let range = Range { reverse: true, after: Some((score(f64::INFINITY), bytes("e"))), ..range };
    assert_eq!(names(&page(&db, range).await), ["d", "c", "b", "a"]);
}

#[tokio::test]
async fn a_range_is_limited() {
    let mut db = Db::common();
    db.ask::<()>("ZADD", "z", &["0", "a", "0", "b", "0", "c"]);
    let limited = |limit| Action::ZRange(Range { limit: Some(limit), ..all() });
    assert_eq!(db.run("z", limited(2)).await, list(&["a", "b"]));
    assert_eq!(db.run("z", limited(u64::MAX)).await, list(&["a", "b", "c"]));
    assert_eq!(db.run("z", values(Range { limit: Some(1), ..by_lex("(a", "+") })).await, list(&["b"]));
}

#[tokio::test]
async fn ten_writers_count_to_a_thousand() {
    let db = Db::common();
    let writers: Vec<Db> = (0..10).map(|_| Db::with_prefix(&db.prefix)).collect();
    let count = |writer: Db| async move {
        for _ in 0..100 {
            writer.run("n", Action::IncrBy(1)).await;
        }
    };
    futures_util::future::join_all(writers.into_iter().map(count)).await;
    assert_eq!(db.run("n", Action::IncrBy(0)).await, Answer::Integer(1000));
    assert!(db.backend.usage().requests > 0);
}
