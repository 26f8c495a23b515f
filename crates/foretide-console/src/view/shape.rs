//! The values of a group's row, without how they come about.

use foretide_domain::{FORECAST_LEVELS, HoursFigures};
use schemars::JsonSchema;
use serde::Serialize;

use super::hours_schema::HoursSchema;

/// A group at a glance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GroupRow {
    pub(crate) id: String,
    pub(crate) account: Option<String>,
    pub(crate) name: String,
    pub(crate) mode: String,
    pub(crate) policy: String,
    pub(crate) dry_run: bool,
    pub(crate) orders: OrdersView,
    pub(crate) health: Health,
    pub(crate) story: Story,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) load: LoadNow,
    pub(crate) budget: Budget,
    pub(crate) hours: HoursView,
    /// Need and in service of the last six hours, for a small chart.
    pub(crate) spark: Spark,
    /// The newest decision to change desired capacity; null where none is kept.
    pub(crate) changed: Option<ChangeView>,
    pub(crate) decided_at_ms: Option<i64>,
    pub(crate) next_cycle_ms: Option<i64>,
    pub(crate) checked_at_ms: Option<i64>,
    pub(crate) cycle_took_ms: Option<u64>,
    pub(crate) interval_ms: u64,
    /// End of the newest period with data.
    pub(crate) data_at_ms: Option<i64>,
    pub(crate) data_fresh: Option<bool>,
    /// Grows with every change of the group.
    pub(crate) revision: u64,
}

/// What an operator ordered and still stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct OrdersView {
    /// The mode of the configuration, which an order may replace.
    pub(crate) configured_mode: String,
    /// Who ordered the mode in force; none where it is the configured one.
    pub(crate) mode_by: Option<String>,
    pub(crate) paused: bool,
    /// When the pause ends by itself.
    pub(crate) paused_until_ms: Option<i64>,
    pub(crate) paused_by: Option<String>,
    /// The capacity that is held.
    pub(crate) pinned: Option<u32>,
    pub(crate) pinned_until_ms: Option<i64>,
    pub(crate) pinned_by: Option<String>,
}

/// Instances by lifecycle, and what bounds them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Capacity {
    pub(crate) desired: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) in_service: u32,
    pub(crate) pending: u32,
    pub(crate) standby: u32,
    pub(crate) terminating: u32,
}

/// The load now and as forecast.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LoadNow {
    pub(crate) cpu_percent: Option<f64>,
    pub(crate) load_instance_percent: Option<f64>,
    /// Instances that carry it at the objective.
    pub(crate) need_instances: Option<u32>,
    /// Time ahead that is forecast.
    pub(crate) forecast_ahead_s: Option<u64>,
    /// Instances that carry the load forecast for then, at each level.
    pub(crate) forecast_need_instances: Option<[u32; FORECAST_LEVELS.len()]>,
}

/// Time in violation against the violation budget.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Budget {
    /// Utilisation above which the group is in violation, percent.
    pub(crate) objective_percent: f64,
    /// Share of time that it may be in violation, 0 to 1.
    pub(crate) allowed_share: f64,
    /// Share of the last 7 days that it was: that of `hours`. Null below a day of data.
    pub(crate) violation_share: Option<f64>,
    /// The former ÷ the latter: 1 is all of the budget.
    pub(crate) spent_ratio: Option<f64>,
    pub(crate) violation_now: Option<bool>,
    pub(crate) need_instances: Option<u32>,
}

/// Instance-hours and time in violation of the last seven days of UTC, today included; since
/// Foretide holds the group in its present mode, where that is later. All are of the same periods:
/// those with data.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct HoursView {
    /// When the count begins; null before the first period.
    pub(crate) since_ms: Option<i64>,
    #[serde(flatten)]
    #[schemars(with = "HoursSchema")]
    pub(crate) figures: HoursFigures,
    pub(crate) price_per_instance_hour: Option<f64>,
    pub(crate) currency: Option<String>,
}

/// Columns of the small chart.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Spark {
    pub(crate) need_instances: Vec<Option<u32>>,
    pub(crate) in_service: Vec<Option<u32>>,
}

/// How soon a person should act; the most urgent is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// Nothing to do.
    Ok,
    /// To know, not to act on.
    Notice,
    /// To look at today.
    Warning,
    /// To look at now.
    Critical,
}

/// A group's health.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Health {
    pub(crate) level: Level,
    /// The worst state, as `/metrics` names it.
    pub(crate) state: &'static str,
    /// The same in words.
    pub(crate) title: String,
    /// What stands against the group's health, the worst first; empty where nothing does.
    pub(crate) conditions: Vec<ConditionView>,
    /// The reasons of these conditions alone.
    pub(crate) reasons: Vec<String>,
    /// The group is stalled after this time unless it is checked until then; none before it was
    /// checked.
    pub(crate) stalled_after_ms: Option<i64>,
}

/// One thing that stands against the group's health.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ConditionView {
    pub(crate) level: Level,
    pub(crate) state: &'static str,
    pub(crate) reason: String,
    pub(crate) since_ms: i64,
    /// What to do; none where waiting is enough.
    pub(crate) next_step: Option<String>,
}

/// A decision to change desired capacity. In mode `observe` it was not carried out.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeView {
    pub(crate) at_ms: i64,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Whether the mode kept it from being carried out.
    pub(crate) withheld: bool,
}

/// The sentences; empty is none.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Story {
    pub(crate) doing: String,
    pub(crate) why: Option<String>,
    pub(crate) next: Option<String>,
}
