//! Makes the settings of the capacity optimiser from the configuration, and figures and alarms from
//! its answers.

use std::time::Duration;

use foretide_domain::{Alarm, Bounds, Datapoint, Pricing};
use foretide_forecast::sizing::{
    BudgetConfig, CapacityOptimiser, SizingConfig, SizingOutput, Standing,
};
use foretide_forecast::{Fitted, Grid, LoadPoint, generic};

use crate::config::ControllerConfig;
use crate::load::measured;
use crate::protocol::PriceListJob;

/// What a price list of the group is made with.
pub(super) fn price_list_job(optimiser: &CapacityOptimiser, bounds: Bounds) -> PriceListJob {
    PriceListJob {
        config: *optimiser.config(),
        bounds: (bounds.min(), bounds.max()),
    }
}

/// What a period says of the load; none where it shows none.
pub(super) fn load_point(
    grid: Grid,
    point: &Datapoint,
    per_instance: Option<f64>,
) -> Option<LoadPoint> {
    let measured = measured(point, per_instance)?;
    Some(LoadPoint {
        period: grid.period_at(point.start.as_seconds()),
        load: measured.load,
        saturated: measured.saturated,
    })
}

pub(super) fn grid(period: Duration, lead_time: Duration) -> Option<Grid> {
    let step_minutes = u32::try_from(period.as_secs() / 60).ok()?;
    Grid::for_boot(step_minutes, boot_minutes(lead_time)).ok()
}

fn boot_minutes(lead_time: Duration) -> u32 {
    u32::try_from(lead_time.as_secs().div_ceil(60)).unwrap_or(u32::MAX)
}

/// The generic models are part of the program and tested. Without them target tracking decides.
pub(super) fn generic_model(grid: Grid) -> Option<Fitted> {
    generic(grid).ok().flatten()
}

pub(super) fn sizing_config(
    grid: Grid,
    lead_time: Duration,
    config: &ControllerConfig,
) -> SizingConfig {
    let objective = config.forecast.objective.get();
    let fresh = SizingConfig::new(grid, boot_minutes(lead_time));
    SizingConfig {
        objective,
        target: config.target_utilisation.get().min(objective),
        tracking: config.target_tracking,
        headroom: config.headroom,
        budget_share: config.forecast.budget,
        violation_price_ratio: config.forecast.short_per_instance,
        budget: BudgetConfig {
            max_cost: config.forecast.max_cost,
            ..fresh.budget
        },
        ..fresh
    }
}

pub(super) fn pricing(output: &SizingOutput, sizing: &SizingConfig) -> Pricing {
    match sizing.violation_price_ratio {
        None => Pricing::Budget {
            share: sizing.budget_share,
            position: output.price_step,
            position_max: output.price_step_max,
        },
        Some(short_per_instance) => Pricing::Prices { short_per_instance },
    }
}

/// The alarm when the cost limit begins, or ceases, to bound the price.
pub(super) fn standing_changed(
    before: Standing,
    after: Standing,
    output: &SizingOutput,
) -> Option<Alarm> {
    match (before == Standing::CostLimit, after == Standing::CostLimit) {
        (false, true) => {
            let ratio = 100.0 * output.means.own / output.means.tracking;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a ratio of means that are not negative; the cast saturates"
            )]
            let cost_percent = ratio.round() as u32;
            Some(Alarm::CostLimited { cost_percent })
        }
        (true, false) => Some(Alarm::CostFree),
        _ => None,
    }
}
