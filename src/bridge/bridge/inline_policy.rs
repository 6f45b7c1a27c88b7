//! Inline I/O: while few operations are in flight, the JavaScript thread sends them itself and reads their answers,
//! instead of handing them to the I/O thread and back.

use std::cell::Cell;

/// Decides which thread sends the operations of a turn.
#[derive(Debug, Default)]
pub(crate) struct InlinePolicy {
    /// Turns in a row with few operations.
    calm_turns: Cell<u32>,
    state: Cell<State>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nobody has asked yet whether this process can do it.
    #[default]
    Unknown,
    Impossible,
    Closed,
    Open,
}

/// Operations in flight, from which on two threads do more than one.
const FEW: usize = 16;
/// Keys in one turn, likewise.
const FEW_KEYS: usize = 128;
/// Turns with few operations before they are sent inline: a change of threads costs some system calls.
const CALM: u32 = 32;

/// The thread that sends the operations of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Through the I/O thread, as before.
    IoThread,
    /// Through the I/O thread from now on.
    LeaveInline,
    /// Here, as before.
    Inline,
    /// Here from now on.
    EnterInline,
}

impl InlinePolicy {
    /// Begins anew, with whether this process can do it, as far as that is known.
    pub(crate) fn begin(&self, is_possible: bool) {
        self.calm_turns.set(0);
        self.state.set(if is_possible { State::Unknown } else { State::Impossible });
    }

    /// For a process that cannot do it.
    pub(crate) fn rule_out(&self) {
        self.state.set(State::Impossible);
    }

    /// Returns the route of a turn with `keys` keys, while `pending` operations are in flight.
    pub(crate) fn route(&self, pending: usize, keys: usize) -> Route {
        if self.state.get() == State::Impossible {
            return Route::IoThread;
        }
        if pending > FEW || keys > FEW_KEYS {
            self.calm_turns.set(0);
            return if self.state.get() == State::Open { Route::LeaveInline } else { Route::IoThread };
        }
        if self.state.get() == State::Open {
            return Route::Inline;
        }
        self.calm_turns.set(self.calm_turns.get().saturating_add(1));
        if self.calm_turns.get() < CALM { Route::IoThread } else { Route::EnterInline }
    }

    /// The sockets are looked after by this thread now, or no longer.
    pub(crate) fn set_open(&self, open: bool) {
        self.state.set(if open { State::Open } else { State::Closed });
    }

    /// Whether this process was asked whether it can do it.
    pub(crate) fn is_known(&self) -> bool {
        self.state.get() != State::Unknown
    }
}
