//! The policies of a service: those of a tier and of an instance that have a meaning for it.

use crate::chain::TierConfig;
use crate::error::{Error, Result};
use crate::instance::InstanceConfig;
use crate::options::{Elsewhere, Fields, Value};

/// Which policies a service has.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRules {
    /// The policies of a tier that mean something for it.
    pub of_a_tier: &'static [&'static str],
    /// Where options belong that are given among the policies.
    pub elsewhere: &'static [Elsewhere],
    /// Why the others of a tier mean nothing, by their names.
    pub without: &'static [(&'static str, &'static str)],
}

/// The policies of a service.
#[derive(Clone, Debug)]
pub struct PolicyConfig {
    /// Deadlines, the circuit breaker and the prefix.
    pub tier: TierConfig,
    /// The name and the bounds of what is in flight.
    pub instance: InstanceConfig,
}

impl PolicyConfig {
    /// The options of an instance that a service has.
    const OF_AN_INSTANCE: &[&str] = &["name", "maxPending", "maxPendingBytes"];

    /// Reads the policies, and returns them with warnings.
    pub fn read(policy: Value, rules: PolicyRules) -> Result<(Self, Vec<String>)> {
        let mut fields = Fields::new("policy", policy)?.but_not(rules.elsewhere.iter().copied());
        refuse_others(&fields, rules)?;
        let tier = TierConfig::from_fields(&mut fields)?;
        let instance = InstanceConfig::from_fields(&mut fields)?;
        Ok((Self { tier, instance }, fields.finish()?))
    }
}

/// Refuses the policies of a chain that mean nothing here.
fn refuse_others(fields: &Fields, rules: PolicyRules) -> Result<()> {
    let has = rules.of_a_tier.iter().chain(PolicyConfig::OF_AN_INSTANCE);
    let is_other = |name: &&str| !has.clone().any(|has| has == name) && fields.has(name);
    let Some(name) = TierConfig::names().chain(InstanceConfig::names()).find(is_other) else {
        return Ok(());
    };
    let without = rules.without.iter().find(|(without, _)| *without == name);
    let why = without.map_or("it belongs to a chain", |(_, why)| why);
    Err(Error::argument(name, format!("unknown option '{name}' in policy: {why}")))
}
