//! The load of the instances that serve.
//!
//! `CloudWatch` aggregates the `AutoScalingGroupName` dimension over every running instance. An
//! instance that boots, drains or stands by reports as well, although it serves no request. This
//! module takes the CPU of such instances out of the group's mean. Reading a group's metrics and
//! simulating a group both use it.

use serde::{Deserialize, Serialize};

use crate::Percent;

/// An instance whose place is not decided counts as serving once its CPU differs from the mean of
/// the serving instances by at most this share of the mean, or by [`ALIKE_POINTS`].
const ALIKE_SHARE: f64 = 0.15;
/// See [`ALIKE_SHARE`]; in percentage points.
const ALIKE_POINTS: f64 = 5.0;
/// Near saturation all instances look alike, also those that only boot.
const ALIKE_BELOW: f64 = 95.0;
/// More reporting than serving instances by this number cannot be rounding: instances are whole.
const SURPLUS: f64 = 0.5;
/// CPU from which an instance counts as saturated, in percent.
pub const SATURATED_CPU: f64 = 99.5;

/// CPU of one closed period as `CloudWatch` aggregates it over a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupCpu {
    /// Mean over the samples, in percent.
    pub mean: f64,
    /// Largest sample, in percent; none where it was not read.
    pub peak: Option<f64>,
    /// Instances that reported: samples ÷ samples of one instance.
    pub reporting: f64,
}

/// The CPU of one instance in one closed period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceCpu {
    /// Mean over the samples, in percent.
    pub mean: f64,
    /// Share of the period for which the instance reported, 0 to 1.
    pub reported: f64,
}

/// An instance that did not serve for the whole of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InTransition {
    /// For which part of the period it served.
    pub served: Served,
    /// Whether it was starting. An instance that starts may be busy with that; one that stops or
    /// stands by is idle.
    pub starting: bool,
    /// Its own CPU; none where it could not be read. An instance that did not report has a share
    /// of zero.
    pub cpu: Option<InstanceCpu>,
}

/// For which share of a period an instance served, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Served {
    /// This share.
    For(f64),
    /// This share if its CPU is like that of the serving instances, else nothing: the group has no
    /// warm-up that says when a new instance serves.
    IfAlike(f64),
}

/// The CPU of the serving instances in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServingCpu {
    /// Mean CPU of the instances that served; none where no instance served for the whole period.
    pub cpu: Option<Percent>,
    /// Mean number of instances that served.
    pub instances: f64,
    /// The instances that reported, did not serve, and could not be taken out.
    pub unaccounted: Option<Unaccounted>,
}

/// A period whose mean CPU includes instances that did not serve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unaccounted {
    /// Instances that reported.
    pub reporting: f64,
    /// The largest CPU of one instance, in percent; none where it was not read.
    pub peak: Option<Percent>,
    /// Whether all of them were stopping or standing by, and so were idle.
    pub idle: bool,
}

impl Unaccounted {
    /// Whether the mean hides that the serving instances are saturated: an instance is, and those
    /// that do not serve are idle.
    pub fn hides_saturation(&self) -> bool {
        self.idle && self.peak.is_some_and(|peak| peak.get() >= SATURATED_CPU)
    }
}

/// Takes the instances in transition out of the group's CPU.
///
/// `on_duty` is the mean number of instances that served in the period according to the readings of
/// the group; none where the group was not read then. With the CPU of every instance in transition
/// known the result is exact. Otherwise the mean stays as it is, and instances that report beside
/// those on duty are named as unaccounted.
pub fn serving_cpu(
    group: GroupCpu,
    on_duty: Option<f64>,
    transitions: &[InTransition],
) -> ServingCpu {
    let known: Option<Vec<InstanceCpu>> = transitions.iter().map(|one| one.cpu).collect();
    let Some(known) = known else {
        return diluted(group, on_duty, transitions);
    };
    let reported: f64 = known.iter().map(|cpu| cpu.reported).sum();
    let whole = group.reporting - reported;
    if transitions.is_empty() || whole < SURPLUS {
        let served: f64 = transitions.iter().map(|one| one.served.surely()).sum();
        let all_serve = transitions.is_empty();
        let raw = ServingCpu {
            cpu: Percent::new(group.mean).filter(|_| all_serve),
            instances: if all_serve { group.reporting } else { served },
            unaccounted: None,
        };
        return match on_duty {
            Some(on_duty) if all_serve && group.reporting - on_duty > SURPLUS => {
                diluted(group, Some(on_duty), transitions)
            }
            _ => raw,
        };
    }
    let others: f64 = known.iter().map(|cpu| cpu.mean * cpu.reported).sum();
    let mean = ((group.mean * group.reporting - others) / whole).clamp(0.0, 100.0);
    let served: f64 = transitions
        .iter()
        .zip(&known)
        .map(|(one, cpu)| one.served.with(cpu, mean))
        .sum();
    ServingCpu {
        cpu: Percent::new(mean),
        instances: whole + served,
        unaccounted: None,
    }
}

/// Whether an instance with this CPU works like the serving instances with this mean; none where
/// the two cannot be compared: the instance did not report, or the serving instances are saturated.
pub fn is_alike(cpu: &InstanceCpu, serving_mean: f64) -> Option<bool> {
    let comparable = cpu.reported > 0.0 && serving_mean < ALIKE_BELOW;
    let distance = (cpu.mean - serving_mean).abs();
    comparable.then(|| distance <= (ALIKE_SHARE * serving_mean).max(ALIKE_POINTS))
}

fn diluted(group: GroupCpu, on_duty: Option<f64>, transitions: &[InTransition]) -> ServingCpu {
    let cpu = Percent::new(group.mean);
    let on_duty = on_duty.filter(|on_duty| group.reporting - on_duty > SURPLUS);
    ServingCpu {
        cpu,
        instances: on_duty.unwrap_or(group.reporting),
        unaccounted: on_duty.map(|_| Unaccounted {
            reporting: group.reporting,
            peak: group.peak.and_then(Percent::new),
            idle: !transitions.is_empty() && transitions.iter().all(|one| !one.starting),
        }),
    }
}

impl Served {
    fn surely(self) -> f64 {
        match self {
            Self::For(share) => share,
            Self::IfAlike(_) => 0.0,
        }
    }

    fn with(self, cpu: &InstanceCpu, serving_mean: f64) -> f64 {
        match self {
            Self::For(share) => share,
            Self::IfAlike(share) if is_alike(cpu, serving_mean) == Some(true) => share,
            Self::IfAlike(_) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(served: Served, starting: bool, cpu: Option<(f64, f64)>) -> InTransition {
        InTransition {
            served,
            starting,
            cpu: cpu.map(|(mean, reported)| InstanceCpu { mean, reported }),
        }
    }

    fn group(mean: f64, reporting: f64, peak: f64) -> GroupCpu {
        GroupCpu {
            mean,
            peak: Some(peak),
            reporting,
        }
    }

    #[test]
    fn instances_that_boot_are_taken_out() {
        // Five serve at 60 %, two boot at 100 %: (5 · 60 + 2 · 100) ÷ 7.
        let booting = one(Served::For(0.0), true, Some((100.0, 1.0)));
        let serving = serving_cpu(group(500.0 / 7.0, 7.0, 100.0), Some(5.0), &[booting; 2]);
        assert!((serving.cpu.unwrap().get() - 60.0).abs() < 1e-9);
        assert!((serving.instances - 5.0).abs() < 1e-9);
        // The control: nobody boots, and the mean stands as it is.
        let all = serving_cpu(group(500.0 / 7.0, 7.0, 100.0), Some(7.0), &[]);
        assert_eq!(all.cpu, Percent::new(500.0 / 7.0));
        assert_eq!(all.unaccounted, None);
    }

    #[test]
    fn instances_that_drain_do_not_dilute() {
        let draining = one(Served::For(0.0), false, Some((0.0, 1.0)));
        let serving = serving_cpu(group(25.0, 12.0, 100.0), Some(3.0), &[draining; 9]);
        assert!((serving.cpu.unwrap().get() - 100.0).abs() < 1e-9);
        assert!((serving.instances - 3.0).abs() < 1e-9);
    }

    #[test]
    fn an_instance_that_came_within_the_period_counts_for_its_part() {
        let came = one(Served::For(0.5), true, Some((20.0, 1.0)));
        let serving = serving_cpu(group(40.0, 3.0, 50.0), Some(2.5), &[came]);
        assert!((serving.cpu.unwrap().get() - 50.0).abs() < 1e-9);
        assert!((serving.instances - 2.5).abs() < 1e-9);
    }

    #[test]
    fn without_a_warm_up_an_instance_serves_once_it_works_like_the_others() {
        let of = |own: f64, mean: f64| {
            let new = one(Served::IfAlike(1.0), true, Some((own, 1.0)));
            let all = (4.0 * mean + own) / 5.0;
            serving_cpu(group(all, 5.0, 100.0), Some(4.0), &[new]).instances
        };
        assert!((of(57.0, 60.0) - 5.0).abs() < 1e-9);
        assert!((of(100.0, 60.0) - 4.0).abs() < 1e-9);
        assert!((of(2.0, 60.0) - 4.0).abs() < 1e-9);
        assert!(
            (of(100.0, 98.0) - 4.0).abs() < 1e-9,
            "all are busy: no sign"
        );
    }

    #[test]
    fn what_cannot_be_taken_out_is_named_and_its_peak_shows_saturation() {
        let draining = one(Served::For(0.0), false, None);
        let serving = serving_cpu(group(25.0, 12.0, 100.0), Some(3.0), &[draining; 9]);
        let others = serving.unaccounted.unwrap();
        assert!(others.hides_saturation());
        assert!((serving.instances - 3.0).abs() < 1e-9);
        // A booting instance may itself be the busy one.
        let booting = one(Served::For(0.0), true, None);
        let serving = serving_cpu(group(70.0, 7.0, 100.0), Some(5.0), &[booting; 2]);
        assert!(!serving.unaccounted.unwrap().hides_saturation());
        // More samples than instances on duty, and nobody is known to be in transition.
        let serving = serving_cpu(group(70.0, 7.0, 100.0), Some(5.0), &[]);
        assert!(!serving.unaccounted.unwrap().hides_saturation());
        // Where the group was not read nothing can be said.
        assert_eq!(
            serving_cpu(group(70.0, 7.0, 100.0), None, &[]).unaccounted,
            None
        );
    }

    #[test]
    fn a_period_in_which_no_instance_served_throughout_shows_no_cpu() {
        let left = one(Served::For(0.5), false, Some((30.0, 1.0)));
        let came = one(Served::For(0.5), true, Some((90.0, 1.0)));
        let serving = serving_cpu(group(60.0, 2.0, 90.0), Some(1.0), &[left, came]);
        assert_eq!((serving.cpu, serving.instances), (None, 1.0));
    }

    proptest! {
        /// The load of the serving instances comes back, whoever else reports.
        #[test]
        fn load_is_exact_whoever_else_reports(
            cpu in 0.0..100.0_f64,
            whole in 1_u32..50,
            others in prop::collection::vec((0.0..100.0_f64, 0.0..=1.0_f64), 0..30),
        ) {
            let whole = f64::from(whole);
            let transitions: Vec<_> = others
                .iter()
                .map(|&(mean, reported)| one(Served::For(0.0), true, Some((mean, reported))))
                .collect();
            let reported: f64 = others.iter().map(|(_, share)| share).sum();
            let sum: f64 = others.iter().map(|(mean, share)| mean * share).sum();
            let reporting = whole + reported;
            let mean = (cpu * whole + sum) / reporting;
            let serving = serving_cpu(group(mean, reporting, 100.0), Some(whole), &transitions);
            let load = serving.cpu.unwrap().get() * serving.instances;
            prop_assert!((load - cpu * whole).abs() < 1e-6 * (1.0 + cpu * whole));
            prop_assert_eq!(serving.unaccounted, None);
        }
    }
}
