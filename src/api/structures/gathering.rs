//! Operations on data structures on their way to the I/O thread, in the order of their calls.

use std::rc::Rc;
use std::sync::Arc;

use redkv::chain::Weight;
use redkv::operation::{Operation, StructureOperation};
use redkv::structures::{Command, Database, Write};

use crate::api::instance::{Instance, place_of};
use crate::bridge::io_thread::Job;
use crate::bridge::promises::Format;
use crate::bridge::replies::Deferred;

impl Instance {
    /// Notes an operation on data structures, which was [checked](Instance::check): those of one turn go together.
    pub(super) fn gather_command(
        self: &Rc<Self>,
        database: &Arc<Database>,
        command: Command,
        format: Format,
        load: Weight,
    ) -> i32 {
        let slot = self.open_slot(format, load, command.action.operation().into());
        let is_first = self.begin_gathering();
        let mut gathered = self.gathered.borrow_mut();
        match gathered.jobs.last_mut() {
            Some(Job::Commands { database: last, commands, slots, .. }) if Arc::ptr_eq(last, database) => {
                commands.push(command);
                slots.push(slot);
            }
            _ => gathered.jobs.push(Job::Commands {
                database: database.clone(),
                commands: vec![command],
                slots: vec![slot],
                completions: self.bridge.completions().clone(),
            }),
        }
        place_of(slot, is_first)
    }

    /// Notes an atomic write, which was [checked](Instance::check).
    pub(super) fn gather_atomic(
        self: &Rc<Self>,
        database: &Arc<Database>,
        writes: Vec<Write>,
        retries: Option<u32>,
        load: Weight,
    ) -> i32 {
        let slot = self.open_slot(Format::Nothing, load, StructureOperation::AtomicWrite.into());
        let (database, done) = (database.clone(), self.bridge.completions().done(slot));
        let is_first = self.gather_job(Job::Atomic { database, writes, retries, done });
        place_of(slot, is_first)
    }

    /// Notes a task that ends with a promise, to begin after everything that was called before, and returns the place of
    /// the promise.
    pub(super) fn gather_task<T: Future<Output = ()> + Send + 'static>(
        self: &Rc<Self>,
        load: Weight,
        operation: Operation,
        task: impl FnOnce(Deferred) -> T,
    ) -> i32 {
        let slot = self.open_slot(Format::Nothing, load, operation);
        let task = task(self.bridge.completions().done(slot));
        let is_first = self.gather_job(Job::Task(Box::pin(task)));
        place_of(slot, is_first)
    }
}
