//! The interfaces in index.d.ts, against the options as they are declared.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::TierConfig;
use crate::instance::InstanceConfig;
use crate::layers::{BehindConfig, CompressConfig};
use crate::options::{Schema, Type};
use crate::stores::STORES;

const TYPES: &str = include_str!("../../../index.d.ts");

type Interfaces = BTreeMap<&'static str, BTreeSet<&'static str>>;

fn collect(schema: &Schema, found: &mut Interfaces) {
    let older = schema.options.iter().flat_map(|option| option.older);
    let legacy: Vec<_> = older.chain(schema.legacy.ignored).copied().collect();
    if !legacy.is_empty() {
        found.entry(schema.legacy.interface).or_default().extend(legacy);
    }
    found.entry(schema.interface).or_default().extend(schema.options.iter().map(|option| option.name));
    for option in schema.options {
        if let Type::Object(nested) = option.kind {
            collect(nested, found);
        }
    }
}

fn declared() -> Interfaces {
    let of_stores = STORES.iter().flat_map(|kind| kind.schemas);
    let all = of_stores.chain(InstanceConfig::SCHEMAS).chain(TierConfig::SCHEMAS);
    let mut found = Interfaces::new();
    all.chain([&CompressConfig::SCHEMA, &BehindConfig::SCHEMA])
        .for_each(|schema| collect(schema, &mut found));
    found
}

/// The members of an interface, without those that it inherits.
fn members(interface: &str) -> BTreeSet<&'static str> {
    let begins = |line: &&str| {
        line.strip_prefix("  interface ")
            .and_then(|rest| rest.strip_prefix(interface))
            .is_some_and(|rest| rest.starts_with(' '))
    };
    let lines = TYPES.lines().skip_while(|line| !begins(line)).skip(1).take_while(|line| *line != "  }");
    let names = lines.filter_map(|line| line.strip_prefix("    "));
    let names = names.filter_map(|line| line.split_once(':').map(|(name, _)| name.trim_end_matches('?')));
    names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect()
}

#[test]
fn index_d_ts_has_the_options_that_are_declared_and_no_others() {
    for (interface, options) in declared() {
        assert_eq!(members(interface), options, "interface {interface}");
    }
}

#[test]
fn every_option_is_described() {
    for schema in STORES.iter().flat_map(|kind| kind.schemas).chain(TierConfig::SCHEMAS) {
        for option in schema.options {
            assert!(!option.about.is_empty(), "{}: {}", schema.interface, option.name);
        }
    }
}
