//! Operations on the whole keyspace: `keys()` and `clear()`.

use std::sync::Arc;

use crate::chain::Chain;
use crate::collect::collect;
use crate::request::{Action, Scope};
use crate::tier::tier::Tier;
use crate::tier::tiers::Tiers;
use redkv_core::entry::Key;
use redkv_core::error::{Error, ErrorKind, Result};
use redkv_core::operation::Operation;
use redkv_core::store::{Cursor, Page, cannot_clear};

/// A call that is about no single key. `close` waits for it, too.
struct Call<'a>(&'a Chain);

impl Chain {
    fn begin_call(&self, operation: Operation) -> Result<Call<'_>> {
        self.lifecycle().begin(1);
        let call = Call(self);
        if self.is_closed() { Err(Error::closed().with_operation_if_unset(operation)) } else { Ok(call) }
    }

    /// Returns a page of the keys that begin with `prefix`, as the authority of `scope` lists them; see
    /// [`Store::keys`](redkv_core::store::Store::keys).
    pub async fn keys(&self, scope: Scope, prefix: &str, after: Option<&Cursor>) -> Result<Page> {
        let _call = self.begin_call(Operation::Keys)?;
        let tiers = self.tiers();
        let Some((_, authority)) = tiers.authority(scope) else {
            return Err(Error::no_stores().with_operation_if_unset(Operation::Keys));
        };
        authority.keys(prefix, after).await
    }

    /// Deletes everything in the stores of `scope`. What is written meanwhile may stay or go.
    ///
    /// Refused before anything is deleted where a store cannot; otherwise it ends with the first failure of a store
    /// that is not optional, and some entries may be deleted then.
    ///
    /// Each key is deleted in its turn among the other operations on it, so that no back-fill and no write that was
    /// called before brings anything back.
    pub async fn clear(self: &Arc<Self>, scope: Scope) -> Result<()> {
        self.clear_while(scope, || true).await
    }

    /// Clears as [`Chain::clear`] does, but begins no further page once `is_wanted` returns `false`.
    pub async fn clear_while(self: &Arc<Self>, scope: Scope, is_wanted: impl Fn() -> bool) -> Result<()> {
        let mut after = None;
        while is_wanted() {
            after = self.clear_some(scope, "", after.as_ref()).await?;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// A step of [`Chain::clear`], for the keys that begin with `prefix`; see
    /// [`Store::clear`](redkv_core::store::Store::clear).
    pub(crate) async fn clear_some(
        self: &Arc<Self>,
        scope: Scope,
        prefix: &str,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>> {
        // The caller did not ask for the keys that this lists and deletes.
        self.step_of_clear(scope, prefix, after).await.map_err(|error| error.with_operation(Operation::Clear))
    }

    async fn step_of_clear(
        self: &Arc<Self>,
        scope: Scope,
        prefix: &str,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>> {
        let tiers = self.tiers();
        let Some((authority, _)) = tiers.authority(scope) else { return Ok(None) };
        let Spot { place, after } = match after {
            Some(after) => Spot::read(after)?,
            None => {
                self.begin_to_clear(&tiers, scope, prefix).await?;
                // The authority first: from there on the others cannot be filled with what was in it.
                Spot { place: authority, after: None }
            }
        };
        let tier = &tiers.all[place];
        let after = match self.clear_some_of(scope, tier, prefix, after.as_ref()).await {
            Err(error) if tier.is_optional() && place != authority => {
                tier.report(&[Err::<(), _>(error)]);
                tier.mark_all_stale();
                None
            }
            cleared => cleared?,
        };
        if after.is_some() {
            return Ok(Some(Spot { place, after }.cursor()));
        }
        if !tier.lists_all() && tiers.range(scope).len() > 1 {
            // Walks may have found entries whose keys are not listed.
            self.table().seal();
            self.delete_all(scope, self.keys_on_their_way(prefix)).await?;
        }
        Ok((place > tiers.range(scope).start).then(|| Spot { place: place - 1, after: None }.cursor()))
    }

    async fn begin_to_clear(self: &Arc<Self>, tiers: &Tiers, scope: Scope, prefix: &str) -> Result<()> {
        for tier in &tiers.all[tiers.range(scope)] {
            let can = tier.capabilities();
            if !can.clearable || !(can.enumerable || prefix.is_empty()) {
                return Err(tier.tag(cannot_clear(), Operation::Clear));
            }
        }
        // These keys may not be listed yet.
        self.delete_all(scope, self.keys_on_their_way(prefix)).await
    }

    async fn clear_some_of(
        self: &Arc<Self>,
        scope: Scope,
        tier: &Tier,
        prefix: &str,
        after: Option<&Cursor>,
    ) -> Result<Option<Cursor>> {
        let call = self.begin_call(Operation::Clear)?;
        if !tier.lists_all() {
            return tier.clear(prefix, after).await;
        }
        let Page { keys, next } = tier.keys(prefix, after).await?;
        drop(call);
        self.delete_all(scope, keys).await?;
        Ok(next)
    }

    /// The keys that are being written or filled.
    fn keys_on_their_way(&self, prefix: &str) -> Vec<Key> {
        let mut keys = self.lifecycle().parked_writes();
        keys.extend(self.table().keys_on_their_way());
        keys.retain(|key| key.starts_with(prefix));
        keys
    }

    async fn delete_all(self: &Arc<Self>, scope: Scope, keys: Vec<Key>) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let (replies, answers) = collect(keys.len());
        let delete = |key| self.request(scope, key, Action::Delete);
        self.submit(keys.into_iter().map(delete).collect(), &replies);
        let lost = |_| Error::new(ErrorKind::Internal, "a defect of RedKV: an answer is missing");
        answers.await.map_err(lost)?.into_iter().try_for_each(|answer| answer.map(drop))
    }
}

/// The progress of a `clear()`.
struct Spot {
    /// The tier that is being cleared; those after it are done.
    place: usize,
    after: Option<Cursor>,
}

impl Spot {
    fn cursor(&self) -> Cursor {
        #[expect(clippy::cast_possible_truncation, reason = "bounded by `Tiers::MOST_TIERS`")]
        let mut bytes = vec![self.place as u8];
        if let Some(after) = &self.after {
            bytes.push(1);
            bytes.extend_from_slice(after.as_bytes());
        }
        Cursor::new(bytes)
    }

    fn read(cursor: &Cursor) -> Result<Self> {
        match cursor.as_bytes() {
            [place] => Ok(Self { place: usize::from(*place), after: None }),
            [place, 1, after @ ..] => {
                Ok(Self { place: usize::from(*place), after: Some(Cursor::new(after)) })
            }
            _ => Err(Error::new(ErrorKind::Internal, "a defect of RedKV: a cursor of another store")),
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.0.lifecycle().end(1);
    }
}
