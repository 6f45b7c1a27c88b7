//! Iterations, page by page.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use bytes::Bytes;
use redkv_structures::{Action, Answer, By, Entry, LexRange, Page, Range, ScoreRange, Shown, Structures};

use crate::structures::subject::{
    Db, bytes, limited, many, members, range, reversed, score_of, scores, values, zadd,
};

/// A number that a page of any backend exceeds.
const MANY: usize = 2_500;

async fn page(db: &Db<'_>, range: Range) -> Page {
    let range = Range { is_page: true, ..range };
    let Answer::Page(page) = db.run("z", Action::ZRange(range)).await else { unreachable!("not a page") };
    page
}

async fn all_pages(db: &Db<'_>, range: Range) -> Vec<Entry> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let page = page(db, Range { after, ..range.clone() }).await;
        assert!(page.entries.len() as u64 <= range.limit.unwrap_or(u64::MAX), "no page exceeds its limit");
        entries.extend(page.entries);
        after = page.next;
        if after.is_none() {
            return entries;
        }
        assert!(entries.len() <= MANY, "an iteration ends");
    }
}

/// Fields with few scores, so that most of them are tied, in the order of score and bytes.
async fn fill(db: &Db<'_>) -> Vec<Entry> {
    let fields: Vec<_> = (0..MANY).map(|n| (format!("f{:05}", n * 7919 % MANY), (n % 4) as f64)).collect();
    let all = fields.iter().map(|(field, score)| ("z", zadd(field, *score))).collect();
    for answer in db.attempt_all(all).await {
        assert!(matches!(answer, Ok(Answer::Done)), "{answer:?}");
    }
    let mut entries: Vec<_> =
        fields.iter().map(|(field, score)| Entry { value: bytes(field), score: score_of(*score) }).collect();
    entries.sort_by(|one, other| (one.score, &one.value).cmp(&(other.score, &other.value)));
    entries
}

async fn are_all_there(db: &Db<'_>, range: Range, expected: &[Entry]) {
    let found = all_pages(db, range.clone()).await;
    assert_eq!(found, expected, "forward");
    let mut found = all_pages(db, reversed(range)).await;
    found.reverse();
    assert_eq!(found, expected, "backward");
}

pub async fn an_iteration_returns_all_members_by_score(db: &dyn Structures) {
    let db = Db::new(db);
    let expected = fill(&db).await;
    let all = range(By::Score(ScoreRange::ALL));
    are_all_there(&db, limited(all.clone(), 400), &expected).await;
    are_all_there(&db, limited(all, 1_000), &expected).await;
    let part: Vec<_> =
        expected.iter().filter(|entry| (1.0..=2.0).contains(&entry.score.get())).cloned().collect();
    are_all_there(&db, limited(range(By::Score(scores(1.0, 2.0))), 333), &part).await;
}

pub async fn an_iteration_returns_all_members_by_their_bytes(db: &dyn Structures) {
    let db = Db::new(db);
    let all: Vec<_> = (0..MANY).map(|n| format!("f{n:05}")).collect();
    let written = all.iter().map(|member| ("z", zadd(member, 0.0))).collect();
    for answer in db.attempt_all(written).await {
        assert!(matches!(answer, Ok(Answer::Done)), "{answer:?}");
    }
    let expected: Vec<_> =
        all.iter().map(|member| Entry { value: bytes(member), score: score_of(0.0) }).collect();
    are_all_there(&db, limited(range(By::Lex(LexRange::ALL)), 400), &expected).await;
    let part = limited(range(By::Lex(members("(f00010", "[f02000"))), 700);
    are_all_there(&db, part, &expected[11..=2_000]).await;
}

pub async fn an_iteration_returns_the_values_of_a_sorted_hash(db: &dyn Structures) {
    let db = Db::new(db);
    let fields: Vec<_> = (0..250).map(|n| (format!("f{n:04}"), format!("value {}", n % 7))).collect();
    let written = fields
        .iter()
        .map(|(field, value)| {
            let (field, member) = (bytes(field), bytes(value));
            ("z", Action::ZhAdd { field, member, score: score_of(1.0) })
        })
        .collect();
    for answer in db.attempt_all(written).await {
        assert!(matches!(answer, Ok(Answer::Done)), "{answer:?}");
    }
    db.zadd("z", &[("g", 1.0)]).await;
    let shown = fields.iter().map(|(_, value)| value.as_str()).chain(["g"]);
    let expected: Vec<_> = shown.map(|value| Entry { value: bytes(value), score: score_of(1.0) }).collect();
    are_all_there(&db, values(limited(range(By::Score(ScoreRange::ALL)), 40)), &expected).await;
    are_all_there(&db, values(limited(range(By::Lex(LexRange::ALL)), 40)), &expected).await;
}

pub async fn a_page_begins_after_a_member_that_is_gone(db: &dyn Structures) {
    let db = Db::new(db);
    let shown = |page: Page| page.entries.into_iter().map(|entry| entry.value).collect::<Vec<Bytes>>();
    for (by, score) in [(By::Score(ScoreRange::ALL), 1.0), (By::Lex(LexRange::ALL), 1.0)] {
        db.zadd("z", &[("a", score), ("b", score), ("c", score), ("d", score), ("e", score)]).await;
        let two = limited(range(by), 2);
        let first = page(&db, two.clone()).await;
        assert_eq!(first.next, Some((score_of(score), bytes("b"))));
        let last = page(&db, reversed(two.clone())).await;
        assert_eq!(last.next, Some((score_of(score), bytes("d"))));
        db.done("z", Action::ZRem(many(&["b", "d"]))).await;
        let second = page(&db, Range { after: first.next, ..two.clone() }).await;
        assert_eq!(shown(second), many(&["c", "e"]));
        let second = page(&db, Range { after: last.next, ..reversed(two) }).await;
        assert_eq!(shown(second), many(&["c", "a"]));
        assert!(db.delete("z").await);
    }
}

pub async fn a_page_begins_after_a_member_that_has_moved(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &[("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)]).await;
    let two = limited(range(By::Score(ScoreRange::ALL)), 2);
    let first = page(&db, two.clone()).await;
    db.zadd("z", &[("b", 0.0)]).await;
    let second = page(&db, Range { after: first.next.clone(), ..two.clone() }).await;
    assert_eq!(second.entries.iter().map(|entry| &entry.value[..]).collect::<Vec<_>>(), [b"c", b"d"]);
    db.zadd("z", &[("b", 9.0)]).await;
    let second = page(&db, Range { after: first.next, limit: Some(9), ..two }).await;
    assert_eq!(second.entries.iter().map(|entry| &entry.value[..]).collect::<Vec<_>>(), [b"c", b"d", b"b"]);
}

pub async fn a_page_of_nothing_is_the_last(db: &dyn Structures) {
    let db = Db::new(db);
    for shown in [Shown::Field, Shown::Value] {
        let all = Range { shown, ..limited(range(By::Score(ScoreRange::ALL)), 10) };
        assert_eq!(page(&db, all).await, Page::default());
    }
    db.zadd("z", &[("a", 1.0)]).await;
    assert_eq!(page(&db, limited(range(By::Score(scores(2.0, 1.0))), 10)).await, Page::default());
    assert_eq!(page(&db, limited(range(By::Lex(members("[b", "[a"))), 10)).await, Page::default());
}
