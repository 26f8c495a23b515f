//! Whether AWS has the groups that `--group` names: a name that nobody has is most often a slip of
//! the pen, and a run would wait for that group for ever.

use std::collections::BTreeMap;
use std::sync::Arc;

use foretide_aws::Collector;
use foretide_domain::FailureKind;
use foretide_runtime::GroupKey;
use foretide_terminal::Failure;

use crate::clock;
use crate::command::pull;

use super::fleet::Wiring;

/// Asks AWS for the groups of `wiring` whose table in the configuration is in `named`.
///
/// # Errors
/// AWS has no group of that name. If AWS cannot be asked now, the run begins: it asks again.
pub(super) async fn check(wiring: &Wiring, named: &[String]) -> Result<(), Failure> {
    let mut asked: BTreeMap<&str, Vec<Arc<str>>> = BTreeMap::new();
    for key in wiring.keys_of(named) {
        asked.entry(key.account()).or_default().push(name(key));
    }
    for (account, names) in asked {
        let Some(collector) = wiring.collector(account) else {
            continue;
        };
        missing(collector, &names).await?;
    }
    Ok(())
}

fn name(key: &GroupKey) -> Arc<str> {
    key.name().into()
}

async fn missing(collector: &Collector, names: &[Arc<str>]) -> Result<(), Failure> {
    let states = collector.read_groups(names, clock::now()).await;
    let missing = names.iter().find_map(|name| {
        let failure = states.get(name)?.as_ref().err()?;
        (failure.kind == FailureKind::NotFound).then_some(failure)
    });
    missing.map_or(Ok(()), |failure| Err(pull::failed(failure)))
}
