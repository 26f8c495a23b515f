//! Hands off: process `AlarmNotification` is suspended, so somebody wants that nothing scales.
//!
//! Deploys suspend it, and some forget to resume it. AWS stops its own scaling policies then; a
//! controller that sets desired capacity itself has to stop by itself.

use crate::config::OnSuspended;
use crate::controller::Controller;
use crate::state::ScalingSuspended;
use foretide_domain::{Cause, Mode, Severity};

impl Controller {
    /// Takes in whether process `AlarmNotification` is suspended. Decides anew where that changes
    /// what may be written.
    pub(crate) fn follow_suspension(&mut self, suspended: bool) {
        let enforced = self.mode() == Mode::Enforce;
        let before = self.state.group.scaling_suspended;
        let now = match before {
            _ if !suspended => ScalingSuspended::No,
            None if enforced => ScalingSuspended::AsBefore,
            None | Some(ScalingSuspended::No) => ScalingSuspended::HandsOff,
            Some(known) => known,
        };
        self.state.group.scaling_suspended = Some(now);
        self.state.cycle.decide_anyway |= before.is_some_and(|before| before != now);
    }

    /// Whether nothing may be written because scaling is suspended.
    pub(crate) fn is_hands_off(&self) -> bool {
        match (self.config.suspended, self.state.group.scaling_suspended) {
            (Some(OnSuspended::Ignore), _) | (_, None | Some(ScalingSuspended::No)) => false,
            (Some(OnSuspended::HandsOff), Some(_)) => true,
            (None, Some(known)) => known == ScalingSuspended::HandsOff,
        }
    }

    /// What a suspension says of the group's health.
    pub(crate) fn suspension(&self) -> Option<(Severity, Cause)> {
        let undecided = self.config.suspended.is_none()
            && self.state.group.scaling_suspended == Some(ScalingSuspended::AsBefore);
        if self.is_hands_off() {
            Some((Severity::Warning, Cause::HandsOff))
        } else if undecided {
            Some((Severity::Warning, Cause::SuspendedAsBefore))
        } else {
            None
        }
    }
}
