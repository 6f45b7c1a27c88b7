//! Scripts for atomic writes of few operations, written for what these are: half the work of the script for any.

use std::collections::HashMap;
use std::sync::Arc;

use redkv_core::lock::Lock;
use redkv_structures::{Change, Write};
use smallvec::SmallVec;

use super::{Form, first, forms, is_simple, letter, words};
use crate::structures::scripts::Script;

/// A server keeps scripts for ever: no more of them than this are written, nor longer ones.
const MOST: usize = 128;
const MOST_WRITES: usize = 16;
const MOST_WORDS: usize = 32;

/// The scripts that were written, by the shape of what they write, and whether they are for several atomic writes.
#[derive(Default)]
pub(crate) struct Written(Lock<HashMap<(Shape, bool), Arc<Script>>>);

/// What a script depends on.
pub(crate) type Shape = SmallVec<[u8; 64]>;

/// Returns the shape of `writes`, unless the script for any is to be taken. `pairs` are those with a companion.
pub(super) fn shape(writes: &[Write], pairs: &[bool]) -> Option<Shape> {
    let all: usize = writes.iter().map(|write| words(&write.change, Form::Own)).sum();
    if writes.len() > MOST_WRITES || all > MOST_WORDS || !writes.iter().all(|write| is_simple(&write.change))
    {
        return None;
    }
    Some(writes.iter().zip(pairs).flat_map(|(write, pair)| shape_of_one(write, *pair)).collect())
}

impl Written {
    /// Returns the script for writes of the shape of `writes`, unless the one for any is to be taken.
    pub(super) fn script(
        &self,
        shape: Shape,
        writes: &[Write],
        pairs: &[bool],
        are_many: bool,
    ) -> Option<Arc<Script>> {
        let shape = (shape, are_many);
        let mut scripts = self.0.lock();
        if let Some(script) = scripts.get(&shape) {
            return Some(script.clone());
        }
        if scripts.len() >= MOST {
            return None;
        }
        let script = Arc::new(Script::written(text(writes, pairs, are_many)));
        scripts.insert(shape, script.clone());
        Some(script)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are few words")]
fn shape_of_one(write: &Write, is_paired: bool) -> SmallVec<[u8; 8]> {
    let mut shape = SmallVec::from_slice(letter(&write.change));
    shape.extend([words(&write.change, Form::Own) as u8, u8::from(is_paired)]);
    if let Change::Hash { set, set_new, .. } = &write.change {
        shape.extend([set.len() as u8, set_new.len() as u8]);
    }
    shape
}

/// A write, and where its keys and words are: all from 1 on.
struct Own<'a> {
    change: &'a Change,
    number: usize,
    key: usize,
    word: usize,
    is_paired: bool,
    /// Whether the script is for several atomic writes.
    are_many: bool,
    /// Whether the script gives companions no fields.
    adds_no_values: bool,
}

/// What is wrong with a counter; see the script for any writes.
const MISCOUNT: &str = include_str!("../scripts/miscount.lua");

fn text(writes: &[Write], pairs: &[bool], are_many: bool) -> String {
    let (mut own, mut key, mut word) = (Vec::with_capacity(writes.len()), 1, 1);
    let adds_no_values = !writes.iter().any(|write| has_value(&write.change));
    for (number, ((write, is_paired), form)) in (1..).zip(writes.iter().zip(pairs).zip(forms(writes))) {
        let (change, is_paired) = (&write.change, *is_paired);
        own.push(Own { change, number, key, word, is_paired, are_many, adds_no_values });
        key += 1 + usize::from(is_paired);
        word += words(change, form);
    }
    let mut text = "local p,K,A,type=redis.pcall,KEYS,ARGV,type\n".to_owned();
    let body = body(writes, &own);
    if body.contains("miscount") {
        text.push_str(MISCOUNT);
    }
    if !are_many {
        text.push_str(&body);
        return text;
    }
    let (keys, words) = (key - 1, word - 1);
    // The keys that were looked at, by their places, and whether there are companions.
    text.push_str(&format!("local s,h={{}},{{}} local function w(k,a)\n{body} end\n"));
    text.push_str(&format!("local d={{}} for n=0,#K/{keys}-1 do d[n+1]=w({keys}*n,{words}*n) end return d"));
    text
}

/// What is done for one atomic write.
fn body(writes: &[Write], own: &[Own<'_>]) -> String {
    let first = first(writes).checked_sub(1);
    let mut text = "local x,u\n".to_owned();
    let has_conditions = writes.iter().any(|write| write.change.conditions() > 0);
    if has_conditions {
        text.push_str("local f,r={},false local function c(h) f[#f+1]=h and 0 or 1 r=r or not h end\n");
    }
    own.iter().enumerate().filter(|(n, _)| Some(*n) != first).for_each(|(_, own)| own.look(&mut text, true));
    if has_conditions {
        if let Some(first) = first {
            text.push_str("if r then\n");
            own[first].look(&mut text, false);
            text.push_str("end\n");
        }
        text.push_str("if u then return u end if r then return f end\n");
    } else {
        text.push_str("if u then return u end\n");
    }
    let mut is_dirty = false;
    let order = first.into_iter().chain((0..own.len()).filter(|n| Some(*n) != first));
    order.for_each(|n| own[n].write(&mut text, &mut is_dirty));
    text.push_str("return 1");
    text
}

impl Own<'_> {
    fn key(&self, place: usize) -> String {
        if self.are_many { format!("K[k+{place}]") } else { format!("K[{place}]") }
    }

    fn word(&self, place: usize) -> String {
        if self.are_many { format!("A[a+{place}]") } else { format!("A[{place}]") }
    }

    /// Looks whether it can be made: each time, or once where the same key follows in the same place.
    fn look(&self, text: &mut String, once: bool) {
        let (own, checked) = (self.key(self.key), self.checked());
        let line = match self.change {
            Change::Set(_) | Change::Delete => return,
            Change::SetNx(_) => format!("c(p('EXISTS',{own})==0)"),
            Change::SetXx(_) | Change::DeleteXx => format!("c(p('EXISTS',{own})==1)"),
            Change::SetEq { .. } => format!("x=p('GET',{own}) {checked} c(x=={})", self.word(self.word)),
            Change::IncrBy(_) => {
                let (side, most, number) = (self.word(self.word + 1), self.word(self.word + 2), self.number);
                format!(
                    "x=p('GET',{own}) {checked} if x and not u then u=miscount(x,{side},{most}) if u then u.err=u.err..\" '{number}\" end end"
                )
            }
            Change::SAdd(_) | Change::SRem(_) => self.look_at_kind("SCARD", self.key, once),
            Change::Hash { set_new, .. } if set_new.is_empty() => self.look_at_kind("HLEN", self.key, once),
            Change::Hash { set, set_new, .. } => {
                let look = |n| {
                    let field = self.word(self.word + 2 * (set.len() + n));
                    format!("x=p('HEXISTS',{own},{field}) {checked} c(x==0) ")
                };
                (0..set_new.len()).map(look).collect()
            }
            Change::ZAddNx { .. } => {
                format!("x=p('ZSCORE',{own},{}) {checked} c(not x)", self.word(self.word + 1))
            }
            Change::ZAdd { .. } | Change::ZRem { .. } => self.look_at_kind("ZCARD", self.key, once),
        };
        text.push_str(&line);
        if has_value(self.change) {
            text.push_str(&format!(" {}", self.look_at_kind("HLEN", self.key + 1, once)));
        }
        text.push('\n');
    }

    /// Looks whether the key at `place` has the kind of a command.
    fn look_at_kind(&self, name: &str, place: usize, once: bool) -> String {
        let key = self.key(place);
        let look = format!("x=p('{name}',{key}) {}", self.checked());
        // An atomic write has a key in one place. So nothing else has changed its kind since the one before.
        if self.are_many && once {
            format!("if {key}~=s[{place}] then {look} s[{place}]={key} end")
        } else {
            look
        }
    }

    /// Returns the error in `x`, if it is one.
    fn checked(&self) -> String {
        format!("if type(x)=='table' then {} end", self.returned())
    }

    /// Returns the error in `x`, with the number of the write.
    fn returned(&self) -> String {
        format!("x.err=x.err..\" '{}\" return x", self.number)
    }

    /// Makes it. Before anything is made, what fails is returned.
    fn write(&self, text: &mut String, is_dirty: &mut bool) {
        let (key, word) = (self.key, self.word);
        let mut call = |name: &str, key: usize, from: usize, count: usize| {
            text.push_str(&format!("x=p('{name}',{}", self.key(key)));
            (from..from + count).for_each(|word| text.push_str(&format!(",{}", self.word(word))));
            let broken = if *is_dirty { "return {err='REDKVPARTLY'}".to_owned() } else { self.returned() };
            let fails = if name == "SET" { "x.err" } else { "type(x)=='table'" };
            text.push_str(&format!(") if {fails} then {broken} end\n"));
            *is_dirty = true;
        };
        match self.change {
            Change::Set(_) | Change::SetNx(_) | Change::SetXx(_) => call("SET", key, word, 1),
            Change::SetEq { .. } => call("SET", key, word + 1, 1),
            Change::Delete | Change::DeleteXx => {
                call("DEL", key, word, 0);
                if self.is_paired {
                    text.push_str(&format!("p('UNLINK',{})\n", self.key(key + 1)));
                }
            }
            Change::IncrBy(_) => call("INCRBY", key, word, 1),
            Change::SAdd(members) => call("SADD", key, word, members.len()),
            Change::SRem(members) => call("SREM", key, word, members.len()),
            Change::Hash { set, set_new, delete } => {
                let written = 2 * (set.len() + set_new.len());
                if written > 0 {
                    call("HSET", key, word, written);
                }
                if !delete.is_empty() {
                    call("HDEL", key, word + written, delete.len());
                }
            }
            Change::ZAdd { member, .. } | Change::ZAddNx { member, .. } => {
                call("ZADD", key, word, 2);
                match member {
                    Some(_) => call("HSET", key + 1, word + 1, 2),
                    None => self.forget_value(text, word + 1),
                }
            }
            Change::ZRem { .. } => {
                call("ZREM", key, word, 1);
                self.forget_value(text, word);
            }
        }
    }

    /// Removes what the companion has of a field, if there is one.
    fn forget_value(&self, text: &mut String, field: usize) {
        let (place, key) = (self.key + 1, self.key(self.key + 1));
        let forget = format!("p('HDEL',{key},{})", self.word(field));
        text.push_str(&if self.are_many && self.adds_no_values {
            let look = format!("s[{place}]={key} h[{place}]=p('EXISTS',{key})~=0");
            format!("if {key}~=s[{place}] then {look} end if h[{place}] then {forget} end\n")
        } else {
            format!("{forget}\n")
        });
    }
}

/// Returns whether a field is put with a value.
fn has_value(change: &Change) -> bool {
    matches!(change, Change::ZAdd { member: Some(_), .. } | Change::ZAddNx { member: Some(_), .. })
}
