//! Page tokens: where a page ended, as text that the Go package `dynastore` makes and reads as well.
//!
//! A token is the base58 text (in Bitcoin's alphabet) of a gzip stream of JSON: an object of the key attributes of the last
//! item. Go writes all ten kinds of value of each attribute, with `null` for those that it is not, and does not end the gzip
//! stream; neither is needed to read a token.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use redkv_core::error::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::base58;
use crate::index::{Index, hash_key, sort_key};
use crate::limits::{KEY, PARTITION};
use crate::record::{ID, NAME, Record};

/// Where a page ended: the key attributes of its last record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(pub BTreeMap<String, KeyValue>);

/// The value of a key attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// A text.
    Text(String),
    /// A number, in decimal digits.
    Number(String),
    /// Bytes, in base64.
    Binary(String),
}

/// The kinds of a value, in the order in which Go writes them.
const KINDS: [&str; 10] = ["B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"];

/// No token is longer: its attributes have 6 KiB at most, and those of 400 KiB are none.
const LONGEST: usize = 16 << 10;
/// No number is written with more characters: it has 38 digits, and up to 130 places.
const DIGITS: usize = 200;
/// No token has more JSON.
const LONGEST_JSON: u64 = 64 << 10;

impl KeyValue {
    fn kind(&self) -> (&'static str, &str) {
        match self {
            Self::Text(text) => ("S", text),
            Self::Number(digits) => ("N", digits),
            Self::Binary(base64) => ("B", base64),
        }
    }

    fn of(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "S" => Some(Self::Text(value.to_owned())),
            "N" => Some(Self::Number(value.to_owned())),
            "B" => Some(Self::Binary(value.to_owned())),
            _ => None,
        }
    }

    /// Returns whether an index may have it as a sort key. Only DynamoDB has some of other types than text.
    fn may_be_sorted_by(&self) -> bool {
        match self {
            Self::Text(text) => (1..=KEY).contains(&text.len()),
            Self::Number(digits) => {
                let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
                (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(is_part)
            }
            Self::Binary(base64) => (1..=KEY.div_ceil(3) * 4).contains(&base64.len()),
        }
    }

    /// Returns it, if it is a text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Position {
    /// Creates the position after an item with these texts as key attributes.
    pub fn of<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let text = |(name, text): (&str, &str)| (name.to_owned(), KeyValue::Text(text.to_owned()));
        Self(attributes.into_iter().map(text).collect())
    }

    /// Returns the position after `record` in the list that `index` orders, or in its partition.
    pub fn after(record: &Record, index: Option<&Index>) -> Self {
        let names = [ID, NAME, hash_key(index), sort_key(index)];
        Self::of(names.into_iter().filter_map(|name| Some((name, record.attribute(name)?))))
    }

    /// Returns the text of the attribute called `name`, if it is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.text()
    }

    /// Fails if it is not one of the records of `partition` in `index`, or of the table where there is none.
    pub fn check(&self, partition: &str, index: Option<&Index>) -> Result<()> {
        let expected = BTreeSet::from([ID, NAME, hash_key(index), sort_key(index)]);
        if !self.0.keys().map(String::as_str).eq(expected.iter().copied()) {
            return Err(refused("is of another index, or of the table"));
        }
        let is_key =
            |name: &str, most: usize| self.text(name).is_some_and(|text| (1..=most).contains(&text.len()));
        let is_sort_key = self.0.get(sort_key(index)).is_some_and(KeyValue::may_be_sorted_by);
        if !is_key(ID, PARTITION) || !is_key(NAME, KEY) || !is_key(hash_key(index), PARTITION) || !is_sort_key
        {
            return Err(refused("is not of a record"));
        }
        if self.text(hash_key(index)) != Some(partition) {
            return Err(refused("is of another partition"));
        }
        Ok(())
    }

    /// Fails if one of its attributes is no text: where all are, it is of another table.
    pub fn check_texts(&self) -> Result<()> {
        let are_texts = self.0.values().all(|value| value.text().is_some());
        if are_texts { Ok(()) } else { Err(refused("is of another table")) }
    }

    /// Returns it as a page token.
    pub fn to_token(&self) -> Result<String> {
        let attribute = |value: &KeyValue| -> Value {
            let (own, text) = value.kind();
            let slot = |kind: &str| (kind.to_owned(), if kind == own { text.into() } else { Value::Null });
            Value::Object(KINDS.iter().map(|kind| slot(kind)).collect())
        };
        let json: Map<_, _> = self.0.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let written = writeln!(gzip, "{}", Value::Object(json)).and_then(|()| gzip.finish());
        let bytes = written.map_err(|error| {
            Error::new(ErrorKind::Internal, "a defect of RedKV: a page token cannot be made").caused_by(error)
        })?;
        Ok(base58::encode(&bytes))
    }

    /// Returns the position that a page token says.
    pub fn from_token(token: &str) -> Result<Self> {
        if token.len() > LONGEST {
            return Err(refused("is too long"));
        }
        let bytes = base58::decode(token).ok_or_else(|| refused("is not base58"))?;
        let mut json = Vec::new();
        // What is there counts: Go does not end the stream.
        GzDecoder::new(&bytes[..]).take(LONGEST_JSON).read_to_end(&mut json).ok();
        let first = serde_json::Deserializer::from_slice(&json).into_iter::<Map<String, Value>>().next();
        match first {
            Some(Ok(attributes)) => {
                Self::of_json(attributes).ok_or_else(|| refused("has attributes that are no keys"))
            }
            _ => Err(refused("is cut off, or is no token")),
        }
    }

    fn of_json(attributes: Map<String, Value>) -> Option<Self> {
        let attribute = |(name, slots): (String, Value)| {
            let mut filled = slots.as_object()?.iter().filter(|(_, value)| !value.is_null());
            let (Some((kind, value)), None) = (filled.next(), filled.next()) else { return None };
            Some((name, KeyValue::of(kind, value.as_str()?)?))
        };
        attributes.into_iter().map(attribute).collect::<Option<_>>().map(Self)
    }
}

fn refused(why: &str) -> Error {
    Error::argument("after", format!("after must be the token of a page of the same list: this one {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{GlobalIndex, LocalIndex};

    /// Written by Go: the gzip stream is not ended.
    const OF_ONE: &str = "43hq9ZEtH5MmQ4HqcunoWHkJBoQUnu22Dsa1L9xdfG7ReiUJqPULC8AqoQxYg3jswJH4gGSncjrachbipBHxxmvTAryjUCj2sTomdzs8";
    const OF_TWO: &str = "4LQSuHfbVnLdzmFHWfVVyQ54yHndKHPiaEkqh3tfrgidCttp4aSJS3EnCcgMLJHGZMfmyCAvsuzm1eDRLhLu8jT2YMxFUuvEmiWhLQWg3wABpLVRYzZPtv2";
    /// Complete, and without the kinds that a value is not.
    const COMPACT: &str = "8a9auzgrsfLv7HTs843V517DSw7jodM4v3xzAYzRHnm4pDASzizFSRPNVnxT9f4MexcLj2P";

    #[test]
    fn tokens_of_go_are_read() {
        assert_eq!(Position::from_token(OF_ONE).unwrap(), Position::of([("id", "welcome")]));
        let two = Position::of([("id", "agent"), ("name", "a/2")]);
        assert_eq!(Position::from_token(OF_TWO).unwrap(), two);
        assert_eq!(Position::from_token(COMPACT).unwrap(), two);
    }

    #[test]
    fn a_token_reads_as_what_it_was_made_of() {
        let mut position = Position::of([("id", "é&<>\u{2028}"), ("name", "\0\"\\")]);
        position.0.insert("n".into(), KeyValue::Number("-1.5".into()));
        position.0.insert("b".into(), KeyValue::Binary("AP94".into()));
        assert_eq!(Position::from_token(&position.to_token().unwrap()).unwrap(), position);
    }

    #[test]
    fn the_json_of_a_token_is_as_go_writes_it() {
        let token = Position::of([("id", "agent"), ("name", "a/2")]).to_token().unwrap();
        let mut json = String::new();
        GzDecoder::new(&base58::decode(&token).unwrap()[..]).read_to_string(&mut json).unwrap();
        let slots = |text: &str| {
            format!(
                r#"{{"B":null,"BOOL":null,"BS":null,"L":null,"M":null,"N":null,"NS":null,"NULL":null,"S":"{text}","SS":null}}"#
            )
        };
        assert_eq!(json, format!("{{\"id\":{},\"name\":{}}}\n", slots("agent"), slots("a/2")));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let cut = &OF_TWO[..OF_TWO.len() / 2];
        let empty = Position::default().to_token().unwrap();
        for wrong in ["", "0", "nonsense", "é", cut, &"2".repeat(LONGEST + 1)] {
            assert_eq!(Position::from_token(wrong).unwrap_err().field(), Some("after"), "{wrong}");
        }
        assert!(Position::from_token(&empty).unwrap().check("p", None).is_err());
    }

    #[test]
    fn a_position_has_keys_that_a_record_can_have() {
        let local = Index::Local(LocalIndex { name: "loc".into(), sort_key: "created".into() });
        let global =
            Index::Global(GlobalIndex { name: "glo".into(), hash_key: "pk1".into(), sort_key: "sk1".into() });
        let (key, partition) = ("k".repeat(1_024), "p".repeat(2_048));
        let (long, longer) = (format!("{key}k"), format!("{partition}p"));
        Position::of([("id", &*partition), ("name", &key)]).check(&partition, None).unwrap();
        for name in ["", &long] {
            Position::of([("id", "p"), ("name", name)]).check("p", None).unwrap_err();
            let position = Position::of([("id", "p"), ("name", "k"), ("created", name)]);
            position.check("p", Some(&local)).unwrap_err();
        }
        for id in ["", &longer] {
            let position = Position::of([("id", id), ("name", "k"), ("pk1", "p"), ("sk1", "s")]);
            position.check("p", Some(&global)).unwrap_err();
        }
        let sorted_by = |value: KeyValue| {
            let mut position = Position::of([("id", "p"), ("name", "k")]);
            position.0.insert("created".into(), value);
            position.check("p", Some(&local))
        };
        sorted_by(KeyValue::Number("-1.5E+100".into())).unwrap();
        sorted_by(KeyValue::Binary("AP94".into())).unwrap();
        for wrong in [
            KeyValue::Number(String::new()),
            KeyValue::Number("one".into()),
            KeyValue::Number("1".repeat(201)),
            KeyValue::Binary(String::new()),
            KeyValue::Binary("A".repeat(1_369)),
        ] {
            assert_eq!(sorted_by(wrong).unwrap_err().field(), Some("after"));
        }
    }

    #[test]
    fn a_token_holds_for_its_list_only() {
        let local = Index::Local(LocalIndex { name: "l".into(), sort_key: "created".into() });
        let global =
            Index::Global(GlobalIndex { name: "g".into(), hash_key: "pk1".into(), sort_key: "sk1".into() });
        let of_table = Position::of([("id", "p"), ("name", "k")]);
        let of_local = Position::of([("id", "p"), ("name", "k"), ("created", "c")]);
        let of_global = Position::of([("id", "p"), ("name", "k"), ("pk1", "u"), ("sk1", "s")]);
        for (position, index, partition) in
            [(&of_table, None, "p"), (&of_local, Some(&local), "p"), (&of_global, Some(&global), "u")]
        {
            position.check(partition, index).unwrap();
            position.check("another", index).unwrap_err();
            for other in [None, Some(&local), Some(&global)].into_iter().filter(|other| *other != index) {
                position.check(partition, other).unwrap_err();
            }
        }
    }
}
