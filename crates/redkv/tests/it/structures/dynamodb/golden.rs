//! The items that the Go package `keyvaluestore` leaves after the same operations, byte for byte.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use redkv::structures::atomic::merged;
use redkv::structures::{
    Action, Answer, AtomicAnswer, By, Change, Command, Deletion, Entry, Range, Shown, Structures, Value,
    Write,
};
use serde_json::json;

use super::calls::{all, bytes, lex, range, run, score, scores, zadd};
use super::table::{EMULATOR, Table, binary, number};

type Attributes = Option<HashMap<String, AttributeValue>>;

/// Bytes as the document of the format writes them.
fn hex(text: &str) -> AttributeValue {
    let byte = |place| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
    binary(&(0..text.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Attributes {
    Some(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn value(attribute: AttributeValue) -> Attributes {
    item([("v", attribute)])
}

/// The item of a sorted member: its place in the index, and its value.
fn sorted(rank: &str, member: &str) -> Attributes {
    item([("rk2", hex(rank)), ("v", hex(member))])
}

fn text(text: &str) -> Value {
    Value::from(text)
}

async fn table() -> (Table, impl Structures) {
    let table = Table::create(EMULATOR).await;
    let db = table.backend(json!({}));
    (table, db)
}

#[tokio::test]
async fn examples_1_to_5_a_value_is_binary_and_an_integer_is_a_number() {
    let (table, db) = table().await;
    run(&db, "k", Action::Set(text("v"))).await;
    assert_eq!(table.item(b"k", b"_").await, value(hex("76")));
    run(&db, "k", Action::Set(text(""))).await;
    assert_eq!(table.item(b"k", b"_").await, value(hex("")));
    run(&db, "k", Action::Set(42.into())).await;
    assert_eq!(table.item(b"k", b"_").await, value(number("42")));
    run(&db, "k", Action::Set(text("42"))).await;
    assert_eq!(table.item(b"k", b"_").await, value(hex("3432")));
    run(&db, "k", Action::Set(Value::Text(vec![0x00, 0xff, 0x78].into()))).await;
    assert_eq!(table.item(b"k", b"_").await, value(hex("00ff78")));
}

#[tokio::test]
async fn examples_6_to_8_a_condition_decides_on_a_value() {
    let (table, db) = table().await;
    assert_eq!(run(&db, "k", Action::SetNx(text("v"))).await, Answer::Is(true));
    assert_eq!(table.item(b"k", b"_").await, value(hex("76")));
    assert_eq!(run(&db, "k", Action::SetXx(text("w"))).await, Answer::Is(true));
    assert_eq!(table.item(b"k", b"_").await, value(hex("77")));
    let set = Action::SetEq { value: text("v"), expected: text("w") };
    assert_eq!(run(&db, "k", set).await, Answer::Is(true));
    assert_eq!(table.item(b"k", b"_").await, value(hex("76")));
}

#[tokio::test]
async fn example_9_a_counter_is_a_number() {
    let (table, db) = table().await;
    assert_eq!(run(&db, "n", Action::IncrBy(5)).await, Answer::Integer(5));
    assert_eq!(table.item(b"n", b"_").await, value(number("5")));
    assert_eq!(run(&db, "n", Action::IncrBy(-8)).await, Answer::Integer(-3));
    assert_eq!(table.item(b"n", b"_").await, value(number("-3")));
}

#[tokio::test]
async fn examples_10_and_11_a_set_is_one_attribute_which_goes_with_the_last_member() {
    let (table, db) = table().await;
    run(&db, "s", Action::SAdd(all(&["b", "a", "3"]))).await;
    let stored = table.item(b"s", b"_").await.unwrap();
    let AttributeValue::Bs(members) = &stored["v"] else { unreachable!("a set of binaries") };
    let mut members: Vec<_> = members.iter().map(|member| member.as_ref().to_vec()).collect();
    members.sort();
    assert_eq!(members, [b"3", b"a", b"b"]);
    run(&db, "s", Action::SRem(all(&["b", "a", "3"]))).await;
    assert_eq!(table.item(b"s", b"_").await, item([]));
}

#[tokio::test]
async fn examples_12_and_13_a_field_is_an_attribute() {
    let (table, db) = table().await;
    let fields = vec![(bytes("bar"), text("baz")), (bytes("f2"), 7.into()), (bytes("?>"), text("x"))];
    run(&db, "h", Action::HSet(fields)).await;
    let expected = item([("~YmFy", hex("62617a")), ("~ZjI", hex("37")), ("~Pz4", hex("78"))]);
    assert_eq!(table.item(b"h", b"_").await, expected);
    run(&db, "h", Action::HDel(all(&["bar", "f2"]))).await;
    assert_eq!(table.item(b"h", b"_").await, item([("~Pz4", hex("78"))]));
}

#[tokio::test]
async fn examples_14_to_17_a_member_is_an_item_with_its_score_in_the_index() {
    let (table, db) = table().await;
    run(&db, "z", zadd("m", 1.5)).await;
    assert_eq!(table.item(b"z", b"m").await, sorted("bff80000000000006d", "6d"));
    run(&db, "z", zadd("12", -2.0)).await;
    assert_eq!(table.item(b"z", b"12").await, sorted("3fffffffffffffff3132", "3132"));
    run(&db, "z", zadd("zero", 0.0)).await;
    assert_eq!(table.item(b"z", b"zero").await, sorted("80000000000000007a65726f", "7a65726f"));
    run(&db, "z", zadd("pinf", f64::INFINITY)).await;
    assert_eq!(table.item(b"z", b"pinf").await, sorted("fff000000000000070696e66", "70696e66"));
    run(&db, "z", zadd("ninf", f64::NEG_INFINITY)).await;
    assert_eq!(table.item(b"z", b"ninf").await, sorted("000fffffffffffff6e696e66", "6e696e66"));
    // Minus zero is written as zero, which is not what Go does.
    run(&db, "z", zadd("negz", -0.0)).await;
    assert_eq!(table.item(b"z", b"negz").await, sorted("80000000000000006e65677a", "6e65677a"));
}

#[tokio::test]
async fn examples_18_to_20_a_field_of_a_sorted_hash_has_a_value_of_its_own() {
    let (table, db) = table().await;
    let zhadd = |member: &str, number| Action::ZhAdd {
        field: bytes("f"),
        member: bytes(member),
        score: score(number),
    };
    run(&db, "z", zhadd("member", 2.0)).await;
    assert_eq!(table.item(b"z", b"f").await, sorted("c00000000000000066", "6d656d626572"));
    run(&db, "z", zhadd("m2", 3.0)).await;
    assert_eq!(table.item(b"z", b"f").await, sorted("c00800000000000066", "6d32"));
    run(&db, "z", Action::ZhRem(all(&["f"]))).await;
    assert_eq!(table.item(b"z", b"f").await, None);
}

#[tokio::test]
async fn examples_21_and_22_a_score_that_is_added_to_moves_the_member() {
    let (table, db) = table().await;
    let add = |member: &str, by| Action::ZIncrBy { member: bytes(member), by: score(by) };
    run(&db, "z", add("new", 2.5)).await;
    assert_eq!(table.item(b"z", b"new").await, sorted("c0040000000000006e6577", "6e6577"));
    run(&db, "z", zadd("e", 1.0)).await;
    run(&db, "z", add("e", 1.0)).await;
    assert_eq!(table.item(b"z", b"e").await, sorted("c00000000000000065", "65"));
}

/// Members that Go wrote: their places in the index, and their names.
async fn written_by_go(table: &Table) {
    for (member, rank) in [
        ("negz", "7fffffffffffffff6e65677a"),
        ("a", "800000000000000061"),
        ("half", "bfe000000000000068616c66"),
        ("low", "3fffffffffffffff6c6f77"),
        ("ninf", "000fffffffffffff6e696e66"),
        ("pinf", "fff000000000000070696e66"),
    ] {
        let attributes = [("rk2", hex(rank)), ("v", binary(member.as_bytes()))];
        table.put(b"z", member.as_bytes(), &attributes).await;
    }
}

fn list(members: &[&str]) -> Answer {
    Answer::List(all(members))
}

#[tokio::test]
async fn examples_23_24_and_28_ranges_and_counts_of_scores_that_go_wrote() {
    let (table, db) = table().await;
    written_by_go(&table).await;
    let by_score = |min, max| range(By::Score(scores(min, max)));
    let listed = run(&db, "z", Action::ZRange(by_score(-2.0, 0.5))).await;
    assert_eq!(listed, list(&["low", "negz", "a", "half"]));
    let last = Range {
        reverse: true,
        limit: Some(2),
        with_scores: true,
        ..by_score(f64::NEG_INFINITY, f64::INFINITY)
    };
    let entry = |name: &str, number| Entry { value: bytes(name), score: score(number) };
    let expected = Answer::Scored(vec![entry("pinf", f64::INFINITY), entry("half", 0.5)]);
    assert_eq!(run(&db, "z", Action::ZRange(last)).await, expected);
    assert_eq!(run(&db, "z", Action::ZCount(scores(0.0, 1e21))).await, Answer::Count(3));
    // Minus zero reads as 0, and comes before it.
    assert_eq!(run(&db, "z", Action::ZRange(by_score(0.0, 0.0))).await, list(&["negz", "a"]));
    assert_eq!(run(&db, "z", Action::ZScore(bytes("negz"))).await, Answer::Score(Some(score(0.0))));
}

#[tokio::test]
async fn examples_25_to_27_ranges_of_bytes_that_go_wrote() {
    let (table, db) = table().await;
    for (field, rank, member) in
        [("a", "800000000000000061", "A"), ("b", "800000000000000062", "B"), ("c", "800000000000000063", "C")]
    {
        let attributes = [("rk2", hex(rank)), ("v", binary(member.as_bytes()))];
        table.put(b"z", field.as_bytes(), &attributes).await;
    }
    table.put(b"z", b"_", &[("v", binary(b"a value"))]).await;
    let by_bytes = |min, max| range(By::Lex(lex(min, max)));
    assert_eq!(run(&db, "z", Action::ZRange(by_bytes("(a", "[c"))).await, list(&["b", "c"]));
    let last = Range { reverse: true, limit: Some(1), ..by_bytes("-", "(c") };
    assert_eq!(run(&db, "z", Action::ZRange(last)).await, list(&["b"]));
    let values = Range { reverse: true, shown: Shown::Value, ..by_bytes("-", "+") };
    assert_eq!(run(&db, "z", Action::ZRange(values)).await, list(&["C", "B", "A"]));
    // Among them what Go counts wrong.
    let counts = [("(a", "(c", 1), ("-", "(c", 2), ("(b", "+", 1), ("-", "+", 3), ("[a", "[c", 3)];
    for (min, max, count) in counts {
        let counted = run(&db, "z", Action::ZLexCount(lex(min, max))).await;
        assert_eq!(counted, Answer::Count(count), "{min} {max}");
    }
}

#[tokio::test]
async fn examples_29_and_30_deletions_and_commands_in_their_order() {
    let (table, db) = table().await;
    run(&db, "k", Action::Set(text("old"))).await;
    assert_eq!(run(&db, "k", Action::Delete(Deletion::All)).await, Answer::Is(true));
    assert_eq!(table.item(b"k", b"_").await, None);
    let commands = [
        Command::new("k", Action::Set(text("new"))),
        Command::new("k", Action::Get),
        Command::new("missing", Action::Get),
        Command::new("z", zadd("m", 1.0)),
        Command::new("z", Action::ZScore(bytes("m"))),
        Command::new("s", Action::SAdd(all(&["a", "b"]))),
        Command::new("s", Action::SCard),
        Command::new("d", Action::Delete(Deletion::All)),
        Command::new("z", Action::ZRem(all(&["gone"]))),
    ];
    let answers: Vec<_> = db.run(&commands).await.into_iter().map(Result::unwrap).collect();
    let expected = [
        Answer::Done,
        Answer::Value(Some(bytes("new"))),
        Answer::Value(None),
        Answer::Done,
        Answer::Score(Some(score(1.0))),
        Answer::Done,
        Answer::Count(2),
        Answer::Is(false),
        Answer::Done,
    ];
    assert_eq!(answers, expected);
}

async fn atomically(db: &impl Structures, writes: Vec<Write>) -> Vec<bool> {
    let merged = merged(writes).unwrap();
    let answer = db.write_atomically(&merged.writes, 3).await.unwrap();
    let failed = merged.failures(&answer);
    assert_eq!(answer == AtomicAnswer::Committed, !failed.contains(&true));
    failed
}

#[tokio::test]
async fn example_31_conditions_of_an_atomic_write_fail_one_by_one() {
    let (table, db) = table().await;
    run(&db, "a", Action::Set(text("v"))).await;
    let writes = vec![
        Write::new("a", Change::SetNx(text("w"))),
        Write::new("b", Change::SetXx(text("w"))),
        Write::new("c", Change::Set(text("w"))),
    ];
    assert_eq!(atomically(&db, writes).await, [true, true, false]);
    assert_eq!(table.item(b"a", b"_").await, value(hex("76")));
    assert_eq!(table.item(b"c", b"_").await, None);
}

#[tokio::test]
async fn example_32_an_atomic_write_leaves_the_items_of_its_operations() {
    let (table, db) = table().await;
    run(&db, "k", Action::Set(text("v"))).await;
    let hash = Change::Hash { set: Vec::new(), set_new: vec![(bytes("f"), 1.into())], delete: Vec::new() };
    let writes = vec![
        Write::new("h", hash),
        Write::new("z", Change::ZAddNx { field: bytes("m2"), member: None, score: score(-1.0) }),
        Write::new("k", Change::DeleteXx),
    ];
    assert_eq!(atomically(&db, writes).await, [false, false, false]);
    assert_eq!(table.item(b"h", b"_").await, item([("~Zg", hex("31"))]));
    assert_eq!(table.item(b"z", b"m2").await, sorted("400fffffffffffff6d32", "6d32"));
    assert_eq!(table.item(b"k", b"_").await, None);
}

#[tokio::test]
async fn values_sets_and_hashes_that_go_wrote_are_read() {
    let (table, db) = table().await;
    table.put(b"n", b"_", &[("v", number("42"))]).await;
    table.put(b"s", b"_", &[("v", AttributeValue::Bs(vec![Blob::new("a"), Blob::new("b")]))]).await;
    table.put(b"h", b"_", &[("~YmFy", hex("62617a")), ("~", hex("78"))]).await;
    table.put(b"shell", b"_", &[]).await;
    assert_eq!(run(&db, "n", Action::Get).await, Answer::Value(Some(bytes("42"))));
    assert_eq!(run(&db, "s", Action::SCard).await, Answer::Count(2));
    assert_eq!(run(&db, "h", Action::HGet(bytes("bar"))).await, Answer::Value(Some(bytes("baz"))));
    // The field without a name is one that Go writes and does not list.
    let Answer::Fields(mut fields) = run(&db, "h", Action::HGetAll).await else { unreachable!("fields") };
    fields.sort();
    assert_eq!(fields, [(bytes(""), bytes("x")), (bytes("bar"), bytes("baz"))]);
    assert_eq!(run(&db, "shell", Action::Has).await, Answer::Is(false));
    assert_eq!(run(&db, "shell", Action::Delete(Deletion::All)).await, Answer::Is(false));
}
