//! Settings of the comparison policies by name, as a command line gives them.

use super::{Peer, TargetTracking};

/// Largest count or time in seconds that a setting takes: a year of seconds.
const COUNT_MAX: f64 = 31_536_000.0;

impl Peer {
    /// The names of its settings.
    pub const fn settings(&self) -> &'static [&'static str] {
        match self {
            Self::Static(_) => &["capacity"],
            Self::TargetTracking(_) => &["target", "points_out", "points_in", "band_in"],
            Self::Hpa(_) => &["target", "tolerance", "stabilisation_s"],
            Self::HoltWinters(_) => &[
                "target",
                "level",
                "trend",
                "season",
                "season_periods",
                "ahead",
                "stabilisation_s",
            ],
            Self::AwsPredictive(_) => &[
                "target",
                "points_out",
                "points_in",
                "band_in",
                "buffer_s",
                "days",
                "decay",
            ],
            Self::Original(_) => &["target", "band", "votes_in", "cooldown_s"],
            Self::Step(_) => &[
                "target",
                "band_in",
                "points_out",
                "points_in",
                "step_width",
                "step_share",
                "steps",
                "warmup_s",
            ],
        }
    }

    /// The same policy with one setting changed; none where it has no such setting, or the value
    /// makes no sense for it.
    pub fn with_parameter(&self, name: &str, value: f64) -> Option<Self> {
        if name == "target" {
            return percent(value).and_then(|target| self.with_target(target));
        }
        let mut other = self.clone();
        match (&mut other, name) {
            (Self::Static(policy), "capacity") => policy.capacity = Some(count(value)?),
            (Self::TargetTracking(policy), _) => tracking(policy, name, value)?,
            (Self::Hpa(policy), "tolerance") => policy.tolerance = share(value)?,
            (Self::Hpa(policy), "stabilisation_s") => policy.stabilisation_s = count(value)?,
            (Self::HoltWinters(policy), "level") => policy.level = share(value)?,
            (Self::HoltWinters(policy), "trend") => policy.trend = share(value)?,
            (Self::HoltWinters(policy), "season") => policy.season = share(value)?,
            (Self::HoltWinters(policy), "season_periods") => policy.season_periods = points(value)?,
            (Self::HoltWinters(policy), "ahead") => policy.ahead = points(value)?,
            (Self::HoltWinters(policy), "stabilisation_s") => {
                policy.stabilisation_s = count(value)?;
            }
            (Self::AwsPredictive(policy), "buffer_s") => policy.buffer_s = count(value)?,
            (Self::AwsPredictive(policy), "days") => policy.days = points(value)?,
            (Self::AwsPredictive(policy), "decay") => policy.decay = share(value)?,
            (Self::AwsPredictive(policy), _) => tracking(&mut policy.tracking, name, value)?,
            (Self::Original(policy), "band") => policy.band = percent(value)?,
            (Self::Original(policy), "votes_in") => policy.votes_in = count(value)?,
            (Self::Original(policy), "cooldown_s") => policy.cooldown_s = count(value)?,
            (Self::Step(policy), "band_in") => policy.band_in = percent(value)?,
            (Self::Step(policy), "points_out") => policy.points_out = points(value)?,
            (Self::Step(policy), "points_in") => policy.points_in = points(value)?,
            (Self::Step(policy), "step_width") => policy.step_width = percent(value)?,
            (Self::Step(policy), "step_share") => policy.step_share = share(value)?,
            (Self::Step(policy), "steps") => policy.steps = count(value)?,
            (Self::Step(policy), "warmup_s") => policy.warmup_s = count(value)?,
            _ => return None,
        }
        Some(other)
    }
}

fn tracking(policy: &mut TargetTracking, name: &str, value: f64) -> Option<()> {
    match name {
        "points_out" => policy.points_out = points(value)?,
        "points_in" => policy.points_in = points(value)?,
        "band_in" => policy.band_in = share(value)?,
        _ => return None,
    }
    Some(())
}

fn percent(value: f64) -> Option<f64> {
    (value > 0.0 && value <= 100.0).then_some(value)
}

fn share(value: f64) -> Option<f64> {
    (0.0..=1.0).contains(&value).then_some(value)
}

fn count(value: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to a year of seconds"
    )]
    ((0.0..=COUNT_MAX).contains(&value) && value.fract() == 0.0).then_some(value as u32)
}

fn points(value: f64) -> Option<usize> {
    count(value)
        .filter(|points| (1..=100_000).contains(points))
        .map(|points| points as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_shown_can_be_set() {
        for name in Peer::NAMES {
            let peer = Peer::named(name).unwrap();
            for (setting, value) in peer.parameters() {
                assert!(peer.settings().contains(&setting), "{name} {setting}");
                assert_eq!(
                    peer.with_parameter(setting, value),
                    Some(peer.clone()),
                    "{setting}"
                );
            }
            for setting in peer.settings() {
                assert!(
                    peer.with_parameter(setting, 1.0).is_some(),
                    "{name} {setting}"
                );
            }
            assert_eq!(peer.with_parameter("nonsense", 1.0), None);
        }
    }

    #[test]
    fn a_value_that_makes_no_sense_is_refused() {
        let hpa = Peer::named("hpa").unwrap();
        for (setting, value) in [
            ("target", 0.0),
            ("target", 101.0),
            ("tolerance", -0.1),
            ("stabilisation_s", 1.5),
            ("stabilisation_s", f64::NAN),
        ] {
            assert_eq!(
                hpa.with_parameter(setting, value),
                None,
                "{setting} {value}"
            );
        }
    }
}
