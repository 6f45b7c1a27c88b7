//! The table of stores in the README, against what the stores say of themselves.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed helper ends its test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use redkv::clock::SystemClock;
use redkv::store::{Capabilities, Expiry};
use redkv::stores::{build, names};
use serde_json::{Map, Value, json};

const README: &str = include_str!("../../../../README.md");

/// The columns that are checked.
const COLUMNS: [&str; 6] =
    ["ttl", "durable", "seen by other processes", "lists keys", "largest key", "largest value"];

/// Options without which a store cannot be made.
fn required(name: &str) -> Map<String, Value> {
    let options = match name {
        "dynamodb" => json!({ "tableName": "t" }),
        "mysql" | "postgres" => {
            json!({ "database": "d", "tableName": "t", "keyColumn": "k", "valueColumn": "v" })
        }
        "s3" => json!({ "bucket": "b" }),
        "disk" | "file" | "sqlite" => json!({ "path": "kv" }),
        _ => json!({}),
    };
    options.as_object().unwrap().clone()
}

/// An option as a user would set it, so that the store can do more.
fn set(options: &mut Map<String, Value>, name: &str) {
    let value = match name {
        "durable" => json!(true),
        _ => json!("expires"),
    };
    options.insert(name.to_owned(), value);
}

fn capabilities(name: &str, options: Map<String, Value>) -> Capabilities {
    let built = build(name, Value::Object(options), &[], Arc::new(SystemClock)).unwrap();
    let (store, warnings) = (built.store, built.warnings);
    assert_eq!(warnings, [""; 0]);
    store.capabilities()
}

/// The rows of the table, by the name of the store, each by the heads of its columns.
fn table() -> BTreeMap<String, BTreeMap<&'static str, String>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let mut lines = README.lines().skip_while(|line| !line.starts_with("| store |"));
    let heads = cells(lines.next().expect("the table of stores"));
    assert!(COLUMNS.iter().all(|column| heads.contains(column)), "the columns are {heads:?}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| {
        let row: BTreeMap<_, _> =
            heads.iter().copied().zip(cells(line).into_iter().map(str::to_owned)).collect();
        (row["store"].trim_matches('`').to_owned(), row)
    })
    .collect()
}

/// Checks a cell that says `yes`, `no`, or with which option it is yes.
fn check_ability(store: &str, column: &str, cell: &str, can: impl Fn(&Capabilities) -> bool) {
    let plain = can(&capabilities(store, required(store)));
    let said = match cell {
        "yes" => true,
        "no" => false,
        _ => {
            let option = cell.strip_prefix("with `").and_then(|rest| rest.strip_suffix('`'));
            let mut options = required(store);
            set(&mut options, option.unwrap_or_else(|| panic!("{store}, {column}: '{cell}'")));
            assert!(can(&capabilities(store, options)), "{store} cannot: {column} {cell}");
            false
        }
    };
    assert_eq!(plain, said, "{store}: {column}");
}

/// Checks a cell that says a number of bytes; rounded, and a store may be a little below for what it keeps beside.
fn check_bytes(store: &str, column: &str, cell: &str, bytes: usize) {
    let fits = match cell.split(' ').collect::<Vec<_>>()[..] {
        ["any"] => bytes == usize::MAX,
        [number, unit] => {
            let unit = ["B", "kB", "MB", "GB"].iter().position(|known| *known == unit).expect("a unit");
            let said = number.parse::<f64>().expect("a number") * 1024_f64.powi(unit as i32);
            (said * 0.92..=said * 1.02).contains(&(bytes as f64))
        }
        _ => false,
    };
    assert!(fits, "{store}: {column} is {bytes}, and '{cell}' in the README");
}

#[test]
fn the_table_of_stores_in_the_readme_is_true() {
    let table = table();
    let mut known: Vec<_> = names().collect();
    known.sort_unstable();
    assert_eq!(table.keys().map(String::as_str).collect::<Vec<_>>(), known);
    for (store, row) in &table {
        check_ability(store, "ttl", &row["ttl"], |can| can.expiry != Expiry::None);
        check_ability(store, "durable", &row["durable"], |can| can.durable);
        check_ability(store, "shared", &row["seen by other processes"], |can| can.shared);
        check_ability(store, "keys", &row["lists keys"], |can| can.enumerable && can.clearable);
        let can = capabilities(store, required(store));
        check_bytes(store, "largest key", &row["largest key"], can.max_key_bytes);
        check_bytes(store, "largest value", &row["largest value"], can.max_value_bytes);
    }
}
