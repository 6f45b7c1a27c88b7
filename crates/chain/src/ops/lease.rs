//! Leases, which live in the authority: only the store that decides a write can make it conditional on a lease.

use std::sync::Arc;
use std::time::Duration;

use crate::chain::Chain;
use crate::request::Scope;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::operation::Operation;
use redkv_core::store::leases::{LEASE_KEY, no_leases};

/// What is done with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseStep {
    /// It is taken for so long, if nobody holds it.
    Acquire(Duration),
    /// It is prolonged to so long from now, if it is held by who has this token.
    Renew(u64, Duration),
    /// It is given back, if it is held by who has this token.
    Release(u64),
}

impl Chain {
    /// Makes a step on the lease called `name` of the authority of `scope`. Returns the token of who holds it after the step, or
    /// held it until a release; `None` where that is another one, or nobody.
    ///
    /// It counts as called with this, so that a chain that is closed afterwards waits for it.
    pub fn lease(
        self: &Arc<Self>,
        scope: Scope,
        name: String,
        step: LeaseStep,
    ) -> impl Future<Output = Result<Option<u64>>> + Send + use<> {
        let visit = self.visit_in(scope, 1);
        async move {
            let visit = visit?;
            let probe = Key::from(format!("{LEASE_KEY}{name}"));
            let ask = async { vec![visit.step(&name, step).await] };
            let answer = visit.call(Operation::Lease, &probe, 1, ask).await.pop();
            answer.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "a defect of RedKV: no answer")))
        }
    }
}

impl crate::ops::visit::Visit {
    async fn step(&self, name: &str, step: LeaseStep) -> Result<Option<u64>> {
        let leases = self.store().leases().ok_or_else(no_leases)?;
        match step {
            LeaseStep::Acquire(life) => leases.acquire(name, life).await,
            LeaseStep::Renew(token, life) => Ok(leases.renew(name, token, life).await?.then_some(token)),
            LeaseStep::Release(token) => Ok(leases.release(name, token).await?.then_some(token)),
        }
    }
}
