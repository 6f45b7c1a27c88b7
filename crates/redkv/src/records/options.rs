//! The policies of records, and the shape of their table.

use redkv_records::{GlobalIndex, LocalIndex, TableShape};

use crate::desk::PolicyRules;
use crate::error::Result;
use crate::options::{Elsewhere, Fields, Given, Kind, Options, Schema, Type, Value, kinds, options};

const TO_THE_POLICY: &str = "to the policy: into the third argument of new Records()";

/// Where policies belong that were given among the options.
pub(super) const ELSEWHERE: &[Elsewhere] = &[
    ("timeout", TO_THE_POLICY),
    ("connectTimeout", TO_THE_POLICY),
    ("circuitBreaker", TO_THE_POLICY),
    ("maxPending", TO_THE_POLICY),
    ("maxPendingBytes", TO_THE_POLICY),
    ("name", TO_THE_POLICY),
];

/// The policies of records.
pub const POLICIES: PolicyRules = PolicyRules {
    of_a_tier: &["timeout", "connectTimeout", "circuitBreaker"],
    elsewhere: &[],
    without: &[
        ("ttl", "it is an option of put(), atomicPut() and update()"),
        ("prefix", "records have partitions"),
        ("tombstone", "records have versions"),
    ],
};

options! {
    /// What `createTable` makes besides the table.
    struct TableOptions is "RecordsTableOptions" {
        /// Indexes of each partition, in the order of a field. DynamoDB makes them with the table, or never.
        local as "localIndexes": Many<LocalIndexOptions> = "none",
        /// Indexes of the table: a field in place of the name of the partition, and another one for the order.
        global as "globalIndexes": Many<GlobalIndexOptions> = "none",
        /// Whether records are deleted some time after they have expired. DynamoDB takes up to a few days for that; `sqlite` and
        /// `memory` do it two days later, while they write.
        ttl as "ttl": kinds::Boolean = "`false`",
    }
}

options! {
    /// An index of each partition.
    struct LocalIndexOptions is "RecordsLocalIndex" {
        /// Its name.
        name as "name": kinds::Required<kinds::Text>,
        /// The field that records are ordered by. Those without it are not in the index.
        sort_key as "sortKey": kinds::Required<kinds::Text>,
    }
}

options! {
    /// An index of the table.
    struct GlobalIndexOptions is "RecordsGlobalIndex" {
        /// Its name.
        name as "name": kinds::Required<kinds::Text>,
        /// The field whose value is the name of a partition: that partition lists the record. Records without it are not listed.
        hash_key as "hashKey": kinds::Required<kinds::Text>,
        /// The field that records are ordered by. Those without it are not in the index.
        sort_key as "sortKey": kinds::Required<kinds::Text>,
    }
}

/// A list of objects with options of their own.
#[derive(Debug)]
struct Many<T>(T);

impl<T: Options> Kind for Many<T> {
    type Value = Vec<T>;
    const TYPE: Type = Type::Objects(&T::SCHEMA);

    fn read(value: Value, given: &mut Given<'_>) -> Result<Option<Vec<T>>> {
        const EXPECTED: &str = "an array of objects";
        let Value::Array(values) = value else { return Err(given.wrong(EXPECTED, &value)) };
        let mut read = Vec::with_capacity(values.len());
        for value in values {
            let mut own = given.nested(value, EXPECTED)?;
            read.push(T::read(&mut own)?);
            given.fields().absorb(own)?;
        }
        Ok(Some(read))
    }
}

/// The options of `createTable`, as they are declared.
pub const TABLE_SCHEMA: Schema = TableOptions::SCHEMA;

/// Reads the options of `createTable`.
pub fn shape_of(options: Value) -> Result<TableShape> {
    let mut fields = Fields::new("options", options)?;
    let TableOptions { local, global, ttl } = TableOptions::read(&mut fields)?;
    fields.finish()?;
    let local = local.into_iter().flatten();
    let global = global.into_iter().flatten();
    Ok(TableShape {
        local: local.map(|index| LocalIndex { name: index.name, sort_key: index.sort_key }).collect(),
        global: global
            .map(|index| GlobalIndex { name: index.name, hash_key: index.hash_key, sort_key: index.sort_key })
            .collect(),
        ttl: ttl.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desk::PolicyConfig;

    #[test]
    fn the_shape_of_a_table_is_read() {
        let shape = shape_of(json!({
            "localIndexes": [{ "name": "l", "sortKey": "created" }],
            "globalIndexes": [{ "name": "g", "hashKey": "pk1", "sortKey": "sk1" }],
            "ttl": true,
        }));
        let shape = shape.unwrap();
        assert_eq!(shape.local, [LocalIndex { name: "l".into(), sort_key: "created".into() }]);
        assert_eq!(shape.global[0].hash_key, "pk1");
        assert!(shape.ttl);
        assert_eq!(shape_of(Value::Null).unwrap(), TableShape::default());
        for wrong in [
            json!({ "localIndexes": { "name": "l" } }),
            json!({ "localIndexes": [{ "name": "l" }] }),
            json!({ "globalIndexes": ["g"] }),
            json!({ "indexes": [] }),
        ] {
            shape_of(wrong).unwrap_err();
        }
    }

    #[test]
    fn policies_of_a_chain_are_refused_with_the_reason() {
        let error = PolicyConfig::read(json!({ "ttl": "5s" }), POLICIES).unwrap_err();
        assert!(error.message().contains("put()"), "{error}");
        assert_eq!(
            PolicyConfig::read(json!({ "prefix": "p" }), POLICIES).unwrap_err().field(),
            Some("prefix")
        );
        PolicyConfig::read(json!({ "timeout": "2s", "name": "crm" }), POLICIES).unwrap();
    }
}
