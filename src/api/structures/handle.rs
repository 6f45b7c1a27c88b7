//! One `Structures` of JavaScript: an instance whose only store has the plain values, and what else there is.

use std::rc::Rc;
use std::sync::Arc;

use redkv::chain::Weight;
use redkv::error::Result;
use redkv::operation::StructureOperation;
use redkv::structures::{Command, Database, Write};

use crate::api::instance::Instance;
use crate::api::service::Service;
use crate::bridge::completions::Outcome;
use crate::bridge::promises::Format;

/// Data structures with their way to the I/O thread.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) instance: Rc<Instance>,
    pub(super) database: Arc<Database>,
}

impl Service for Handle {
    type Operation = StructureOperation;

    fn instance(&self) -> &Rc<Instance> {
        &self.instance
    }

    fn name(&self) -> &'static str {
        self.database.backend().name()
    }
}

impl Handle {
    /// Notes an operation, and returns the place of its promise; fails if there is no room for it.
    pub(super) fn gather(&self, command: Command, format: Format) -> Result<i32> {
        let load = Weight { operations: 1, bytes: command.key.len() + command.action.bytes() };
        let operation = command.action.operation().into();
        self.instance.check(load, operation)?;
        Ok(self.instance.gather_command(self.database.desk(), command, format, load, Outcome::Structure))
    }

    /// Begins an atomic write, after everything that was called before.
    pub(super) fn gather_atomic(&self, writes: Vec<Write>, retries: Option<u32>) -> Result<i32> {
        let bytes = writes.iter().map(|write| write.key.len() + write.change.bytes()).sum();
        let load = Weight { operations: writes.len(), bytes };
        self.instance.check(load, StructureOperation::AtomicWrite.into())?;
        Ok(self.instance.gather_atomic(&self.database, writes, retries, load))
    }

    /// Begins to make the table, and returns the place of its promise.
    pub(super) fn create_table(&self) -> i32 {
        let database = self.database.clone();
        let operation = StructureOperation::CreateTable.into();
        self.instance.gather_task(Weight::default(), operation, move |done| async move {
            done.settle(database.create_table().await);
        })
    }
}
