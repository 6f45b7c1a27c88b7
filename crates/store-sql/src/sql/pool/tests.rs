//! A connector that panics, as those of libraries may.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};

use super::{Connector, Pool};
use redkv_core::error::{ErrorKind, Result};

/// Panics the first time that it connects.
#[derive(Default)]
struct Panicking(AtomicBool);

impl Connector for Panicking {
    type Connection = ();

    const UNCHECKED: Duration = Duration::from_secs(1);

    fn connect(&self) -> BoxFuture<'_, Result<()>> {
        async {
            assert!(self.0.swap(true, Ordering::Relaxed), "no such plugin");
            Ok(())
        }
        .boxed()
    }

    fn is_open((): &()) -> bool {
        true
    }

    fn check<'a>(&'a self, (): &'a mut ()) -> BoxFuture<'a, Result<()>> {
        async { Ok(()) }.boxed()
    }

    fn end((): ()) {}
}

#[tokio::test]
async fn a_panic_while_connecting_is_reported_as_that_and_the_pool_goes_on() {
    let pool = Pool::new(Panicking::default(), 1, Duration::from_secs(5), "a server".to_owned());
    let error = pool.get().await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message().contains("no such plugin"), "{error}");
    tokio::time::sleep(super::PAUSES.after(1) * 2).await;
    pool.get().await.unwrap();
}
