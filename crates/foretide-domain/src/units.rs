//! Quantities with their unit in the type, so that percent never meets ratio and bytes never meet
//! bytes per second.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A finite, non-negative percentage: 100 is everything. Values above 100 are possible (a demand
/// projected on a smaller fleet), infinite and NaN ones are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(f64);

/// A finite, non-negative rate of bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BytesPerSecond(f64);

/// Load in instance-percent: instances in service × their mean utilisation in percent. One
/// instance at 80 % carries 80.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Load(f64);

macro_rules! finite_non_negative {
    ($name:ident) => {
        impl $name {
            /// The quantity, or nothing where `value` is negative, infinite or not a number.
            pub fn new(value: f64) -> Option<Self> {
                (value.is_finite() && value >= 0.0).then_some(Self(value))
            }

            /// The bare number in the type's unit.
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    };
}

finite_non_negative!(Percent);
finite_non_negative!(BytesPerSecond);
finite_non_negative!(Load);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} %", self.0)
    }
}

impl fmt::Display for BytesPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} B/s", self.0)
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} busy instances", self.0 / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_quantity_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, -0.1] {
            assert_eq!(Percent::new(bad), None, "{bad}");
        }
        assert_eq!(Percent::new(101.5).map(Percent::get), Some(101.5));
    }
}
