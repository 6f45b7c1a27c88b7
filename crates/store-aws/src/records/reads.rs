//! Reads of single records.

use std::collections::HashMap;

use futures_util::future::join;
use redkv_records::record::ID;
use redkv_records::{Action, Answer, Command, Place};

use super::items::{EXPIRES, Item, is_expired, live_record};
use super::table::Table;
use crate::tables::reads::{Items, Projection};
use redkv_core::error::Result;
use redkv_core::store::Answers;

impl Table {
    /// Answers commands that [go together](Command::goes_together).
    pub(super) async fn read_all(&self, commands: &[Command]) -> Answers<Answer> {
        let read = |old: bool| {
            let asked: Vec<_> = commands.iter().filter(|command| may_be_old(command) == old).collect();
            async move {
                // Several commands on one record need all of it.
                let projection = if let [command] = &asked[..] { projection(&command.action) } else { None };
                self.read_items(asked.iter().map(|command| command.place.clone()), projection, !old).await
            }
        };
        let (current, old) = join(read(false), read(true)).await;
        let is_each_once = current.len() + old.len() == commands.len();
        let mut items = [current, old];
        let answers = commands.iter().map(|command| {
            let items = &mut items[usize::from(may_be_old(command))];
            answer(command, taken(items, &command.place, is_each_once)?)
        });
        answers.collect()
    }
}

fn may_be_old(command: &Command) -> bool {
    matches!(command.action, Action::Get { may_be_old: true } | Action::Exists { may_be_old: true })
}

/// What is read for a command alone.
fn projection(action: &Action) -> Option<Projection> {
    let names = [ID, EXPIRES].map(|name| (format!("#{name}"), name.to_owned()));
    matches!(action, Action::Exists { .. }).then(|| (format!("#{ID},#{EXPIRES}"), Some(HashMap::from(names))))
}

/// Returns the item at `place`, for the last time or not.
fn taken(items: &mut Items<Place>, place: &Place, is_last: bool) -> Result<Option<Item>> {
    let item = if is_last { items.remove(place) } else { items.get(place).cloned() };
    item.unwrap_or(Ok(None))
}

fn answer(command: &Command, item: Option<Item>) -> Result<Answer> {
    match command.action {
        Action::Exists { .. } => Ok(Answer::Is(item.is_some_and(|item| !is_expired(&item, command.now)))),
        _ => live_record(&command.place, item, command.now).map(Answer::Record),
    }
}
