//! One `Records` of JavaScript: an instance whose only store looks at the table, and the table.

use std::rc::Rc;
use std::sync::Arc;

use redkv::chain::Weight;
use redkv::error::Result;
use redkv::operation::RecordOperation;
use redkv::records::{Command, RecordTable, TableShape};

use crate::api::instance::Instance;
use crate::api::service::Service;
use crate::bridge::completions::Outcome;
use crate::bridge::promises::Format;

/// A table of records with its way to the I/O thread.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) instance: Rc<Instance>,
    pub(super) table: Arc<RecordTable>,
}

impl Service for Handle {
    type Operation = RecordOperation;

    fn instance(&self) -> &Rc<Instance> {
        &self.instance
    }

    fn name(&self) -> &'static str {
        self.table.name()
    }
}

impl Handle {
    /// Notes an operation, and returns the place of its promise; fails if there is no room for it.
    pub(super) fn gather(&self, command: Command) -> Result<i32> {
        let load = Weight { operations: 1, bytes: command.bytes() };
        self.instance.check(load, command.action.operation().into())?;
        let desk = self.table.desk();
        Ok(self.instance.gather_command(desk, command, Format::Text, load, Outcome::Record))
    }

    /// Begins to make the table, and returns the place of its promise.
    pub(super) fn create_table(&self, shape: TableShape) -> i32 {
        let table = self.table.clone();
        let operation = RecordOperation::CreateTable.into();
        self.instance.gather_task(Weight::default(), operation, move |done| async move {
            done.settle(table.create_table(shape).await);
        })
    }
}
