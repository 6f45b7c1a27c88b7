//! Atomic writes as calls of scripts: those that come together and are alike have one call, which makes each by itself.

use std::sync::Arc;

use redis::Value;
use redkv_core::error::Outcome;
use redkv_core::store::{Answers, answer_all};
use redkv_structures::{AtomicAnswer, Write};
use smallvec::{SmallVec, smallvec};

use super::written::{Shape, Written, shape};
use super::{Form, first, forms, letter, needs_companion, put_words, read, words};
use crate::protocol::request::Request;
use crate::structures::answers::{error_of_reply, stray};
use crate::structures::place::Place;
use crate::structures::scripts::{ATOMIC, Named, Script};

/// One call of a script.
pub(crate) struct Call<'a> {
    /// The atomic writes, all of one shape.
    all: SmallVec<[&'a [Write]; 1]>,
    shape: Option<Shape>,
    /// Which keys bring a companion along.
    pairs: Vec<bool>,
    /// The script that is written for them, unless it is the one for any.
    own: Option<Arc<Script>>,
}

/// The most operations of one call: a server does nothing else meanwhile.
const MOST_OF_A_CALL: usize = 64;

impl<'a> Call<'a> {
    /// Returns the calls for atomic writes, in their order. Those that follow each other and are alike go together, unless
    /// they are to be apart.
    pub(crate) fn of(
        all: impl Iterator<Item = &'a [Write]>,
        written: &Written,
        are_apart: bool,
    ) -> Vec<Self> {
        let mut calls: Vec<Self> = Vec::new();
        for writes in all {
            let call = Self::unwritten(writes, |_| true);
            match calls.last_mut() {
                Some(last) if !are_apart && last.has_room_for(&call) => last.all.push(writes),
                _ => calls.push(call),
            }
        }
        calls.into_iter().flat_map(|call| call.with_script(written)).collect()
    }

    /// Returns the call for one atomic write. `is_paired` says whether a key that may have a companion brings it along.
    pub(crate) fn of_one(writes: &'a [Write], written: &Written, is_paired: impl Fn(&Write) -> bool) -> Self {
        let mut call = Self::unwritten(writes, is_paired);
        call.own = call.script(written);
        call
    }

    fn unwritten(writes: &'a [Write], is_paired: impl Fn(&Write) -> bool) -> Self {
        let pair = |write: &Write| needs_companion(&write.change) && is_paired(write);
        let pairs: Vec<bool> = writes.iter().map(pair).collect();
        Self { all: smallvec![writes], shape: shape(writes, &pairs), pairs, own: None }
    }

    fn has_room_for(&self, call: &Self) -> bool {
        let is_alike = self.shape.is_some() && self.shape == call.shape;
        is_alike && (self.all.len() + 1) * self.pairs.len() <= MOST_OF_A_CALL
    }

    fn script(&self, written: &Written) -> Option<Arc<Script>> {
        written.script(self.shape.clone()?, self.all[0], &self.pairs, self.are_many())
    }

    /// The same with its script. The one for any makes one atomic write.
    fn with_script(mut self, written: &Written) -> SmallVec<[Self; 1]> {
        self.own = self.script(written);
        if self.own.is_some() || !self.are_many() {
            return smallvec![self];
        }
        let Self { all, shape, pairs, own } = self;
        let one = |writes| Self {
            all: smallvec![writes],
            shape: shape.clone(),
            pairs: pairs.clone(),
            own: own.clone(),
        };
        all.into_iter().map(one).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn are_many(&self) -> bool {
        self.all.len() > 1
    }

    /// Returns the script that is called, if it is written for these writes.
    pub(crate) fn own(&self) -> Option<&Script> {
        self.own.as_deref()
    }

    /// Returns about how many words and bytes it takes in a request.
    pub(crate) fn size(&self, prefix: &[u8]) -> (usize, usize) {
        let bytes = |write: &Write| write.change.bytes() + 3 * (prefix.len() + write.key.len()) + 64;
        let writes = self.all.iter().flat_map(|writes| writes.iter());
        (6 * self.pairs.len() * self.len(), writes.map(bytes).sum())
    }

    /// Writes the call.
    pub(crate) fn ask(&self, request: &mut Request, prefix: &[u8], named: Named) {
        match &self.own {
            Some(script) => self.ask_own(request, prefix, named, script),
            None => self.ask_any(request, prefix, named),
        }
    }

    fn ask_own(&self, request: &mut Request, prefix: &[u8], named: Named, script: &Script) {
        let forms = forms(self.all[0]);
        let own = self.all[0].iter().zip(&forms).map(|(write, form)| words(&write.change, *form));
        script.call(request, named, self.keys() * self.len(), own.sum::<usize>() * self.len());
        for writes in &self.all {
            self.put_keys(request, prefix, writes);
        }
        for (write, form) in self.all.iter().flat_map(|writes| writes.iter().zip(&forms)) {
            put_words(request, &write.change, *form);
        }
    }

    fn ask_any(&self, request: &mut Request, prefix: &[u8], named: Named) {
        let writes = self.all[0];
        let words = |write: &Write| words(&write.change, Form::Any);
        let all = 1 + 3 * writes.len() + writes.iter().map(words).sum::<usize>();
        ATOMIC.call(request, named, self.keys(), all);
        self.put_keys(request, prefix, writes);
        request.number(first(writes) as u64);
        for (write, is_paired) in writes.iter().zip(&self.pairs) {
            request.arg(letter(&write.change)).number(if *is_paired { 2 } else { 1 });
            request.number(words(write) as u64);
            put_words(request, &write.change, Form::Any);
        }
    }

    fn keys(&self) -> usize {
        self.pairs.len() + self.pairs.iter().filter(|is_paired| **is_paired).count()
    }

    fn put_keys(&self, request: &mut Request, prefix: &[u8], writes: &[Write]) {
        for (write, is_paired) in writes.iter().zip(&self.pairs) {
            let place = Place { prefix, key: &write.key };
            if *is_paired { place.put_pair(request) } else { place.put(request) }
        }
    }

    /// Returns the answers, from the reply to the call.
    pub(crate) fn answers(&self, reply: Value) -> Answers<AtomicAnswer> {
        let all = |error| answer_all(self.len(), &Err(error));
        match reply {
            reply if !self.are_many() => vec![read(self.all[0], reply)],
            Value::Array(replies) if replies.len() == self.len() => {
                self.all.iter().zip(replies).map(|(writes, reply)| read(writes, reply)).collect()
            }
            // What ends a script before its time leaves what is made.
            Value::ServerError(error) if error.code() == "ERR" => {
                all(error_of_reply(&error).outcome(Outcome::Unknown))
            }
            Value::ServerError(error) => all(error_of_reply(&error)),
            _ => all(stray()),
        }
    }
}
