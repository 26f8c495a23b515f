//! One step of load: what the serving instances serve, and the CPU that every instance reports.

use std::collections::VecDeque;

use super::fleet::{Fleet, widen};
use super::instance::{InstanceState, Member, SoFar};
use super::life::Credits;
use super::life::Life;
use crate::STEP_S;

/// Load and CPU of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Mean CPU of the serving instances, in percent; none where nothing serves.
    pub(super) cpu: Option<f64>,
    /// Load that the serving instances can serve.
    pub(super) capacity: f64,
    /// Load served.
    pub(super) served: f64,
    /// Mean CPU of all instances that report, in percent; none where nothing reports.
    pub(super) reported_cpu: Option<f64>,
    /// Instances that report.
    pub(super) reporting: u32,
}

impl Fleet {
    /// Serves `demand` with instances of `unit` each. A balancer spreads the demand evenly over the
    /// serving instances.
    pub(super) fn serve(&mut self, demand: f64, unit: f64, life: &Life) -> Load {
        let serving = self.counts.serving;
        let capacity = f64::from(serving) * unit;
        let cpu = (serving > 0).then(|| (100.0 * (demand / capacity)).min(100.0));
        let mut load = Load {
            cpu,
            capacity,
            served: demand.min(capacity),
            reported_cpu: cpu,
            reporting: serving,
        };
        if let Some(credits) = &life.credits {
            self.serve_on_credits(&mut load, demand, unit, life, credits);
        } else if self.counts.measured > 0 {
            let (sum, count) = self.measure(cpu, life);
            if count > 0 {
                let reporting = serving + count;
                let sum = sum + cpu.unwrap_or(0.0) * f64::from(serving);
                load.reporting = reporting;
                load.reported_cpu = Some(sum / f64::from(reporting));
            }
        }
        load
    }

    /// Adds the step to every instance with own sums. Returns the summed CPU and the number of
    /// those that report and do not serve.
    fn measure(&mut self, serving_cpu: Option<f64>, life: &Life) -> (f64, u32) {
        let (mut sum, mut count) = (0.0, 0);
        for one in self.measured_mut() {
            if let (Some(cpu), InstanceState::Serving) = (serving_cpu, one.view.state) {
                one.add(cpu);
            } else if let Some(cpu) = one.idle_cpu(life) {
                one.add(cpu);
                sum += cpu;
                count += 1;
            }
        }
        (sum, count)
    }

    /// As [`Self::serve`], with every instance limited by its own credits. What an instance without
    /// credits cannot serve is lost.
    fn serve_on_credits(
        &mut self,
        load: &mut Load,
        demand: f64,
        unit: f64,
        life: &Life,
        credits: &Credits,
    ) {
        let step_s = STEP_S as f64;
        let wanted = load.cpu.map_or(0.0, |_| 100.0 * (demand / load.capacity));
        let (mut reported, mut count) = (0.0, 0_u32);
        let (mut busy, mut available) = (0.0, 0.0);
        let (mut serving, mut plain) = (0_u32, true);
        for one in self.measured_mut() {
            let serves = one.view.state == InstanceState::Serving;
            let Some(asked) = one.idle_cpu(life).or(serves.then_some(wanted)) else {
                continue;
            };
            let mut cpu = asked;
            if one.view.state != InstanceState::Pending {
                let cap = credits.cap(one.minutes, step_s);
                cpu = asked.min(cap);
                one.minutes = credits.after(one.minutes, cpu, step_s);
                if serves {
                    serving += 1;
                    busy += cpu;
                    available += cap;
                    plain &= cap >= 100.0;
                }
            }
            one.add(cpu);
            reported += cpu;
            count += 1;
        }
        if !plain {
            load.cpu = Some(busy / f64::from(serving));
            load.capacity = available / 100.0 * unit;
            load.served = busy / 100.0 * unit;
        }
        load.reporting = count;
        load.reported_cpu = (count > 0).then(|| reported / f64::from(count));
    }

    /// Closes the period of `so_far`. Returns lowest and highest mean CPU of an instance over it.
    pub(super) fn close_period(&mut self, so_far: &SoFar, life: &Life) -> Option<(f64, f64)> {
        let mut range = self.left.take();
        let mean = (so_far.steps > 0).then(|| so_far.cpu / f64::from(so_far.steps));
        let mut plain = self.counts.serving;
        if self.counts.measured > 0 {
            for one in self.measured_mut() {
                plain -= u32::from(one.view.state == InstanceState::Serving);
                if let Some(cpu) = one.close(so_far.start_s) {
                    range = Some(widen(range, cpu));
                }
                let stays = one.view.state != InstanceState::Serving || life.credits.is_some();
                if stays {
                    one.measure();
                }
            }
            self.recount();
        }
        match mean {
            Some(mean) if plain > 0 => Some(widen(range, mean)),
            _ => range,
        }
    }

    fn measured_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        let queues: [&mut VecDeque<Member>; 3] =
            [&mut self.members, &mut self.draining, &mut self.pending];
        queues.into_iter().flatten().filter(|one| one.is_measured())
    }
}
