//! How the groups of one account are reached.

use std::sync::Arc;

use foretide_domain::{Datapoint, GroupState};

use crate::actuator::Actuator;
use crate::batch::Batcher;
use crate::cloud::MetricsAsk;
use crate::history::Histories;

/// How a group's account is reached.
pub(crate) struct Account {
    pub(crate) groups: Batcher<Arc<str>, GroupState>,
    pub(crate) metrics: Batcher<MetricsAsk, Vec<Datapoint>>,
    pub(crate) histories: Histories,
    pub(crate) actuator: Actuator,
}
