//! The past: what is asked for, and what the forecast makes of it.

use std::time::Duration;

use foretide_domain::{Datapoint, HistoryQuery, Timestamp};
use foretide_forecast::{Forecaster, LoadPoint};

use super::optimiser::{generic_model, load_point};
use super::{Forecasting, ahead};
use crate::backfill::HISTORY;

/// Periods that may be missing before they are asked for again: `CloudWatch` is late now and then.
const GAP_PERIODS: i64 = 3;

impl Forecasting {
    /// Before `point` is taken in: asks for the past, where it never was, and for what is missing
    /// between the newest period known and this one.
    ///
    /// Returns whether all of the past was asked for: a start.
    pub(crate) fn notice_gap(&mut self, point: &Datapoint, now: Timestamp) -> bool {
        let oldest = now.minus(HISTORY);
        let want = |from| HistoryQuery {
            from,
            to: point.start,
            period: point.period,
        };
        if self.read_from.is_none() {
            self.read_from = Some(oldest);
            self.backfill.want(want(oldest));
            return true;
        }
        let Some(newest) = self.forecaster.history().newest() else {
            return false;
        };
        if self.grid.period_at(point.start.as_seconds()) - newest > GAP_PERIODS {
            let step = 60 * i64::from(self.grid.step_minutes());
            let end = Timestamp::from_seconds((newest + 1).saturating_mul(step));
            self.backfill.want(want(end.max(oldest)));
        }
        false
    }

    /// Notes that the past is asked for at `now`. Returns whether it never was before.
    pub(crate) fn begin_past(&mut self, now: Timestamp) -> bool {
        let never = self.read_from.is_none();
        if never {
            self.read_from = Some(now.minus(HISTORY));
        }
        never
    }

    /// Asks for all of the past once more, unless all of it is being read: a signal has come that
    /// has none.
    pub(crate) fn want_past(&mut self, now: Timestamp) {
        let step = 60 * i64::from(self.grid.step_minutes());
        let newest = self.forecaster.history().newest();
        let from = now.minus(HISTORY);
        if let Some(newest) = newest.filter(|_| !self.backfill.reaches(from)) {
            self.backfill.want(HistoryQuery {
                from,
                to: Timestamp::from_seconds(newest.saturating_mul(step)),
                period: Duration::from_secs(step.unsigned_abs()),
            });
        }
    }

    /// Whether the past is used as far as it will be: read and taken in, and no first model of it
    /// to come. One whose fit failed comes much later.
    pub(crate) fn has_used_past(&self, now: Timestamp) -> bool {
        let fails = self.not_before.is_some_and(|at| now < at);
        let fitting = self.fit.is_some() || (self.forecaster.fit_due() && !fails);
        let read = !self.backfill.is_reading() && !self.backfill.is_complete();
        read && (self.has_own_model() || !fitting)
    }

    /// Lets the forecast rest on what was read of the past as well, and makes the outlook anew:
    /// with more history it sees more. Returns what was read.
    pub(crate) fn take_in(&mut self, per_instance: Option<f64>) -> Vec<Datapoint> {
        let read = self.backfill.take();
        let grid = self.grid;
        let points = read
            .iter()
            .filter_map(|point| load_point(grid, point, per_instance));
        self.rest_on(points);
        if !read.is_empty() {
            self.renew_outlook();
        }
        read
    }

    /// Lets the forecast rest on past loads as well: the start of each period, and its load in
    /// instance-percent.
    pub(crate) fn fill(&mut self, loads: &[(Timestamp, f64)]) {
        let grid = self.grid;
        self.rest_on(loads.iter().map(|(start, load)| LoadPoint {
            period: grid.period_at(start.as_seconds()),
            load: *load,
            saturated: false,
        }));
        self.renew_outlook();
    }

    fn rest_on(&mut self, points: impl Iterator<Item = LoadPoint>) {
        let mut history = self.forecaster.history().clone();
        history.fill(points);
        let own = self.forecaster.own().cloned();
        self.forecaster = Forecaster::resume(history, generic_model(self.grid));
        own.map(|own| self.forecaster.install(own));
    }

    fn renew_outlook(&mut self) {
        let made = ahead::look_ahead(self.forecaster.history());
        self.outlook = made.or_else(|| self.outlook.take());
    }
}
