//! Everything that one decision depends on, in one place.

use std::time::Duration;

use foretide_domain::{
    Datapoint, Features, ForecastFigures, GroupState, Load, Memory, Mode, Orders, Percent,
    Prediction, SATURATED_CPU, Staleness, Timestamp, Unaccounted,
};
use foretide_forecast::sizing::SizingOutput;

use crate::calendar::Needed;
use crate::config::ControllerConfig;
use crate::load::{Measured, measured};
use crate::safe_start::Waits;
use crate::series::Series;
use crate::signals::Judged;
use crate::staleness::staleness;

/// The world as the decision sees it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, true or not whatever the others are"
)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) now: Timestamp,
    pub(crate) config: &'a ControllerConfig,
    /// Whether the policy forecasts.
    pub(crate) forecasts: bool,
    pub(crate) group: &'a GroupState,
    pub(crate) group_read_at: Timestamp,
    pub(crate) series: &'a Series,
    /// What the model was asked, and what it said.
    pub(crate) features: Option<Features>,
    pub(crate) prediction: Option<Prediction>,
    /// Whether the newest question to the model brought no answer.
    pub(crate) predictor_failing: bool,
    /// The optimiser's answer to the newest period; none before the first and under other policies.
    pub(crate) sizing: Option<SizingOutput>,
    /// The same as an explanation shows it.
    pub(crate) forecast: Option<ForecastFigures>,
    /// Demand that one instance serves at 100 % CPU; none where load is that of CPU.
    pub(crate) per_instance: Option<f64>,
    /// The signals, in the order of the configuration. Empty for a group without any.
    pub(crate) signals: &'a [Judged],
    /// Whether the instances beyond what CPU asks for have paid for their end. Only known of a
    /// group with signals.
    pub(crate) cpu_paid: bool,
    /// What an operator ordered.
    pub(crate) orders: &'a Orders,
    /// The mode in force.
    pub(crate) mode: Mode,
    /// The capacity that a known event or a scheduled action needs now, and who.
    pub(crate) scheduled: Option<(u32, Needed<'a>)>,
    /// What is left of the waits of a start.
    pub(crate) start: Waits,
    /// The event that lifts the newest forecast.
    pub(crate) lifting: Option<&'a str>,
    /// Memory as the model was told it.
    pub(crate) memory: Option<Memory>,
    /// Reporting ÷ serving for the newest period, where the group was read within it.
    pub(crate) coverage: Option<f64>,
    /// Pending instances that are still expected, and those that warm up.
    pub(crate) starting: u32,
    /// Whether instances die one after the other.
    pub(crate) dying: bool,
    /// Whether load has dropped suddenly, where the forecast saw none.
    pub(crate) dropped: bool,
    /// Whether somebody suspended scaling, and this controller keeps its hands off.
    pub(crate) hands_off: bool,
    /// Looks in a row at which the model's answer asked for less.
    pub(crate) streak: u32,
    /// Votes within them: answers, one a datapoint.
    pub(crate) streak_datapoints: u32,
    /// When capacity was last changed, or may have been.
    pub(crate) last_change_at: Option<Timestamp>,
    /// This controller's own changes of desired capacity lately, in instances, oldest first.
    pub(crate) own_changes: &'a [(Timestamp, i64)],
    /// Capacities wanted lately that are above all later ones, oldest first.
    pub(crate) wanted_lately: &'a [(Timestamp, u32)],
    /// Capacity above which desired is not raised while launches fail.
    pub(crate) breaker_cap: Option<u32>,
    pub(crate) write_in_flight: bool,
    /// Before this time no write is tried again.
    pub(crate) write_backoff_until: Option<Timestamp>,
}

impl<'a> Facts<'a> {
    /// The newest datapoint with CPU.
    pub(crate) fn newest(&self) -> Option<(&'a Datapoint, Percent)> {
        self.series
            .newest_with_cpu()
            .next()
            .and_then(|(point, _)| Some((point, point.cpu?)))
    }

    /// Load of the newest datapoint with CPU.
    pub(crate) fn load(&self) -> Option<Load> {
        self.newest_measured()
            .next()
            .and_then(|(_, measured)| Load::new(measured.load))
    }

    /// Datapoints that show a load, newest first.
    pub(crate) fn newest_measured(&self) -> impl Iterator<Item = (&'a Datapoint, Measured)> {
        let per_instance = self.per_instance;
        self.series
            .newest_with_cpu()
            .filter_map(move |(point, _)| Some((point, measured(point, per_instance)?)))
    }

    /// Time since the end of the newest period that shows load.
    pub(crate) fn data_age(&self) -> Option<Duration> {
        self.series
            .newest_load()
            .map(|point| self.now.since(point.end()))
    }

    /// Whether data is there and young enough to act on.
    pub(crate) fn is_fresh(&self) -> bool {
        self.series.newest_load().is_some_and(|point| {
            self.now.since(point.end()) <= stale_limit(self.config, point.period)
        })
    }

    /// Whether fresh data shows that the serving instances are saturated: the true demand is
    /// unknown.
    pub(crate) fn is_saturated(&self) -> bool {
        let newest = self.newest_measured().next();
        newest.is_some_and(|(_, it)| it.saturated || it.utilisation >= SATURATED_CPU)
            && self.is_fresh()
    }

    /// How far the newest data is trusted; as little as can be where there is none.
    pub(crate) fn staleness(&self) -> Staleness {
        self.series.newest_load().map_or(Staleness::Alarm, |point| {
            let age = self.now.since(point.end());
            staleness(self.config, self.forecasts, point.period, age).0
        })
    }

    /// Whether the group has no instance and wants none, so that nothing can be measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.group.desired == 0 && self.group.counts.in_service_and_pending() == 0
    }

    /// The instances that reported in the newest period without serving, and could not be taken
    /// out.
    pub(crate) fn unaccounted(&self) -> Option<Unaccounted> {
        self.series
            .newest_load()
            .and_then(|point| point.unaccounted)
    }

    /// What is left of a cooldown of length `cooldown`.
    pub(crate) fn cooldown_left(&self, cooldown: Duration) -> Duration {
        self.last_change_at.map_or(Duration::ZERO, |at| {
            cooldown.saturating_sub(self.now.since(at))
        })
    }
}

/// Age at which data of this period length is stale.
///
/// A period is seen `metric_delay` after its end at the earliest and is the newest one for another
/// period; less than two periods and the delay would call every healthy group stale.
pub(crate) fn stale_limit(config: &ControllerConfig, period: Duration) -> Duration {
    config
        .stale_after
        .max(period.saturating_mul(2).saturating_add(config.metric_delay))
}
