//! Commands of one turn of the event loop for a service that is no store.

use std::any::Any;
use std::sync::Arc;

use redkv::desk::{Desk, Receiver, Subject};
use redkv::error::{Error, Result};

use crate::bridge::completions::{Completions, Outcome};
use crate::bridge::replies::TurnReplies;

/// Commands for one desk, in the order of their calls.
pub(crate) struct Commands<S: Subject> {
    desk: Arc<Desk<S>>,
    commands: Vec<S::Command>,
    slots: Vec<u32>,
    completions: Arc<Completions>,
    outcome: fn(Result<S::Answer>) -> Outcome,
}

/// Commands of any service.
pub(crate) trait AnyCommands: Send {
    /// How many there are.
    fn len(&self) -> usize;

    /// Hands them over.
    fn start(self: Box<Self>);

    /// Answers all of them with `error`.
    fn fail(self: Box<Self>, error: &Error);

    fn as_any(&mut self) -> &mut dyn Any;
}

impl<S: Subject> Commands<S> {
    /// None yet. Their answers go to `completions`, as `outcome` makes them.
    pub(crate) fn new(
        desk: Arc<Desk<S>>,
        completions: Arc<Completions>,
        outcome: fn(Result<S::Answer>) -> Outcome,
    ) -> Self {
        Self { desk, commands: Vec::new(), slots: Vec::new(), completions, outcome }
    }

    /// Adds a command, whose promise is in `slot`.
    pub(crate) fn push(&mut self, command: S::Command, slot: u32) {
        self.commands.push(command);
        self.slots.push(slot);
    }

    /// Whether they are for this desk.
    pub(crate) fn are_for(&self, desk: &Arc<Desk<S>>) -> bool {
        Arc::ptr_eq(&self.desk, desk)
    }
}

impl<S: Subject> AnyCommands for Commands<S> {
    fn len(&self) -> usize {
        self.commands.len()
    }

    fn start(self: Box<Self>) {
        let Self { desk, commands, slots, completions, outcome } = *self;
        let receiver: Arc<dyn Receiver<S::Answer>> = Arc::new(TurnReplies::new(slots, completions, outcome));
        desk.submit(commands, &receiver);
    }

    fn fail(self: Box<Self>, error: &Error) {
        let Self { slots, completions, outcome, .. } = *self;
        let answers = (0..).zip(&slots).map(|(index, _)| (index, Err(error.clone()))).collect();
        TurnReplies::<S::Answer>::new(slots, completions, outcome).answer(answers);
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
