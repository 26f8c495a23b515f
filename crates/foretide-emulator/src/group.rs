//! One emulated group: the simulated world advanced to the clock's time, the instances by name, and
//! the metrics that `CloudWatch` would have by then.

use foretide_domain::{Bounds, Timestamp};
use foretide_sim::{Boot, Period, World, WorldConfig};

use crate::error::ApiError;
use crate::roster::Roster;
use crate::scenario::{GroupSpec, Metric, Scripted};

/// All grids of periods are aligned to this time, in seconds.
const GRID_S: i64 = 300;
/// Bytes a second that an instance receives at 100 % CPU; it sends as many.
const NETWORK_IN_BPS: f64 = 4.0e6;
const NETWORK_OUT_BPS: f64 = 8.0e6;
/// Mean bytes of a packet.
const PACKET_BYTES: f64 = 1000.0;
/// Bytes a second that an instance reads from its disk at 100 % CPU; it writes as many.
const DISK_READ_BPS: f64 = 1.0e6;
const DISK_WRITE_BPS: f64 = 2.0e6;

/// One emulated group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) spec: GroupSpec,
    /// The time of second 0 of the simulated world.
    origin: Timestamp,
    /// Start of the emulator. Scripted times count from here.
    start: Timestamp,
    world: World,
    pub(crate) roster: Roster,
    last_change: Option<Timestamp>,
}

/// The samples of one metric in one native period, as `CloudWatch` stores them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StatSet {
    /// Start of the period.
    pub(crate) start: Timestamp,
    pub(crate) samples: f64,
    pub(crate) sum: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Group {
    /// A group with a history that ends at `start`.
    pub(crate) fn new(spec: GroupSpec, start: Timestamp) -> Self {
        let first_s = start.as_seconds() - i64::from(spec.history_s);
        let origin = Timestamp::from_seconds(first_s - first_s.rem_euclid(GRID_S));
        let config = WorldConfig {
            bounds: bounds(spec.min, spec.max),
            unit: spec.unit,
            boot: Boot::Constant {
                seconds: spec.boot_s,
            },
            launch_failure: spec.launch_failure,
            delay_s: spec.delay_s,
            period_s: spec.period_s,
            seed: spec.seed,
            scoring_from_s: 0,
            initial: spec.desired,
        };
        let mut group = Self {
            world: World::new(config),
            roster: Roster::new(&spec.name, spec.desired, spec.terminate_s),
            origin,
            start,
            last_change: None,
            spec,
        };
        group.apply_suspensions();
        group
    }

    /// Advances the world to `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let elapsed_s = now.as_seconds() - self.origin.as_seconds();
        while self.world.at_s() <= elapsed_s {
            let at_s = self.world.at_s();
            self.world.begin_step();
            self.roster.follow_boots(&mut self.world);
            self.world.finish_step(self.demand(at_s));
            self.roster.follow_changes(&self.world, at_s);
        }
    }

    fn demand(&self, at_s: i64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float to integer cast saturates"
        )]
        let at_s = (at_s as f64 * self.spec.speed) as i64;
        self.spec.demand.at(at_s).max(0.0)
    }

    /// The time of second `world_s` of the world.
    pub(crate) fn at(&self, world_s: i64) -> Timestamp {
        Timestamp::from_seconds(self.origin.as_seconds().saturating_add(world_s))
    }

    /// Start of the group's history.
    pub(crate) const fn origin(&self) -> Timestamp {
        self.origin
    }

    pub(crate) const fn desired(&self) -> u32 {
        self.world.desired()
    }

    pub(crate) const fn bounds(&self) -> Bounds {
        self.world.bounds()
    }

    /// Sets desired capacity as `SetDesiredCapacity` does.
    pub(crate) fn set_desired(
        &mut self,
        desired: i64,
        honor_cooldown: bool,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let bounds = self.world.bounds();
        let outside = |side: &str, limit: u32| {
            ApiError::validation(format!(
                "New SetDesiredCapacity value {desired} is {side} value {limit} for the AutoScalingGroup."
            ))
        };
        let wanted = match u32::try_from(desired) {
            Ok(wanted) if wanted > bounds.max() => return Err(outside("above max", bounds.max())),
            Ok(wanted) if wanted >= bounds.min() => wanted,
            _ => return Err(outside("below min", bounds.min())),
        };
        let cooling = self
            .last_change
            .is_some_and(|at| now.since(at).as_secs() < u64::from(self.spec.cooldown_s));
        if honor_cooldown && cooling {
            return Err(ApiError::new(
                400,
                "ScalingActivityInProgress",
                "the group is cooling down after its last scaling activity",
            ));
        }
        let before = self.world.desired();
        if self.world.set_desired(wanted) {
            self.last_change = Some(now);
            self.roster.because(format!(
                "At {now} a user request explicitly set group desired capacity changing the desired capacity from {before} to {wanted}."
            ));
        }
        Ok(())
    }

    pub(crate) fn set_bounds(&mut self, bounds: Bounds) {
        (self.spec.min, self.spec.max) = (bounds.min(), bounds.max());
        self.world.set_bounds(bounds);
    }

    /// Sets desired capacity within the bounds, as another writer would.
    pub(crate) fn force_desired(&mut self, desired: u32) {
        self.world.set_desired(desired);
    }

    pub(crate) fn set_launch_failure(&mut self, share: f64) {
        self.world.disturb_launches(share, 1.0);
    }

    pub(crate) fn apply_suspensions(&mut self) {
        let is = |process: &str| self.spec.suspended.iter().any(|name| name == process);
        let (launch, terminate) = (is("Launch"), is("Terminate"));
        self.world.suspend(launch, terminate);
    }

    /// Samples that an instance adds to a period: five with basic monitoring, like instance types
    /// that sample every minute.
    fn samples_per_instance(&self) -> f64 {
        f64::from(self.spec.period_s) / 60.0
    }

    /// The visible periods of `metric` that start from `from` (included) to `to` (excluded),
    /// for the whole group or for one `instance`; none if the group does not publish the metric.
    pub(crate) fn series(
        &self,
        metric: Metric,
        instance: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Option<Vec<StatSet>> {
        if metric == Metric::Memory && !self.spec.memory {
            return None;
        }
        let life = match instance {
            None => None,
            Some(id) => Some(self.roster.instances().iter().find(|one| one.id == id)?),
        };
        let first_s = from.as_seconds() - self.origin.as_seconds();
        let all = self.world.published();
        let wanted = all.get(all.partition_point(|period| period.start_s < first_s)..);
        let points = wanted.unwrap_or_default().iter();
        let served_by = |period: &&Period| match life {
            None => true,
            Some(one) => {
                one.in_service_s
                    .is_some_and(|since| since <= period.start_s)
                    && one
                        .ended_s
                        .is_none_or(|end| end >= period.start_s + i64::from(self.spec.period_s))
            }
        };
        let points = points
            .take_while(|period| self.at(period.start_s) < to)
            .filter(served_by);
        Some(
            points
                .filter_map(|period| self.point(metric, period, life.is_some(), now))
                .collect(),
        )
    }

    fn point(
        &self,
        metric: Metric,
        period: &Period,
        single: bool,
        now: Timestamp,
    ) -> Option<StatSet> {
        let start = self.at(period.start_s);
        let script = self.script(metric, start);
        let end = start.as_seconds() + i64::from(self.spec.period_s);
        let seen_at =
            end + i64::from(self.spec.delay_s) + i64::from(script.map_or(0, |s| s.late_s));
        if script.is_some_and(|script| script.missing) || now.as_seconds() < seen_at {
            return None;
        }
        let scripted = script.and_then(|script| script.value);
        let (value, instances) = match metric {
            // The group publishes one value.
            Metric::InService => (period.instances, 1.0),
            Metric::Requests => (period.demand, 1.0),
            _ if period.instances <= 0.0 => return None,
            _ if single => (self.of_one(metric, period)?, 1.0),
            _ => (self.of_one(metric, period)?, period.instances),
        };
        let value = scripted.unwrap_or(value);
        let (per_sample, samples) = match metric {
            Metric::InService | Metric::Requests => (value, 1.0),
            Metric::Cpu | Metric::Memory => (value, instances * self.samples_per_instance()),
            // Bytes and packets of the period, spread evenly over its samples.
            _ => {
                let samples = self.samples_per_instance();
                (value / samples, instances * samples)
            }
        };
        Some(StatSet {
            start,
            samples,
            sum: per_sample * samples,
            min: per_sample,
            max: per_sample,
        })
    }

    /// The value of one instance over `period`: a percentage, or a number of bytes or packets.
    fn of_one(&self, metric: Metric, period: &Period) -> Option<f64> {
        let share = period.served / (self.spec.unit * period.instances);
        let in_period = |per_second: f64| Some(share * per_second * f64::from(self.spec.period_s));
        match metric {
            Metric::Cpu => period.cpu,
            Metric::Memory => Some(20.0 + 60.0 * share),
            Metric::NetworkIn => in_period(NETWORK_IN_BPS),
            Metric::NetworkOut => in_period(NETWORK_OUT_BPS),
            Metric::DiskRead => in_period(DISK_READ_BPS),
            Metric::DiskWrite => in_period(DISK_WRITE_BPS),
            Metric::PacketsIn => in_period(NETWORK_IN_BPS / PACKET_BYTES),
            Metric::PacketsOut => in_period(NETWORK_OUT_BPS / PACKET_BYTES),
            Metric::InService | Metric::Requests => None,
        }
    }

    fn script(&self, metric: Metric, start: Timestamp) -> Option<&Scripted> {
        let at_s = start.as_seconds() - self.start.as_seconds();
        let applies = |script: &&Scripted| {
            script.metric.is_none_or(|one| one == metric)
                && (script.from_s..script.until_s).contains(&at_s)
        };
        self.spec.scripted.iter().rev().find(applies)
    }
}

/// The bounds of a checked specification.
fn bounds(min: u32, max: u32) -> Bounds {
    Bounds::new(min, max.max(min)).unwrap_or_else(|_| bounds(min, min))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Demand;

    const START_S: i64 = 1_000_000_200;

    fn group(spec: GroupSpec) -> Group {
        let spec = GroupSpec {
            name: "web".into(),
            ..spec
        };
        Group::new(spec, Timestamp::from_seconds(START_S))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(START_S + seconds)
    }

    fn states(group: &Group) -> Vec<&'static str> {
        group
            .roster
            .instances()
            .iter()
            .map(crate::roster::Instance::state)
            .collect()
    }

    #[test]
    fn a_launch_is_pending_before_it_serves_and_leaves_an_activity() {
        let mut group = group(GroupSpec::default());
        group.advance(at(0));
        group.set_desired(3, false, at(5)).unwrap();
        assert_eq!(states(&group), ["InService", "InService"]);
        group.advance(at(15));
        assert_eq!(states(&group), ["InService", "InService", "Pending"]);
        group.advance(at(200));
        assert_eq!(states(&group), ["InService"; 3]);
        let activity = group.roster.activities().next().unwrap();
        assert_eq!(activity.status, "Successful");
        assert_eq!(activity.ended_s.unwrap() - activity.started_s, 180);
        assert!(activity.cause.contains("from 2 to 3"));
    }

    #[test]
    fn scale_in_ends_the_oldest_instance_and_shows_it_terminating_for_a_while() {
        let mut group = group(GroupSpec::default());
        group.advance(at(0));
        let oldest = group.roster.instances()[0].id.clone();
        group.set_desired(1, false, at(5)).unwrap();
        group.advance(at(10));
        assert_eq!(states(&group), ["Terminating", "InService"]);
        assert_eq!(group.roster.instances()[0].id, oldest);
        group.advance(at(60));
        assert_eq!(states(&group), ["InService"]);
    }

    #[test]
    fn failed_launches_are_failed_activities_and_are_tried_again() {
        let mut group = group(GroupSpec {
            launch_failure: 1.0,
            boot_s: 20,
            ..GroupSpec::default()
        });
        group.advance(at(0));
        group.set_desired(3, false, at(0)).unwrap();
        group.advance(at(120));
        let statuses: Vec<_> = group.roster.activities().map(|one| one.status).collect();
        assert_eq!(statuses[0], "PreInService");
        assert!(statuses.len() >= 5 && statuses[1..].iter().all(|status| *status == "Failed"));
        assert_eq!(states(&group), ["InService", "InService", "Pending"]);
    }

    #[test]
    fn desired_capacity_outside_the_bounds_is_a_validation_error() {
        let mut group = group(GroupSpec::default());
        for (desired, words) in [
            (11, "above max value 10"),
            (0, "below min value 1"),
            (-1, "below"),
        ] {
            let error = group.set_desired(desired, false, at(0)).unwrap_err();
            assert_eq!(error.code, "ValidationError");
            assert!(error.message.contains(words), "{}", error.message);
        }
        assert_eq!(group.desired(), 2);
    }

    #[test]
    fn the_cooldown_counts_only_where_it_is_honoured() {
        let mut group = group(GroupSpec::default());
        group.set_desired(3, true, at(0)).unwrap();
        assert!(group.set_desired(4, true, at(299)).is_err());
        group.set_desired(4, false, at(299)).unwrap();
        assert!(group.set_desired(5, true, at(599)).is_ok());
    }

    #[test]
    fn points_appear_after_their_delay_and_as_scripted() {
        let scripted = |metric, from_s, value, missing, late_s| Scripted {
            metric,
            from_s,
            until_s: from_s + 60,
            value,
            missing,
            late_s,
        };
        let mut group = group(GroupSpec {
            demand: Demand::Constant(120.0),
            history_s: 600,
            scripted: vec![
                scripted(Some(Metric::Cpu), -300, Some(90.0), false, 0),
                scripted(None, -240, None, true, 0),
                scripted(Some(Metric::Cpu), -180, None, false, 120),
            ],
            ..GroupSpec::default()
        });
        let mut cpu = |now: i64| {
            group.advance(at(now));
            let span = (at(-300), at(now));
            let series = group.series(Metric::Cpu, None, span, at(now)).unwrap();
            let one = |set: &StatSet| (set.start.as_seconds() - START_S, set.sum / set.samples);
            series.iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(cpu(0), [(-300, 90.0), (-120, 60.0)]);
        assert_eq!(
            cpu(60),
            [(-300, 90.0), (-180, 60.0), (-120, 60.0), (-60, 60.0)]
        );
    }

    #[test]
    fn fleet_and_instance_metrics_agree() {
        let mut group = group(GroupSpec {
            history_s: 600,
            memory: true,
            ..GroupSpec::default()
        });
        group.advance(at(0));
        let id = group.roster.instances()[0].id.clone();
        let last = |metric, id: Option<&str>| {
            let span = (at(-600), at(0));
            *group
                .series(metric, id, span, at(0))
                .unwrap()
                .last()
                .unwrap()
        };
        let (fleet, one) = (
            last(Metric::NetworkIn, None),
            last(Metric::NetworkIn, Some(&id)),
        );
        assert!((fleet.samples - 2.0).abs() < 1e-9 && (one.samples - 1.0).abs() < 1e-9);
        assert!((fleet.sum - 2.0 * one.sum).abs() < 1e-6);
        assert!((one.sum - 0.5 * NETWORK_IN_BPS * 60.0).abs() < 1e-3);
        assert!((last(Metric::Memory, None).max - 50.0).abs() < 1e-9);
    }
}
