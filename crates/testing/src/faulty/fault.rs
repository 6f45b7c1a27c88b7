//! The ways in which a call goes wrong.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use redkv_core::entry::Key;
use redkv_core::error::Error;

/// What a store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`Store::init`](redkv_core::store::Store::init).
    Init,
    /// [`Store::get`](redkv_core::store::Store::get).
    Get,
    /// [`Store::has`](redkv_core::store::Store::has).
    Has,
    /// [`Store::set`](redkv_core::store::Store::set) with [`SetMode::Always`](redkv_core::store::SetMode::Always).
    Set,
    /// [`Store::set`](redkv_core::store::Store::set) with [`SetMode::IfAbsent`](redkv_core::store::SetMode::IfAbsent), as back-fills are.
    SetIfAbsent,
    /// [`Store::delete`](redkv_core::store::Store::delete).
    Delete,
    /// [`Store::keys`](redkv_core::store::Store::keys).
    Keys,
    /// [`Store::clear`](redkv_core::store::Store::clear).
    Clear,
    /// [`Store::close`](redkv_core::store::Store::close).
    Close,
}

/// A call that came to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What was asked for.
    pub operation: Operation,
    /// The keys of the batch; none for what is not asked of keys.
    pub keys: Vec<Key>,
    /// What was to be written under them, for writes.
    pub values: Vec<Bytes>,
}

/// A way in which a call goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Fails without reaching the store.
    Fail(Error),
    /// Reaches the store; the answer is lost, and this error comes in its place.
    LoseAnswer(Error),
    /// Waits at the gate before it reaches the store. A gate that never opens is a store that hangs.
    HoldBefore(Gate),
    /// Reaches the store, and waits at the gate before it answers.
    HoldAfter(Gate),
    /// Panics in the method itself.
    PanicAtOnce,
    /// Panics in the future that the method made.
    Panic,
    /// Answers one key too few.
    AnswerTooFew,
    /// Answers with the first page of keys, or of what is to be cleared, again and again.
    NoEnd,
}

/// Where calls wait until a test lets them pass.
#[derive(Clone, Debug)]
pub struct Gate(Arc<GateState>);

#[derive(Debug)]
struct GateState {
    arrivals: Semaphore,
    passes: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(GateState { arrivals: Semaphore::new(0), passes: Semaphore::new(0) }))
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until a call is at the gate; every call is waited for once.
    pub async fn arrival(&self) {
        if let Ok(arrival) = self.0.arrivals.acquire().await {
            arrival.forget();
        }
    }

    /// Lets one call pass, now or when it comes.
    pub fn let_one_pass(&self) {
        self.0.passes.add_permits(1);
    }

    /// Lets all calls pass from now on.
    pub fn open(&self) {
        self.0.passes.close();
    }

    pub(super) async fn pass(&self) {
        self.0.arrivals.add_permits(1);
        // An error means that the gate is open for good.
        if let Ok(pass) = self.0.passes.acquire().await {
            pass.forget();
        }
    }
}
