//! An immutable snapshot of the tiers of a chain.

use std::ops::Range;
use std::sync::Arc;

use super::tier::Tier;
use crate::request::{Action, Scope};
use redkv_core::entry::Key;
use redkv_core::error::{Error, Result};
use redkv_core::store::{Capabilities, Expiry, Pieces};

/// The tiers in order. An operation keeps the snapshot that it began with.
#[derive(Debug, Default)]
pub(crate) struct Tiers {
    pub(crate) all: Vec<Arc<Tier>>,
}

impl Tiers {
    /// Most tiers of a chain: walks note missed tiers in the bits of a word.
    pub(crate) const MOST_TIERS: usize = 32;

    /// Returns the places of the tiers in `scope`.
    pub(crate) fn range(&self, scope: Scope) -> Range<usize> {
        match scope {
            Scope::Chain => 0..self.all.len(),
            Scope::Tier(place) => {
                let end = self.all.len();
                usize::from(place).min(end)..(usize::from(place) + 1).min(end)
            }
        }
    }

    /// Returns the last tier of `scope`: what it holds is true.
    pub(crate) fn authority(&self, scope: Scope) -> Option<(usize, &Arc<Tier>)> {
        let place = self.range(scope).last()?;
        Some((place, &self.all[place]))
    }

    /// Returns the tiers of `scope` before its authority, with their places.
    pub(crate) fn caches(&self, scope: Scope) -> impl DoubleEndedIterator<Item = (usize, &Arc<Tier>)> {
        let range = self.range(scope);
        (range.start..range.end.saturating_sub(1)).map(|place| (place, &self.all[place]))
    }

    /// Returns the only tier, if it answers on the calling thread.
    pub(crate) fn alone(&self) -> Option<&Arc<Tier>> {
        match self.all.as_slice() {
            [tier] if tier.capabilities().immediate => Some(tier),
            _ => None,
        }
    }

    /// The best size of the pieces of a batch of `n`: that of the first tier that is worth cutting for.
    pub(crate) fn piece_size(&self, scope: Scope, n: usize, of: impl Fn(&Capabilities) -> Pieces) -> usize {
        let mut remote = self.all[self.range(scope)].iter().filter(|tier| !tier.capabilities().immediate);
        remote.next().map_or(n, |tier| of(tier.capabilities()).size(n, tier.typical_value()))
    }

    /// Refuses what some tier of `scope` can never do, before any of them is asked. What an optional cache cannot
    /// keep is left out there instead.
    pub(crate) fn check(&self, scope: Scope, key: &Key, action: &Action) -> Result<()> {
        let Some((authority, _)) = self.authority(scope) else {
            return if action.is_write() || matches!(action, Action::Has) {
                Ok(())
            } else {
                Err(Error::no_stores())
            };
        };
        if !action.is_write() {
            return Ok(());
        }
        self.all[authority].check_writable()?;
        for place in self.range(scope) {
            let tier = &self.all[place];
            if tier.is_optional() && place != authority {
                continue;
            }
            tier.check_key(key)?;
            if let Action::Set(entry) | Action::SetIfAbsent(entry) = action {
                tier.check_entry(entry)?;
            }
        }
        Ok(())
    }

    /// Returns what the chain can do as a store: what all its tiers can.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let Some((_, authority)) = self.authority(Scope::Chain) else { return Capabilities::BASE };
        let required = self.all.iter().filter(|tier| !tier.is_optional()).map(|tier| tier.capabilities());
        let start = Capabilities { immediate: false, lists_all: false, ..*authority.capabilities() };
        required.fold(start, |all, tier| Capabilities {
            expiry: match (all.expiry, tier.expiry) {
                (Expiry::None, _) | (_, Expiry::None) => Expiry::None,
                (Expiry::OnRead, _) | (_, Expiry::OnRead) => Expiry::OnRead,
                (Expiry::Native, Expiry::Native) => Expiry::Native,
            },
            expiry_option: all.expiry_option.or(tier.expiry_option),
            expiry_granularity: all.expiry_granularity.max(tier.expiry_granularity),
            max_key_bytes: all.max_key_bytes.min(tier.max_key_bytes),
            empty_keys: all.empty_keys && tier.empty_keys,
            max_value_bytes: all.max_value_bytes.min(tier.max_value_bytes),
            binary_values: all.binary_values && tier.binary_values,
            clearable: all.clearable && tier.clearable,
            nul_characters: all.nul_characters && tier.nul_characters,
            runs_inline: all.runs_inline && tier.runs_inline,
            ordered: all.ordered && tier.ordered,
            deadline_costs_extra: all.deadline_costs_extra || tier.deadline_costs_extra,
            ..all
        })
    }
}
