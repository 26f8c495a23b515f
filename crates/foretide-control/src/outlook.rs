//! What policy `forecast` makes of its newest forecast between two periods: how far it is still
//! trusted, what it then asks for, what the calendar needs.

use foretide_domain::{ForecastFigures, Timestamp};
use foretide_forecast::sizing::SizingOutput;

use crate::calendar::{Needed, minimum, scheduled_minimum};
use crate::controller::Controller;
use crate::policy;

impl Controller {
    /// Policy `forecast` decides anew at every further minute that the next period is late.
    pub(crate) fn notice_lateness(&mut self, now: Timestamp) {
        self.state.cycle.decide_anyway |= self.state.metrics.note_lateness(&self.config, now);
    }

    /// A decision is made when known events begin to need more: the next datapoint may not come.
    pub(crate) fn notice_schedule(&mut self, now: Timestamp) {
        let minimum = self.scheduled(now).map_or(0, |(minimum, _)| minimum);
        let is_writing = self.state.is_writing();
        let forecast = &mut self.state.policies.forecast;
        self.state.cycle.decide_anyway |= forecast.note_schedule(minimum, is_writing);
    }

    /// The optimiser's answer to the newest period. Once the next period is overdue, the answer is
    /// less sure.
    pub(crate) fn sizing_output(&self, now: Timestamp) -> Option<SizingOutput> {
        let output = self.forecasting.as_ref()?.output?;
        let late = self.state.metrics.lateness(&self.config, now).1;
        let saved = self.state.policies.forecast.optimiser.as_ref();
        let known = saved.zip(self.state.group.newest());
        Some(match known.filter(|_| !late.is_zero()) {
            Some((saved, group)) => {
                let minutes = late.as_secs_f64() / 60.0;
                saved.optimiser.late(&output, group.desired, minutes)
            }
            None => output,
        })
    }

    pub(crate) fn forecast_figures(
        &self,
        output: Option<&SizingOutput>,
    ) -> Option<ForecastFigures> {
        let saved = self.state.policies.forecast.optimiser.as_ref()?;
        let lead_time = self.state.group.lead_time(&self.config);
        let forecasting = self.forecasting.as_ref()?;
        Some(forecasting.figures(output?, saved.optimiser.config(), lead_time))
    }

    /// What a known event or a scheduled action of the group needs now, or by the time that a
    /// launch now serves.
    pub(crate) fn scheduled(&self, now: Timestamp) -> Option<(u32, Needed<'_>)> {
        if !policy::of(&self.config).forecasts() {
            return None;
        }
        let lead_time = self.state.group.lead_time(&self.config);
        let ahead = lead_time.saturating_add(self.config.interval);
        let event = minimum(&self.config.calendar, now, ahead);
        let event = event.map(|(least, event)| (least, Needed::Event(&event.name)));
        let group = self.state.group.newest();
        // A suspended action does not run.
        let group = group.filter(|group| !group.suspended.scheduled_actions);
        let action = group.and_then(|group| {
            let (least, change) = scheduled_minimum(&group.scheduled, group.bounds, now, ahead)?;
            Some((least, Needed::Action(&change.action)))
        });
        let more = action.filter(|(least, _)| event.is_none_or(|(other, _)| *least > other));
        more.or(event)
    }
}
