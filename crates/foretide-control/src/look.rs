//! One look at the group: which answers are still outstanding.

use foretide_domain::{CallId, Features, Timestamp};
use serde::{Deserialize, Serialize};

/// The calls of one look.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    group: Option<CallId>,
    group_failed: bool,
    metrics: Option<CallId>,
    prediction: Option<(CallId, Question)>,
    asked: bool,
}

/// What the model is asked: the newest datapoint's start and features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) datapoint: Timestamp,
    pub(crate) features: Features,
}

impl Look {
    pub(crate) fn new(group: CallId, metrics: Option<CallId>) -> Self {
        Self {
            group: Some(group),
            group_failed: false,
            metrics,
            prediction: None,
            asked: false,
        }
    }

    /// A call that has not been answered.
    pub(crate) fn outstanding(&self) -> Option<CallId> {
        self.group
            .or(self.metrics)
            .or(self.prediction.map(|(call, _)| call))
    }

    /// Whether the group was read in this look.
    pub(crate) fn group_is_fresh(&self) -> bool {
        !self.group_failed
    }

    /// Whether the model was asked in this look, or may not be any more.
    pub(crate) fn has_asked(&self) -> bool {
        self.asked
    }

    /// The model is asked nothing more in this look: its time is over.
    pub(crate) fn ask_no_more(&mut self) {
        self.asked = true;
    }

    /// Asks the model.
    pub(crate) fn ask(&mut self, call: CallId, question: Question) {
        self.prediction = Some((call, question));
        self.asked = true;
    }

    /// Whether `call` is the reading of the group; it is answered now.
    pub(crate) fn take_group(&mut self, call: CallId) -> bool {
        self.group.take_if(|waiting| *waiting == call).is_some()
    }

    /// Whether `call` is the reading of the group; it has failed now.
    pub(crate) fn fail_group(&mut self, call: CallId) -> bool {
        let failed = self.take_group(call);
        self.group_failed |= failed;
        failed
    }

    /// Whether `call` is the reading of metrics; it is answered now.
    pub(crate) fn take_metrics(&mut self, call: CallId) -> bool {
        self.metrics.take_if(|waiting| *waiting == call).is_some()
    }

    /// What the model was asked in `call`; it is answered now.
    pub(crate) fn take_prediction(&mut self, call: CallId) -> Option<Question> {
        self.prediction
            .take_if(|(waiting, _)| *waiting == call)
            .map(|(_, question)| question)
    }
}
