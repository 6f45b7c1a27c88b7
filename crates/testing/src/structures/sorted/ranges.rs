//! What is listed and counted by score.
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use redkv_structures::{Action, Structures};

use crate::structures::subject::{Db, by_score, limited, reversed, scores};

const INFINITY: f64 = f64::INFINITY;

/// The case of the public suite of the original: scores −2…2 with a tie.
const TIED: [(&str, f64); 7] =
    [("a", -2.0), ("b", -1.0), ("c", -0.5), ("d", 0.0), ("e", 0.5), ("f", 1.0), ("g", 1.0)];

async fn listed(db: &Db<'_>, min: f64, max: f64) -> Vec<String> {
    let forward = db.list("z", Action::ZRange(by_score(min, max))).await;
    let mut backward = db.list("z", Action::ZRange(reversed(by_score(min, max)))).await;
    backward.reverse();
    assert_eq!(forward, backward, "backward is exactly the other order");
    assert_eq!(db.count("z", Action::ZCount(scores(min, max))).await, forward.len() as u64);
    forward
}

pub async fn members_are_listed_by_score(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &TIED).await;
    db.zadd("z", &[("h", 2.0)]).await;
    assert_eq!(listed(&db, -INFINITY, INFINITY).await, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(listed(&db, -1.0, 1.0).await, ["b", "c", "d", "e", "f", "g"]);
    assert_eq!(listed(&db, -INFINITY, 0.0).await, ["a", "b", "c", "d"]);
    assert_eq!(listed(&db, 0.5, INFINITY).await, ["e", "f", "g", "h"]);
    assert_eq!(listed(&db, 1.0, 1.0).await, ["f", "g"]);
    assert_eq!(listed(&db, 0.1, 0.4).await, [""; 0]);
    assert_eq!(listed(&db, 3.0, INFINITY).await, [""; 0]);
}

pub async fn a_range_of_scores_the_wrong_way_round_is_empty(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &TIED).await;
    assert_eq!(listed(&db, 1.0, -1.0).await, [""; 0]);
    assert_eq!(listed(&db, INFINITY, -INFINITY).await, [""; 0]);
    assert_eq!(listed(&db, 1.0, 0.5).await, [""; 0]);
}

pub async fn each_pair_of_scores_bounds_a_range(db: &dyn Structures) {
    let db = Db::new(db);
    let at = [-INFINITY, -1e300, -2.0, -1e-300, 0.0, 5e-324, 1.0, 1.5, 1e300, INFINITY];
    let members: Vec<_> = at.iter().enumerate().map(|(n, score)| (format!("m{n}"), *score)).collect();
    for (member, score) in &members {
        db.zadd("z", &[(member, *score)]).await;
    }
    let bounds: Vec<f64> = at.into_iter().chain([-3.0, -0.0, 0.5, 2.0, f64::MAX, f64::MIN]).collect();
    for min in &bounds {
        for max in &bounds {
            let is_within = |score: f64| *min <= score && score <= *max;
            let expected: Vec<_> = members
                .iter()
                .filter(|(_, score)| is_within(*score))
                .map(|(member, _)| member.clone())
                .collect();
            let found = db.list("z", Action::ZRange(by_score(*min, *max))).await;
            assert_eq!(found, expected, "{min} to {max}");
            let count = db.count("z", Action::ZCount(scores(*min, *max))).await;
            assert_eq!(count, expected.len() as u64, "{min} to {max}");
        }
    }
}

pub async fn ties_are_in_the_order_of_their_bytes(db: &dyn Structures) {
    let db = Db::new(db);
    let members = ["00", "10", "9", "B", "a", "aa", "b", "ff", "é"];
    for member in ["ff", "é", "b", "aa", "a", "B", "9", "10", "00"] {
        db.zadd("z", &[(member, 1.0)]).await;
    }
    assert_eq!(listed(&db, 1.0, 1.0).await, members);
}

pub async fn a_limit_takes_the_first_ones(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &TIED).await;
    let all = by_score(-INFINITY, INFINITY);
    assert_eq!(db.list("z", Action::ZRange(limited(all.clone(), 2))).await, ["a", "b"]);
    assert_eq!(db.list("z", Action::ZRange(limited(reversed(all.clone()), 3))).await, ["g", "f", "e"]);
    assert_eq!(db.list("z", Action::ZRange(limited(by_score(0.6, 9.0), 1))).await, ["f"]);
    assert_eq!(db.list("z", Action::ZRange(limited(by_score(0.6, 9.0), 99))).await, ["f", "g"]);
    assert_eq!(db.list("z", Action::ZRange(limited(all, 7))).await.len(), 7);
}

pub async fn scores_come_with_the_members(db: &dyn Structures) {
    let db = Db::new(db);
    db.zadd("z", &TIED).await;
    db.zadd("z", &[("inf", INFINITY), ("neg", -INFINITY)]).await;
    let expected: Vec<_> = [("neg", -INFINITY)]
        .iter()
        .chain(&TIED)
        .chain(&[("inf", INFINITY)])
        .map(|(member, score)| ((*member).to_owned(), *score))
        .collect();
    let all = by_score(-INFINITY, INFINITY);
    assert_eq!(db.scored("z", all.clone()).await, expected);
    let mut backward = db.scored("z", reversed(all)).await;
    backward.reverse();
    assert_eq!(backward, expected);
    let found = db.scored("z", limited(reversed(by_score(-1.0, 1.0)), 2)).await;
    assert_eq!(found, [("g".to_owned(), 1.0), ("f".to_owned(), 1.0)]);
}
