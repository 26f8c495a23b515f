//! The statistics that `CloudWatch` computes for each period of a metric.

/// A statistic of `CloudWatch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stat {
    /// Mean of the samples.
    Average,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
    /// Sum of the samples.
    Sum,
    /// Number of samples.
    SampleCount,
    /// Any other statistic of `CloudWatch`, such as `p90`.
    Other(String),
}

impl Stat {
    /// The statistic's name in requests.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Average => "Average",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Sum => "Sum",
            Self::SampleCount => "SampleCount",
            Self::Other(name) => name,
        }
    }

    /// One value for several neighbouring periods of equal length; none for no values. Percentiles
    /// cannot be combined exactly, so their mean is used.
    pub(super) fn combine(&self, values: impl Iterator<Item = f64>) -> Option<f64> {
        let values: Vec<f64> = values.collect();
        let sum: f64 = values.iter().sum();
        match self {
            _ if values.is_empty() => None,
            Self::Minimum => values.into_iter().reduce(f64::min),
            Self::Maximum => values.into_iter().reduce(f64::max),
            Self::Average | Self::Sum | Self::SampleCount | Self::Other(_) => {
                Some(sum / values.len() as f64)
            }
        }
    }

    /// Whether the statistic grows with the length of a period.
    pub(super) const fn accumulates(&self) -> bool {
        matches!(self, Self::Sum | Self::SampleCount)
    }
}
