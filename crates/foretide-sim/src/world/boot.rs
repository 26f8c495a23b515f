//! How a launch goes: the time from launch to service, and whether the instance fails, hangs or
//! dies.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::config::WorldConfig;

/// Longest boot time simulated: a day. A launch beyond it never ends in practice.
const LONGEST_BOOT_S: f64 = 86_400.0;
/// Makes the seed of hanging and dying instances differ from the seed of boot times.
const FATES: u64 = 0x5EED_FA7E;

/// What is drawn for one launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draws {
    /// Seconds from launch to service, or to the failure.
    pub(super) boot_s: i64,
    /// Whether the launch fails.
    pub(super) fails: bool,
    /// Whether the launch hangs.
    pub(super) hangs: bool,
    /// Seconds in service after which the instance dies; none for never.
    pub(super) dies_after_s: Option<i64>,
}

impl Draws {
    /// The draws of launch `number`, whose boot takes `boot_factor` times as long.
    pub(super) fn of(config: &WorldConfig, number: u64, boot_factor: f64) -> Self {
        let (boot_s, fails) = config.boot.draw(config.seed, number, config.launch_failure);
        let boot_s = (boot_s * boot_factor).clamp(0.0, LONGEST_BOOT_S);
        let life = &config.life;
        let (mut hangs, mut dies_after_s) = (false, None);
        if life.hang > 0.0 || life.crash.is_some() {
            let mut rng = ChaCha8Rng::seed_from_u64(config.seed ^ FATES);
            rng.set_stream(number);
            hangs = rng.random::<f64>() < life.hang;
            let dies = rng.random::<f64>();
            let crash = life.crash.filter(|crash| dies < crash.share);
            dies_after_s = crash.map(|crash| i64::from(crash.after_s));
        }
        Self {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "clamped to a day; a NaN becomes 0"
            )]
            boot_s: boot_s.ceil() as i64,
            fails,
            hangs,
            dies_after_s,
        }
    }
}

/// Time from launch to service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boot {
    /// Always the same.
    Constant {
        /// Seconds.
        seconds: u32,
    },
    /// Evenly between two times.
    Uniform {
        /// Shortest, in seconds.
        from: u32,
        /// Longest, in seconds.
        to: u32,
    },
    /// Logarithm normally distributed: most boots near the median, some far slower.
    LogNormal {
        /// Median, in seconds.
        median: u32,
        /// Standard deviation of the logarithm; 0.3 puts one boot in twenty above 1.6 medians.
        sigma: f64,
    },
}

impl Boot {
    /// The time that stands for the distribution: the constant, the middle, the median. The
    /// optimum charges it for a relaunch.
    pub fn typical_s(self) -> u32 {
        match self {
            Self::Constant { seconds } => seconds,
            Self::Uniform { from, to } => from.midpoint(to),
            Self::LogNormal { median, .. } => median,
        }
    }

    /// Boot time in seconds and whether the launch fails, of launch number `ordinal`. Every launch
    /// has its own random stream, so that one launch more does not change the others.
    pub(super) fn draw(self, seed: u64, ordinal: u64, failure: f64) -> (f64, bool) {
        if let (Self::Constant { seconds }, true) = (self, failure <= 0.0) {
            return (f64::from(seconds), false);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(ordinal);
        let failed = rng.random::<f64>() < failure;
        let seconds = match self {
            Self::Constant { seconds } => f64::from(seconds),
            Self::Uniform { from, to } => {
                let (from, to) = (f64::from(from.min(to)), f64::from(to.max(from)));
                from + rng.random::<f64>() * (to - from)
            }
            Self::LogNormal { median, sigma } => {
                LogNormal::new(f64::from(median.max(1)).ln(), sigma.abs())
                    .map_or(f64::from(median), |boot| boot.sample(&mut rng))
            }
        };
        (seconds, failed)
    }
}
