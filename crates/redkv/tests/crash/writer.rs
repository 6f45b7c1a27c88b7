//! The process that is killed.

use std::io::Write;
use std::path::Path;

use futures_util::future::join_all;
use redkv::store::{SetMode, Store, Want};

use crate::kind::Kind;
use crate::work::{KEYS, TOGETHER, entry, is_delete, key, key_of};

/// Writes from number `first` on, for ever.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn write(kind: Kind, folder: &Path, first: u64) {
    let opened = kind.open(folder);
    let store = opened.store();
    let mut next = first;
    loop {
        // A group is of one round through the keys, so all of them are different.
        let end = (next + TOGETHER).min((next / KEYS + 1) * KEYS);
        say(&format!("begin {next} {end}"));
        join_all((next..end).map(|n| one(store, n))).await;
        store.get(&[key(fastrand::u64(..KEYS))], Want::Value).await.remove(0).unwrap();
        next = end;
    }
}

async fn one(store: &dyn Store, n: u64) {
    let key = key(key_of(n));
    if is_delete(n) {
        store.delete(&[key]).await.remove(0).unwrap();
    } else {
        store.set(&[(key, entry(n))], SetMode::Always).await.remove(0).unwrap();
    }
    say(&format!("done {n}"));
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
