//! What policy `forecast` makes of its newest forecast between two periods: how far it is still
//! trusted, what it then asks for, what the calendar needs.

use std::time::Duration;

use foretide_domain::{ForecastFigures, Staleness, Timestamp};
use foretide_forecast::sizing::SizingOutput;

use crate::calendar::{CalendarEvent, minimum};
use crate::controller::Controller;
use crate::policy;
use crate::staleness::staleness;

impl Controller {
    /// Policy `forecast` decides anew at every further minute that the next period is late.
    pub(crate) fn notice_lateness(&mut self, now: Timestamp) {
        let (step, late) = self.lateness(now);
        let late = (step, late.as_secs().div_ceil(60));
        let before = std::mem::replace(&mut self.state.late, late);
        self.state.decide_anyway |= late != before && step != Staleness::Fresh;
    }

    /// What a known event needs does not wait for a datapoint, which may not come: a decision is
    /// made when it begins to need more. It is taken for noticed once it could be written.
    pub(crate) fn notice_schedule(&mut self, now: Timestamp) {
        let minimum = self.scheduled(now).map_or(0, |(minimum, _)| minimum);
        self.state.decide_anyway |= minimum > self.state.scheduled;
        if minimum < self.state.scheduled || !self.state.is_writing() {
            self.state.scheduled = minimum;
        }
    }

    /// The optimiser's answer to the newest period. Once the next period is overdue, the answer is
    /// less sure.
    pub(crate) fn sizing_output(&self, now: Timestamp) -> Option<SizingOutput> {
        let output = self.forecasting.as_ref()?.output?;
        let late = self.lateness(now).1;
        let known = self.state.optimiser.as_ref().zip(self.state.group.as_ref());
        Some(match known.filter(|_| !late.is_zero()) {
            Some((saved, reading)) => {
                let minutes = late.as_secs_f64() / 60.0;
                saved
                    .optimiser
                    .late(&output, reading.group.desired, minutes)
            }
            None => output,
        })
    }

    pub(crate) fn forecast_figures(
        &self,
        output: Option<&SizingOutput>,
    ) -> Option<ForecastFigures> {
        let sizing = self.state.optimiser.as_ref()?.optimiser.config();
        let lead_time = self.state.lead_time(&self.config);
        let forecasting = self.forecasting.as_ref()?;
        Some(forecasting.figures(output?, sizing, lead_time))
    }

    /// What a known event needs now, or by the time that a launch now serves.
    pub(crate) fn scheduled(&self, now: Timestamp) -> Option<(u32, &CalendarEvent)> {
        if !policy::of(&self.config).forecasts() {
            return None;
        }
        let lead_time = self.state.lead_time(&self.config);
        let ahead = lead_time.saturating_add(self.config.interval);
        minimum(&self.config.calendar, now, ahead)
    }

    fn lateness(&self, now: Timestamp) -> (Staleness, Duration) {
        let newest = self.state.series.newest_load();
        newest.map_or_else(Default::default, |point| {
            staleness(&self.config, point.period, now.since(point.end()))
        })
    }
}
