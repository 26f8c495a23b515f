//! What the controller says of the hours to come, and of what its promise costs: rendered, never
//! computed here.

use foretide_domain::{OUTLOOK_LEVELS, PolicyKind, PriceTable, Pricing, Spent, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::Track;

/// The hours to come, at most 48, as the controller saw them up to six hours ago. For people and
/// warnings: no capacity is decided by it. Columns of equal length, a row an hour. Hours that have
/// begun are left out, and so are hours of the day that were never observed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct OutlookView {
    /// Start of the newest period that was known when it was made.
    pub(crate) of_ms: i64,
    /// The levels of `need_instances`.
    pub(crate) levels: [f64; OUTLOOK_LEVELS.len()],
    /// Start of each hour.
    pub(crate) at_ms: Vec<i64>,
    /// Load of the hour's periods over the objective, at each level: the instances that would carry
    /// it, not rounded up.
    pub(crate) need_instances: Vec<[f64; OUTLOOK_LEVELS.len()]>,
    /// The hour that probably needs most.
    pub(crate) most: MostView,
}

/// The hour that probably needs most instances, the nearest of several.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct MostView {
    pub(crate) at_ms: i64,
    /// Whole instances that carry its load at the highest of the levels.
    pub(crate) need_instances: u32,
}

/// What violation shares would have cost in the newest week of the group's own history, in
/// hindsight at one price, and what the group itself did in the last seven days. Made every week,
/// and every day while `forecast.max_cost` bounds spare capacity.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PriceListView {
    /// End of the newest period that is priced; null where that is not known.
    pub(crate) until_ms: Option<i64>,
    /// Days that are priced, at most seven.
    pub(crate) days: f64,
    /// Target of target tracking, percent, as configured.
    pub(crate) target_percent: f64,
    /// What target tracking at that target did in these days.
    pub(crate) target_tracking: PriceView,
    /// One for each violation share, ascending.
    pub(crate) rows: Vec<PriceView>,
    /// What the group did: the figures of `group.hours`, that is of the last seven days. Null below
    /// a day of data.
    pub(crate) today: Option<PriceView>,
}

/// A violation share and its cost. The costs are null where no price buys the share.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct PriceView {
    /// Share of the time above the objective, 0 to 1.
    pub(crate) violation_share: f64,
    /// Mean number of instances.
    pub(crate) instances: Option<f64>,
    pub(crate) instance_hours: Option<f64>,
    /// Instance-hours over those of target tracking at the configured target on the same load.
    pub(crate) over_target_tracking: Option<f64>,
    /// Price of so many instances for a day, in `group.hours.currency`; null where no price is
    /// known. Hours are of spans of different length, so their prices cannot be compared.
    pub(crate) cost_a_day: Option<f64>,
}

/// The outlook as of `now`; none before the controller made one, and where all of its hours have
/// begun.
pub(super) fn outlook(track: &Track, now: Timestamp) -> Option<OutlookView> {
    let known = track.outlook.as_ref().filter(|_| forecasts(track))?;
    let objective = track.facts.objective;
    let (at, need_instances) = known.most(now, objective)?;
    let rows = known.to_come(now).map(|hour| {
        let instances = hour.instances(objective);
        (hour.from.as_millis(), instances.map(tidy))
    });
    let (at_ms, needs) = rows.unzip();
    Some(OutlookView {
        of_ms: known.of.as_millis(),
        levels: OUTLOOK_LEVELS,
        at_ms,
        need_instances: needs,
        most: MostView {
            at_ms: at.as_millis(),
            need_instances,
        },
    })
}

/// Whether the group is forecast. One that was until a reload has an outlook that ages.
fn forecasts(track: &Track) -> bool {
    track.facts.policy == PolicyKind::Forecast
}

/// Whether the newest decision priced violations as stated, and not by a budget.
fn has_stated_prices(track: &Track) -> bool {
    let decision = track.decision();
    let figures = decision.and_then(|known| known.explanation.inputs.forecast);
    figures.is_some_and(|figures| matches!(figures.pricing, Pricing::Prices { .. }))
}

/// The price list; none before the controller made one, and where there is no budget to price.
pub(super) fn price_list(track: &Track) -> Option<PriceListView> {
    let follows_budget = forecasts(track) && !has_stated_prices(track);
    let known = track.prices.as_ref().filter(|_| follows_budget)?;
    let price = track.facts.price.as_ref().map(|price| price.amount);
    let a_day = |instances: f64| Some(24.0 * instances * price?);
    let priced = |share, instances: Option<f64>| PriceView {
        violation_share: share,
        instances,
        instance_hours: instances.map(|it| known.instance_hours(it)),
        over_target_tracking: instances.and_then(|it| known.over_tracking(it)),
        cost_a_day: instances.and_then(a_day),
    };
    let today = |spent: Spent| PriceView {
        violation_share: spent.priced.violation_share,
        instances: Some(spent.priced.instances),
        instance_hours: Some(spent.instance_hours),
        over_target_tracking: spent.over_tracking,
        cost_a_day: a_day(spent.priced.instances),
    };
    let PriceTable {
        until,
        minutes,
        target,
        tracking,
        rows,
    } = known;
    let rows = rows.iter();
    Some(PriceListView {
        until_ms: until.map(Timestamp::as_millis),
        days: minutes / 1440.0,
        target_percent: *target,
        target_tracking: priced(tracking.violation_share, Some(tracking.instances)),
        rows: rows
            .map(|row| priced(row.violation_share, row.instances))
            .collect(),
        today: Spent::of(&track.week()).map(today),
    })
}

/// Two decimals are more than a chart shows.
fn tidy(instances: f64) -> f64 {
    (instances * 100.0).round() / 100.0
}
