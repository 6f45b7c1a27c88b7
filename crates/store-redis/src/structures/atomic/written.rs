//! Scripts for atomic writes of few operations, written for what these are: half the work of the script for any.

use std::collections::HashMap;
use std::sync::Arc;

use redkv_core::lock::Lock;
use redkv_structures::{Change, Write};

use super::{first, is_simple, letter, words};
use crate::structures::scripts::Script;

/// A server keeps scripts for ever: no more of them than this are written, nor longer ones.
const MOST: usize = 128;
const MOST_WRITES: usize = 16;
const MOST_WORDS: usize = 32;

/// The scripts that were written, by the shape of what they write.
#[derive(Default)]
pub(crate) struct Written(Lock<HashMap<Vec<u8>, Arc<Script>>>);

impl Written {
    /// Returns the script for `writes`, unless the one for any is to be taken. `pairs` are those with a companion.
    pub(crate) fn script(&self, writes: &[Write], pairs: &[bool]) -> Option<Arc<Script>> {
        let all: usize = writes.iter().map(|write| words(&write.change, false)).sum();
        if writes.len() > MOST_WRITES
            || all > MOST_WORDS
            || !writes.iter().all(|write| is_simple(&write.change))
        {
            return None;
        }
        let shape: Vec<u8> = writes.iter().zip(pairs).flat_map(|(write, pair)| shape(write, *pair)).collect();
        let mut scripts = self.0.lock();
        if let Some(script) = scripts.get(&shape) {
            return Some(script.clone());
        }
        if scripts.len() >= MOST {
            return None;
        }
        let script = Arc::new(Script::written(text(writes, pairs)));
        scripts.insert(shape, script.clone());
        Some(script)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are few words")]
fn shape(write: &Write, is_paired: bool) -> Vec<u8> {
    let mut shape = letter(&write.change).to_vec();
    shape.extend([words(&write.change, false) as u8, u8::from(is_paired)]);
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
}

/// What is wrong with a counter; see the script for any writes.
const MISCOUNT: &str = include_str!("../scripts/miscount.lua");

fn text(writes: &[Write], pairs: &[bool]) -> String {
    let (mut own, mut key, mut word) = (Vec::with_capacity(writes.len()), 1, 1);
    for (number, (write, is_paired)) in (1..).zip(writes.iter().zip(pairs)) {
        own.push(Own { change: &write.change, number, key, word, is_paired: *is_paired });
        key += 1 + usize::from(*is_paired);
        word += words(&write.change, false);
    }
    let first = first(writes).checked_sub(1);
    let mut text = "local p,K,A=redis.pcall,KEYS,ARGV local x,u\n".to_owned();
    let has_conditions = writes.iter().any(|write| write.change.conditions() > 0);
    if has_conditions {
        text.push_str("local f,r={},false local function c(h) f[#f+1]=h and 0 or 1 r=r or not h end\n");
    }
    if own.iter().any(|own| matches!(own.change, Change::IncrBy(_))) && (has_conditions || own.len() > 1) {
        text.push_str(MISCOUNT);
    }
    own.iter().enumerate().filter(|(n, _)| Some(*n) != first).for_each(|(_, own)| own.look(&mut text));
    if has_conditions {
        if let Some(first) = first {
            text.push_str("if r then\n");
            own[first].look(&mut text);
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
    /// Looks whether it can be made.
    fn look(&self, text: &mut String) {
        let (key, word) = (self.key, self.word);
        let checked = &format!("if type(x)=='table' then {} end", self.returned());
        let line = match self.change {
            Change::Set(_) | Change::Delete => return,
            Change::SetNx(_) => format!("c(p('EXISTS',K[{key}])==0)"),
            Change::SetXx(_) | Change::DeleteXx => format!("c(p('EXISTS',K[{key}])==1)"),
            Change::SetEq { .. } => format!("x=p('GET',K[{key}]) {checked} c(x==A[{word}])"),
            Change::IncrBy(_) => format!(
                "x=p('GET',K[{key}]) {checked} if x and not u then u=miscount(x,A[{}],A[{}]) if u then u.err=u.err..\" '{}\" end end",
                word + 1,
                word + 2,
                self.number
            ),
            Change::SAdd(_) | Change::SRem(_) => format!("x=p('SCARD',K[{key}]) {checked}"),
            Change::Hash { set, set_new, .. } => {
                let mut line = format!("x=p('HLEN',K[{key}]) {checked}");
                for n in 0..set_new.len() {
                    let field = word + 2 * (set.len() + n);
                    line.push_str(&format!(" c(p('HEXISTS',K[{key}],A[{field}])==0)"));
                }
                line
            }
            Change::ZAddNx { .. } => {
                format!("x=p('ZSCORE',K[{key}],A[{}]) {checked} c(not x)", word + 1)
            }
            Change::ZAdd { .. } | Change::ZRem { .. } => format!("x=p('ZCARD',K[{key}]) {checked}"),
        };
        text.push_str(&line);
        if self.has_value() {
            text.push_str(&format!(" x=p('HLEN',K[{}]) {checked}", key + 1));
        }
        text.push('\n');
    }

    /// Returns the error in `x`, with the number of the write.
    fn returned(&self) -> String {
        format!("x.err=x.err..\" '{}\" return x", self.number)
    }

    fn has_value(&self) -> bool {
        let (Change::ZAdd { member, .. } | Change::ZAddNx { member, .. }) = self.change else { return false };
        member.is_some()
    }

    /// Makes it. Before anything is made, what fails is returned.
    fn write(&self, text: &mut String, is_dirty: &mut bool) {
        let (key, word) = (self.key, self.word);
        let mut call = |name: &str, key: usize, from: usize, count: usize| {
            text.push_str(&format!("x=p('{name}',K[{key}]"));
            (from..from + count).for_each(|word| text.push_str(&format!(",A[{word}]")));
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
                    text.push_str(&format!("p('UNLINK',K[{}])\n", key + 1));
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
                    None => text.push_str(&format!("p('HDEL',K[{}],A[{}])\n", key + 1, word + 1)),
                }
            }
            Change::ZRem { .. } => {
                call("ZREM", key, word, 1);
                text.push_str(&format!("p('HDEL',K[{}],A[{word}])\n", key + 1));
            }
        }
    }
}
