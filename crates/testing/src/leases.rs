//! The suite that every store with leases passes.
//!
//! A store joins by listing itself: [`leases_suite!`](crate::leases_suite) makes one test of every case. What a store does when
//! it has lost its leases is a test of its own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step ends its test")]
#![expect(missing_docs, reason = "the name of a case is its documentation")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::conformance::clear;
use redkv_core::entry::Key;
use redkv_core::store::leases::LEASE_KEY;
use redkv_core::store::{Leases, Store, Want};

/// Two stores over the same leases, each with connections of its own.
pub type Pair = [Arc<dyn Store>; 2];

/// A life that no test sees the end of.
pub const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(300);

/// Makes one test of every case of the suite for the [`Pair`] that `$make` (an async function without arguments) builds.
#[macro_export]
macro_rules! leases_suite {
    ($name:ident, $make:path) => {
        mod $name {
            $crate::leases_cases!($make;
                of_many_that_ask_at_once_one_holds_it
                tokens_grow_with_every_holder
                a_short_life_ends_by_itself
                a_renewed_lease_outlives_its_first_life
                who_has_another_token_changes_nothing
                what_comes_after_the_end_of_a_life_changes_nothing
                names_are_apart
                two_stores_see_each_other
                listing_clearing_and_reading_keys_leaves_leases_alone
            );
        }
    };
}

/// The tests of [`leases_suite!`](crate::leases_suite).
#[doc(hidden)]
#[macro_export]
macro_rules! leases_cases {
    ($make:path; $($case:ident)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::leases::$case(&$make().await).await;
            }
        )*
    };
}

/// Returns a name that nobody else has.
pub fn fresh(name: &str) -> String {
    format!("lease-{:016x}:{name}", fastrand::u64(..))
}

/// Returns the leases of `store`.
pub fn of(store: &Arc<dyn Store>) -> &dyn Leases {
    store.leases().unwrap()
}

/// Takes a lease that nobody holds.
pub async fn taken(store: &Arc<dyn Store>, name: &str, life: Duration) -> u64 {
    of(store).acquire(name, life).await.unwrap().unwrap()
}

/// Takes a lease that is over soon.
pub async fn taken_soon(store: &Arc<dyn Store>, name: &str, life: Duration) -> u64 {
    let begun = Instant::now();
    loop {
        if let Some(token) = of(store).acquire(name, life).await.unwrap() {
            return token;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the lease does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asserts that `token` is the one of the lease, which lives on for long, and that nobody can take it.
pub async fn assert_held(stores: &Pair, name: &str, token: u64) {
    for store in stores {
        assert_eq!(of(store).acquire(name, LONG).await.unwrap(), None);
        assert!(of(store).renew(name, token, LONG).await.unwrap());
    }
}

pub async fn of_many_that_ask_at_once_one_holds_it(stores: &Pair) {
    let name = fresh("one");
    let asked = (0..16).map(|n| of(&stores[n % 2]).acquire(&name, LONG));
    let tokens: Vec<u64> = join_all(asked).await.into_iter().filter_map(|answer| answer.unwrap()).collect();
    let [token] = tokens[..] else { panic!("{} hold it", tokens.len()) };
    assert_held(stores, &name, token).await;
}

pub async fn tokens_grow_with_every_holder(stores: &Pair) {
    let name = fresh("grows");
    let mut last = 0;
    for n in 0..6 {
        let token = taken(&stores[n % 2], &name, LONG).await;
        assert!(token > last, "{token} after {last}");
        last = token;
        assert!(of(&stores[n % 2]).release(&name, token).await.unwrap());
    }
    let over = taken(&stores[0], &name, Duration::from_millis(20)).await;
    assert!(over > last);
    assert!(taken_soon(&stores[0], &name, LONG).await > over);
}

pub async fn a_short_life_ends_by_itself(stores: &Pair) {
    let name = fresh("short");
    let first = taken(&stores[0], &name, SHORT).await;
    let second = taken_soon(&stores[1], &name, LONG).await;
    assert!(second > first);
    assert!(!of(&stores[0]).renew(&name, first, LONG).await.unwrap());
    assert!(!of(&stores[0]).release(&name, first).await.unwrap());
    assert_held(stores, &name, second).await;
}

pub async fn a_renewed_lease_outlives_its_first_life(stores: &Pair) {
    let name = fresh("renewed");
    let life = Duration::from_secs(2);
    let token = taken(&stores[0], &name, life).await;
    assert!(of(&stores[0]).renew(&name, token, LONG).await.unwrap());
    assert_eq!(of(&stores[1]).acquire(&name, LONG).await.unwrap(), None);
    tokio::time::sleep(life + SHORT).await;
    assert_held(stores, &name, token).await;
}

pub async fn who_has_another_token_changes_nothing(stores: &Pair) {
    let name = fresh("wrong");
    let old = taken(&stores[0], &name, LONG).await;
    assert!(of(&stores[0]).release(&name, old).await.unwrap());
    assert!(!of(&stores[0]).renew(&name, old, LONG).await.unwrap());
    assert!(!of(&stores[0]).release(&name, old).await.unwrap());
    let token = taken(&stores[1], &name, LONG).await;
    for wrong in [old, 0, 1, token - 1, token + 1] {
        assert!(!of(&stores[0]).renew(&name, wrong, Duration::from_millis(1)).await.unwrap());
        assert!(!of(&stores[0]).release(&name, wrong).await.unwrap());
    }
    assert_held(stores, &name, token).await;
    let none = fresh("nobody's");
    assert!(!of(&stores[0]).renew(&none, token, LONG).await.unwrap());
    assert!(!of(&stores[0]).release(&none, token).await.unwrap());
    taken(&stores[0], &none, LONG).await;
}

pub async fn what_comes_after_the_end_of_a_life_changes_nothing(stores: &Pair) {
    let name = fresh("late");
    let token = taken(&stores[0], &name, SHORT).await;
    tokio::time::sleep(2 * SHORT).await;
    assert!(!of(&stores[0]).renew(&name, token, LONG).await.unwrap());
    assert!(!of(&stores[0]).release(&name, token).await.unwrap());
    assert!(taken_soon(&stores[1], &name, LONG).await > token);
}

pub async fn names_are_apart(stores: &Pair) {
    let run = fresh("");
    let names: Vec<String> = NAMES.iter().map(|name| format!("{name}{run}{name}")).collect();
    let mut tokens = Vec::new();
    for name in &names {
        tokens.push(taken(&stores[0], name, LONG).await);
    }
    for (name, token) in names.iter().zip(tokens) {
        assert_held(stores, name, token).await;
        assert!(of(&stores[1]).release(name, token).await.unwrap(), "{name:?}");
    }
}

/// What is left out, cut, folded or taken for something else where a store is not careful.
const NAMES: [&str; 24] = [
    "",
    "a",
    "A",
    "ä",
    "a\u{308}",
    "Ä",
    " ",
    "'",
    "\"",
    "`",
    "\\",
    "%",
    "%7D",
    "_",
    "{",
    "}",
    "{}",
    "{a}",
    "}{",
    "$1",
    "?",
    "\n",
    "日本語",
    "🙂",
];

pub async fn two_stores_see_each_other(stores: &Pair) {
    let name = fresh("both");
    let first = taken(&stores[0], &name, LONG).await;
    assert_held(stores, &name, first).await;
    assert!(of(&stores[1]).release(&name, first).await.unwrap());
    let second = taken(&stores[1], &name, LONG).await;
    assert!(second > first);
    assert_held(stores, &name, second).await;
}

pub async fn listing_clearing_and_reading_keys_leaves_leases_alone(stores: &Pair) {
    let (store, name) = (&stores[0], fresh("kept"));
    let token = taken(store, &name, LONG).await;
    if store.capabilities().enumerable {
        let mut after = None;
        loop {
            let page = store.keys(LEASE_KEY, after.as_ref()).await.unwrap();
            assert_eq!(page.keys, Vec::<Key>::new());
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    if store.capabilities().clearable {
        clear(&**store, LEASE_KEY).await;
    }
    let keys = [Key::from(format!("{LEASE_KEY}{name}")), Key::from(name.as_str())];
    for answer in store.get(&keys, Want::Value).await {
        assert_eq!(answer.unwrap(), None);
    }
    assert_held(stores, &name, token).await;
}
