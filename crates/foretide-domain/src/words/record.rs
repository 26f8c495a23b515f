//! Records and alarms in words, a line each.

use std::fmt;

use crate::{
    Alarm, HealthState, HourAhead, Outcome, Outlook, PriceTable, Record, Verdict, WriteOutcome,
};

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Observed(point) => {
                write!(f, "observed the period of {}: ", point.start)?;
                match point.cpu {
                    Some(cpu) => write!(f, "CPU {cpu} on {:.1} instances", point.instances),
                    None => f.write_str("no CPU"),
                }
            }
            Self::Decided(decision) => decision.fmt(f),
            Self::Settled { plan, outcome } => {
                write!(f, "desired {}: ", plan.desired)?;
                match outcome {
                    WriteOutcome::Accepted => f.write_str("accepted"),
                    WriteOutcome::Moved { bounds, desired } => write!(
                        f,
                        "not written, the group has moved to desired {desired} in {bounds}"
                    ),
                    WriteOutcome::DryRun => f.write_str("not written, dry run"),
                    WriteOutcome::Failed(failure) => write!(f, "failed, {failure}"),
                }
            }
            Self::OutcomeSeen(Outcome::Reached { desired }) => {
                write!(f, "in service as asked: {desired}")
            }
            Self::OutcomeSeen(Outcome::Partly {
                desired,
                in_service,
            }) => {
                write!(
                    f,
                    "in service after three lead times: {in_service} of {desired}"
                )
            }
            Self::ForeignChange(change) => {
                f.write_str("somebody else changed the group:")?;
                if change.desired != change.desired_before {
                    write!(
                        f,
                        " desired {} -> {}",
                        change.desired_before, change.desired
                    )?;
                }
                if change.bounds != change.bounds_before {
                    write!(f, " bounds {} -> {}", change.bounds_before, change.bounds)?;
                }
                Ok(())
            }
            Self::Ordered { order, by } => write!(f, "ordered by {by}: {order}"),
            Self::OrderEnded(order) => write!(f, "an order has ended: {order}"),
            Self::CallFailed(failure) => write!(f, "call failed: {failure}"),
            Self::MetricsLate {
                delay,
                metric_delay,
            } => {
                let (found, set) = (delay.as_secs(), metric_delay.as_secs());
                write!(
                    f,
                    "metric_delay = \"{set}s\", but CloudWatch publishes this group's periods {found} \
                     s after their end: metrics are read later; set metric_delay = \"{found}s\""
                )
            }
            Self::Gap { since } => write!(f, "no cycle since {since}: the streak starts anew"),
            Self::Alarm(alarm) => alarm.fmt(f),
            Self::Health { verdict, ended } => health(f, verdict, ended),
            Self::Outlook(outlook) => self::outlook(f, outlook),
            Self::Prices(prices) => self::prices(f, prices),
        }
    }
}

fn outlook(f: &mut fmt::Formatter<'_>, outlook: &Outlook) -> fmt::Result {
    let most = |hour: &&HourAhead| hour.loads.iter().copied().fold(0.0, f64::max);
    let busiest = outlook
        .hours
        .iter()
        .max_by(|a, b| most(a).total_cmp(&most(b)));
    write!(f, "outlook: {} hours to come", outlook.hours.len())?;
    busiest.map_or(Ok(()), |hour| {
        let [median, .., most] = hour.loads.map(|load| load / 100.0);
        write!(
            f,
            "; the busiest, from {}, keeps {median:.1} instances busy, {most:.1} at the 99 % quantile",
            hour.from
        )
    })
}

fn prices(f: &mut fmt::Formatter<'_>, prices: &PriceTable) -> fmt::Result {
    let days = prices.minutes / 1440.0;
    write!(f, "price list of {days:.1} days:")?;
    for (index, row) in prices.rows.iter().enumerate() {
        let join = if index == 0 { "" } else { "," };
        let share = 100.0 * row.violation_share;
        match row.instances {
            Some(instances) => write!(f, "{join} {share:.1} % in violation takes {instances:.1}")?,
            None => write!(f, "{join} {share:.1} % is not to be had")?,
        }
    }
    let (target, tracking) = (prices.target, prices.tracking);
    let share = 100.0 * tracking.violation_share;
    write!(
        f,
        " instances on average; target tracking at {target:.0} % took {:.1} with {share:.2} %",
        tracking.instances
    )
}

fn health(f: &mut fmt::Formatter<'_>, verdict: &Verdict, ended: &[HealthState]) -> fmt::Result {
    write!(f, "{verdict}")?;
    for (index, state) in ended.iter().enumerate() {
        let join = if index == 0 { "; ended: " } else { ", " };
        write!(f, "{join}{state}")?;
    }
    Ok(())
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BreakerOpened {
                failed_launches,
                retry_at,
            } => {
                match failed_launches {
                    0 => f.write_str("ALARM launches hang or new instances die")?,
                    failed => write!(f, "ALARM launches fail ({failed} failed in a row)")?,
                }
                write!(
                    f,
                    ": no scale-out beyond the running instances until {retry_at}"
                )
            }
            Self::BreakerClosed => f.write_str("launches work again"),
            Self::DataStale => f.write_str("ALARM no fresh data"),
            Self::DataFresh => f.write_str("data is fresh again"),
            Self::PredictorSilent => {
                f.write_str("ALARM the predictor does not answer: capacity is held")
            }
            Self::PredictorAnswers => f.write_str("the predictor answers again"),
            Self::CostLimited { cost_percent } => write!(
                f,
                "the group costs {cost_percent} % of target tracking over up to 7 days, near \
                 forecast.max_cost: spare capacity is limited"
            ),
            Self::CostFree => {
                f.write_str("spare capacity is no longer limited by forecast.max_cost")
            }
            Self::InvariantBroken {
                invariant,
                violation,
            } => {
                write!(
                    f,
                    "ALARM a plan broke invariant {invariant} and was not written"
                )?;
                match violation {
                    Some(violation) => write!(f, ": {violation}"),
                    None => Ok(()),
                }
            }
        }
    }
}
