//! The connection to one account.

use std::sync::Arc;

use foretide_domain::GroupState;

use crate::actuator::Actuator;
use crate::batch::Batcher;
use crate::cloud::{MetricsAnswer, MetricsAsk};
use crate::history::HistoryReader;

/// The queues and calls of one account.
pub(crate) struct Account {
    pub(crate) groups: Batcher<Arc<str>, GroupState>,
    pub(crate) metrics: Batcher<MetricsAsk, MetricsAnswer>,
    pub(crate) histories: HistoryReader,
    pub(crate) actuator: Actuator,
}
