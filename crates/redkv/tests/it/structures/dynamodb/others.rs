//! What other programs put where it has no place.

use aws_sdk_dynamodb::types::AttributeValue;
use redkv::error::ErrorKind;
use redkv::structures::{Action, Answer, AtomicAnswer, By, Change, Range, Structures, Write};
use serde_json::json;

use super::calls::{all, attempt, bytes, lex, range, run, score, scores, zadd};
use super::table::{EMULATOR, Table, binary, number};

#[tokio::test]
async fn a_member_in_the_place_of_the_value_is_a_member_and_no_value() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    let rank = [&0xbff8_0000_0000_0000_u64.to_be_bytes()[..], b"_"].concat();
    table.put(b"z", b"_", &[("v", binary(b"_")), ("rk2", binary(&rank))]).await;
    assert_eq!(attempt(&db, "z", Action::Get).await.unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(attempt(&db, "z", Action::IncrBy(1)).await.unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(run(&db, "z", Action::SetNx("v".into())).await, Answer::Is(false));
    assert_eq!(run(&db, "z", Action::ZScore(bytes("_"))).await, Answer::Score(Some(score(1.5))));
    assert_eq!(run(&db, "z", Action::ZLexCount(lex("-", "+"))).await, Answer::Count(1));
    assert_eq!(run(&db, "z", Action::ZCount(scores(1.0, 2.0))).await, Answer::Count(1));
    let listed = run(&db, "z", Action::ZRange(range(By::Lex(lex("-", "+"))))).await;
    assert_eq!(listed, Answer::List(all(&["_"])));
    assert_eq!(attempt(&db, "z", zadd("_", 1.0)).await.unwrap_err().field(), Some("member"));
    run(&db, "z", Action::ZRem(all(&["_", "a"]))).await;
    assert_eq!(table.item(b"z", b"_").await, None);
}

#[tokio::test]
async fn a_removal_of_the_member_in_the_place_of_the_value_leaves_the_value() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    run(&db, "z", Action::Set("v".into())).await;
    run(&db, "z", Action::ZRem(all(&["_"]))).await;
    assert_eq!(run(&db, "z", Action::Get).await, Answer::Value(Some(bytes("v"))));
}

#[tokio::test]
async fn a_value_beside_fields_of_a_hash_counts() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    table.put(b"k", b"_", &[("v", number("1")), ("~YQ", binary(b"x"))]).await;
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(Some(bytes("1"))));
    assert_eq!(run(&db, "k", Action::IncrBy(2)).await, Answer::Integer(3));
    assert_eq!(attempt(&db, "k", Action::HGetAll).await.unwrap_err().kind(), ErrorKind::Type);
    assert_eq!(attempt(&db, "k", Action::HGet(bytes("a"))).await.unwrap_err().kind(), ErrorKind::Type);
}

/// All members with a score of 0, in pages of one.
async fn in_pages(db: &dyn Structures, reverse: bool) -> Vec<bytes::Bytes> {
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let by = By::Score(scores(0.0, 0.0));
        let page = Range { is_page: true, limit: Some(1), reverse, after, ..range(by) };
        let Answer::Page(page) = run(db, "z", Action::ZRange(page)).await else { unreachable!("a page") };
        listed.extend(page.entries.into_iter().map(|entry| entry.value));
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}

#[tokio::test]
async fn pages_go_on_after_members_with_minus_zero() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    for member in ["b", "d"] {
        let rank = [&0x7fff_ffff_ffff_ffff_u64.to_be_bytes()[..], member.as_bytes()].concat();
        let attributes = [("v", binary(member.as_bytes())), ("rk2", binary(&rank))];
        table.put(b"z", member.as_bytes(), &attributes).await;
    }
    run(&db, "z", zadd("a", 0.0)).await;
    run(&db, "z", zadd("c", 0.0)).await;
    assert_eq!(in_pages(&db, false).await, all(&["b", "d", "a", "c"]));
    assert_eq!(in_pages(&db, true).await, all(&["c", "a", "d", "b"]));
}

#[tokio::test]
async fn strict_kinds_see_what_others_put_under_the_key() {
    let table = Table::create(EMULATOR).await;
    let (loose, strict) = (table.backend(json!({})), table.strict_backend());
    run(&loose, "k", Action::Set("v".into())).await;
    run(&loose, "k", zadd("m", 1.0)).await;
    let refused = [zadd("n", 1.0), Action::IncrBy(1), Action::SAdd(all(&["m"])), Action::ZRem(all(&["m"]))];
    for action in refused {
        assert_eq!(attempt(&strict, "k", action).await.unwrap_err().kind(), ErrorKind::Type);
    }
    run(&strict, "k", Action::Set("w".into())).await;
    assert_eq!(run(&loose, "k", Action::ZCard).await, Answer::Count(0));
}

#[tokio::test]
async fn a_number_with_a_fraction_is_no_counter_and_stays_as_it_is() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    table.put(b"k", b"_", &[("v", number("1.5"))]).await;
    let error = attempt(&db, "k", Action::IncrBy(2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(!error.may_have_applied());
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(Some(bytes("1.5"))));
}

#[tokio::test]
async fn an_atomic_write_does_not_see_that_a_number_has_a_fraction() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    table.put(b"k", b"_", &[("v", number("1.5"))]).await;
    let write = [Write::new("k", Change::IncrBy(2))];
    assert_eq!(db.write_atomically(&write, 0).await.unwrap(), AtomicAnswer::Committed);
    assert_eq!(run(&db, "k", Action::Get).await, Answer::Value(Some(bytes("3.5"))));
    assert_eq!(attempt(&db, "k", Action::IncrBy(2)).await.unwrap_err().kind(), ErrorKind::Value);
}

#[tokio::test]
async fn a_set_of_texts_is_no_set_of_ours() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    table.put(b"s", b"_", &[("v", AttributeValue::Ss(vec!["a".into()]))]).await;
    for action in
        [Action::SAdd(all(&["b"])), Action::SRem(all(&["a"])), Action::SMembers, Action::SCard, Action::Get]
    {
        assert_eq!(attempt(&db, "s", action).await.unwrap_err().kind(), ErrorKind::Type);
    }
    assert_eq!(run(&db, "s", Action::SetNx("v".into())).await, Answer::Is(false));
}

#[tokio::test]
async fn a_text_of_another_type_is_compared_and_replaced() {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    for (key, value, text) in [
        ("s", AttributeValue::S("text".into()), "text"),
        ("n", number("1.5"), "1.5"),
        ("large", number("99999999999999999999"), "99999999999999999999"),
    ] {
        table.put(key.as_bytes(), b"_", &[("v", value)]).await;
        let set_eq = |expected: &str| Action::SetEq { value: "new".into(), expected: expected.into() };
        assert_eq!(run(&db, key, set_eq("other")).await, Answer::Is(false));
        assert_eq!(run(&db, key, set_eq(text)).await, Answer::Is(true));
        assert_eq!(run(&db, key, Action::Get).await, Answer::Value(Some(bytes("new"))));
    }
}
