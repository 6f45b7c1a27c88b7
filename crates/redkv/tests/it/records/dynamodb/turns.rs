//! Operations that wait for others on their record.

use std::sync::Arc;
use std::time::Duration;

use redkv::chain::{Chain, TierConfig};
use redkv::clock::SystemClock;
use redkv::desk::Receiver;
use redkv::error::{Error, ErrorKind, Result};
use redkv::records::{Action, Answer, Command, RecordTable, Records, TableShape};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::table::{GET, Table, command, value};

struct Collects(UnboundedSender<Result<Answer>>);

impl Receiver<Answer> for Collects {
    fn answer(&self, answers: Vec<(u32, Result<Answer>)>) {
        answers.into_iter().for_each(|(_, answer)| self.0.send(answer).unwrap());
    }
}

fn on_desk(backend: impl Records, timeout: Duration) -> RecordTable {
    let clock = Arc::new(SystemClock);
    let policy = TierConfig { timeout: Some(timeout), circuit_breaker: None, ..TierConfig::default() };
    RecordTable::new(Arc::new(Chain::new(clock.clone())), Arc::new(backend), policy, clock).unwrap()
}

/// Makes operations that are called together, and returns the answers as they come.
async fn answers(table: &RecordTable, commands: Vec<Command>) -> Vec<Result<Answer>> {
    let (sender, mut receiver) = unbounded_channel();
    let count = commands.len();
    let receive: Arc<dyn Receiver<Answer>> = Arc::new(Collects(sender));
    table.desk().submit(commands, &receive);
    let mut answers = Vec::new();
    while answers.len() < count {
        answers.push(receiver.recv().await.unwrap());
    }
    answers
}

#[tokio::test]
async fn what_waits_for_an_operation_without_an_answer_has_its_deadline_from_its_call_on() {
    let (table, proxy) = Table::behind_proxy().await;
    let backend = table.backend(json!({}));
    backend.init().await.unwrap();
    let records = on_desk(backend, Duration::from_millis(500));
    proxy.hold(true);
    let mut commands: Vec<_> = (0..6).map(|_| command("k", Action::Put(value("v")))).collect();
    commands.extend((0..6).map(|_| command("k", GET)));
    let errors: Vec<Error> =
        answers(&records, commands).await.into_iter().map(|answer| answer.unwrap_err()).collect();
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Timeout), "{errors:?}");
    let begun = errors.iter().filter(|error| error.may_have_applied()).count();
    assert_eq!(begun, 1, "the turn of the others did not come: {errors:?}");
}

#[tokio::test]
async fn operations_on_one_record_take_effect_in_their_order() {
    let table = Table::create(super::table::EMULATOR, &TableShape::default()).await;
    let records = on_desk(table.backend(json!({})), Duration::from_secs(60));
    let commands = (0..20).map(|_| command("k", Action::Put(value("v")))).collect();
    let versions = answers(&records, commands).await.into_iter().map(|answer| match answer.unwrap() {
        Answer::Written(record) => record.version,
        other => unreachable!("not written: {other:?}"),
    });
    assert_eq!(versions.collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
}
