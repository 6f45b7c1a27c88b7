use std::collections::HashMap;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::{Case, Witness};
use redkv_core::error::{Error, ErrorKind, Outcome};
use redkv_core::store::Store;
use redkv_testing::{Fault, Operation};

/// Random writes over a store that fails in every way: what is read is what was written last, and what is in the store
/// in the end is that too, or was told as lost.
#[tokio::test(start_paused = true)]
async fn random_writes_are_read_as_written_and_end_in_the_store_or_are_reported_as_lost() {
    for seed in 0..300 {
        random(seed).await;
    }
}

async fn random(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let case = Case::new();
    let (mut faults, bad) = (rng.fork(), rng.u8(..60));
    case.faults.script(move |call| {
        if call.operation == Operation::Get || faults.u8(..100) >= bad {
            return Vec::new();
        }
        let kinds = [ErrorKind::Connection, ErrorKind::Timeout, ErrorKind::Store];
        let error = Error::new(kinds[faults.usize(..3)], "on purpose");
        vec![if faults.bool() {
            Fault::Fail(error)
        } else {
            Fault::LoseAnswer(error.outcome(Outcome::Unknown))
        }]
    });
    let mut written: HashMap<&str, Option<String>> = HashMap::new();
    for step in 0..rng.u32(5..80) {
        let key = ["a", "b", "c", "d"][rng.usize(..4)];
        match rng.u8(..10) {
            0..4 => {
                let value = step.to_string();
                case.set(key, value.clone()).await.unwrap();
                written.insert(key, Some(value));
            }
            4..6 => {
                case.delete(key).await.unwrap();
                written.insert(key, None);
            }
            6 => sleep(Duration::from_millis(rng.u64(..3_000))).await,
            7 => tokio::task::yield_now().await,
            _ => {
                let value = case.value(key).await;
                case.witness.forget(&mut written);
                if let Some(wanted) = written.get(key) {
                    assert_eq!(value, *wanted, "seed {seed}, step {step}, key {key}");
                }
            }
        }
        case.witness.forget(&mut written);
    }
    let _ = case.store.flush().await;
    case.faults.heal();
    case.witness.forget(&mut written);
    for (key, wanted) in written {
        assert_eq!(case.held(key).await, wanted, "seed {seed}, key {key}");
    }
}

impl Witness {
    /// Of what was lost nothing is known.
    fn forget(&self, written: &mut HashMap<&str, Option<String>>) {
        for (key, ..) in self.lost.lock().unwrap().drain(..) {
            written.remove(&*key);
        }
    }
}
