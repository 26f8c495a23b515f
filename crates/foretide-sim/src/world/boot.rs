//! How long an instance takes from launch to service.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

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
