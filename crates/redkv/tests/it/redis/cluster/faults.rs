//! Nodes of a cluster that die, hang and come back.

use std::time::Duration;

use redkv::entry::{Entry, Key};
use redkv::error::ErrorKind;
use redkv::store::{SetMode, Want};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::redis::support::load::{FOREVER, Load, eventually_read};
use crate::redis::support::servers::{Cluster, until};
use crate::redis::{entry, get, set, store};

fn spread(name: &str, count: usize) -> Vec<Key> {
    (0..count).map(|n| Key::from(format!("{name}:{n}"))).collect()
}

/// What a replica has under `key`.
fn on_replica(cluster: &Cluster, replica: usize, key: &Key) -> u64 {
    let mut client = cluster.nodes[replica].client("", 0);
    redis::cmd("READONLY").exec(&mut client).unwrap();
    redis::cmd("GET").arg(key.as_str()).query(&mut client).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_dies_under_load_and_what_its_replica_had_is_there() {
    let mut cluster = Cluster::start(3, 1, &[]);
    let load = Load::on(cluster.store(), spread("load", 30), true);
    load.progress(20).await;
    let victim = cluster.master_of(&load.counters[0].key, 0);
    let replica = cluster.replica_of(victim);

    // Half of the writers to the victim stop, and their last writes reach the replica. The others write on.
    let asked = (victim + 1) % 6;
    let of_victim: Vec<_> = load
        .counters
        .iter()
        .filter(|counter| cluster.master_of(&counter.key, asked) == victim)
        .cloned()
        .collect();
    let (stopped, going) = of_victim.split_at(of_victim.len() / 2);
    assert!(!stopped.is_empty() && !going.is_empty());
    stopped.iter().for_each(|counter| counter.stop());
    for counter in stopped {
        until("replication", || on_replica(&cluster, replica, &counter.key) >= counter.acknowledged());
    }
    cluster.nodes[victim].kill();

    load.progress(20).await;
    assert!(going.iter().all(|counter| counter.failures() > 0));
    let others = load.counters.iter().filter(|counter| !of_victim.iter().any(|of| of.key == counter.key));
    assert!(
        others.map(|counter| counter.failures()).sum::<u64>() == 0,
        "other nodes have nothing to do with it"
    );
    for counter in stopped {
        assert!(eventually_read(&*load.store, &counter.key).await >= counter.acknowledged());
    }
    load.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fail_over_that_was_asked_for_loses_nothing() {
    let cluster = Cluster::start(3, 1, &[]);
    let load = Load::on(cluster.store(), spread("load", 30), false);
    load.progress(10).await;
    let master = cluster.master_of(&load.counters[0].key, 0);
    let replica = cluster.replica_of(master);
    let _: () = cluster.nodes[replica].ask(&["CLUSTER", "FAILOVER"]);
    until("the fail-over", || cluster.nodes[replica].has_role("master"));
    load.progress(10).await;
    load.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_gone_fails_its_keys_and_no_others() {
    let mut cluster = Cluster::start(3, 0, &["--cluster-require-full-coverage", "no"]);
    let store = cluster.store();
    let keys = spread("k", 60);
    let entries: Vec<_> = keys.iter().map(|key| (key.clone(), Entry::new("v"))).collect();
    assert!(store.set(&entries, SetMode::Always).await.into_iter().all(|answer| answer.unwrap()));
    let masters: Vec<_> = keys.iter().map(|key| cluster.master_of(key, 0)).collect();
    cluster.nodes[2].kill();
    // The first may have been under way.
    drop(store.get(&keys, Want::Value).await);
    for _ in 0..50 {
        let answers = timeout(FOREVER, store.get(&keys, Want::Value)).await.unwrap();
        for (master, answer) in masters.iter().zip(answers) {
            match answer {
                Ok(found) => assert!(*master != 2 && found == entry("v")),
                Err(error) => {
                    assert_eq!(*master, 2, "{error}");
                    // Not as if all of the cluster were down.
                    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Store, true));
                    assert!(!error.may_have_applied());
                }
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    let lost = keys.iter().zip(&masters).find(|(_, master)| **master == 2).unwrap().0;
    let error = set(&*store, lost, Entry::new("w")).await.unwrap_err();
    assert!(!error.may_have_applied(), "{error:?}");

    cluster.nodes[2].start();
    let back = async {
        while set(&*store, lost, Entry::new("w")).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(FOREVER, back).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_hangs_keeps_the_others_waiting_once() {
    let cluster = Cluster::start(3, 0, &["--cluster-require-full-coverage", "no"]);
    let store = cluster.store();
    let keys = spread("k", 60);
    assert!(store.has(&keys).await.into_iter().all(|answer| answer.is_ok()));
    let masters: Vec<_> = keys.iter().map(|key| cluster.master_of(key, 0)).collect();
    cluster.nodes[1].pause();
    assert!(timeout(Duration::from_millis(300), store.has(&keys)).await.is_err());
    let answers = timeout(FOREVER, store.has(&keys)).await.unwrap();
    for (master, answer) in masters.iter().zip(answers) {
        assert_eq!(
            answer.as_ref().err().map(|error| error.kind()),
            (*master == 1).then_some(ErrorKind::Store)
        );
    }
    cluster.nodes[1].resume();
    let back = async {
        while !store.has(&keys).await.iter().all(|answer| answer.is_ok()) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(FOREVER, back).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_hangs_is_left_for_its_replica() {
    let cluster = Cluster::start(3, 1, &[]);
    let store = cluster.store();
    let key = Key::from("k");
    set(&*store, &key, Entry::new("v")).await.unwrap();
    let master = cluster.master_of(&key, 0);
    let replica = cluster.replica_of(master);
    until("replication", || on_replica_text(&cluster, replica, &key) == "v");
    cluster.nodes[master].pause();
    let followed = async {
        loop {
            // As the chain does it: a caller has not more time than this.
            match timeout(Duration::from_millis(300), get(&*store, &key)).await {
                Ok(Ok(found)) => return found,
                _ => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    assert_eq!(timeout(FOREVER, followed).await.unwrap(), entry("v"));
    set(&*store, &key, Entry::new("w")).await.unwrap();
    cluster.nodes[master].resume();
    until("the old master to follow", || cluster.nodes[master].has_role("slave"));
    assert_eq!(get(&*store, &key).await.unwrap(), entry("w"));
}

fn on_replica_text(cluster: &Cluster, replica: usize, key: &Key) -> String {
    let mut client = cluster.nodes[replica].client("", 0);
    redis::cmd("READONLY").exec(&mut client).unwrap();
    redis::cmd("GET").arg(key.as_str()).query::<Option<String>>(&mut client).unwrap().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_slow_to_tell_the_map_is_waited_for() {
    let cluster = Cluster::start(3, 0, &[]);
    let store = store(json!({ "cluster": true, "port": cluster.nodes[0].port() }));
    cluster.nodes[0].pause();
    let ready = tokio::spawn(async move { store.init().await });
    sleep(Duration::from_millis(300)).await;
    cluster.nodes[0].resume();
    timeout(FOREVER, ready).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_hangs_is_passed_over() {
    let cluster = Cluster::start(3, 0, &["--cluster-require-full-coverage", "no"]);
    cluster.nodes[0].pause();
    let node = |n: usize| json!({ "host": "127.0.0.1", "port": cluster.nodes[n].port() });
    // It would be waited for as long as it takes.
    let store = store(json!({ "cluster": [node(0), node(1)], "connect_timeout": "1h" }));
    timeout(FOREVER, store.init()).await.unwrap().unwrap();
    cluster.nodes[0].resume();
}
