//! The nine features of the classifier and what it answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The nine features of the original, in its order and its units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// Mean CPU utilisation, percent.
    pub cpu_usage: f64,
    /// Mean memory utilisation, percent; measured or estimated from CPU.
    pub memory_usage: f64,
    /// Combined network traffic of the fleet, MiB per second.
    pub network_traffic: f64,
    /// Estimated power draw of the fleet, watts.
    pub power_consumption: f64,
    /// Estimated instructions executed per second by the fleet.
    pub num_executed_instructions: f64,
    /// Estimated task execution time, seconds.
    pub execution_time: f64,
    /// Estimated utilisation per watt.
    pub energy_efficiency: f64,
    /// Dominant resource.
    pub task_type: TaskType,
    /// Urgency by intensity and capacity.
    pub task_priority: TaskPriority,
}

/// A category name that the model was not trained with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {field} `{value}`, expected one of: {expected}")]
pub struct UnknownCategory {
    /// Which categorical feature.
    pub field: &'static str,
    /// What was given.
    pub value: String,
    /// The names allowed.
    pub expected: &'static str,
}

macro_rules! category {
    ($(#[$doc:meta])* $name:ident, $field:literal, $expected:literal,
     { $($(#[$variant_doc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every category, in alphabetical order of its name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The category's name as the original writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownCategory;

            fn from_str(text: &str) -> Result<Self, UnknownCategory> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err(UnknownCategory {
                        field: $field,
                        value: other.chars().take(64).collect(),
                        expected: $expected,
                    }),
                }
            }
        }
    };
}

category! {
    /// Which resource dominates the workload.
    TaskType, "task_type", "compute, io, network", {
        /// CPU.
        Compute => "compute",
        /// Memory or disk.
        Io => "io",
        /// Network.
        Network => "network",
    }
}

category! {
    /// How urgent more capacity is.
    TaskPriority, "task_priority", "high, low, medium", {
        /// Urgent.
        High => "high",
        /// Not urgent.
        Low => "low",
        /// In between.
        Medium => "medium",
    }
}

/// What the model asks for, named by the action. The numbers are the original's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 0, the original's "Low": add an instance.
    ScaleOut,
    /// 1, the original's "Medium": an instance can go.
    ScaleIn,
    /// 2, the original's "High": keep capacity.
    Hold,
}

impl Class {
    /// All classes, at the index that is their number.
    pub const ALL: [Self; 3] = [Self::ScaleOut, Self::ScaleIn, Self::Hold];

    /// The class with the original's number `index`.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// The original's number.
    pub const fn index(self) -> usize {
        match self {
            Self::ScaleOut => 0,
            Self::ScaleIn => 1,
            Self::Hold => 2,
        }
    }

    /// The original's class name, kept for its API and its log lines.
    pub const fn original_name(self) -> &'static str {
        match self {
            Self::ScaleOut => "Low",
            Self::ScaleIn => "Medium",
            Self::Hold => "High",
        }
    }

    /// The action asked for.
    pub const fn action(self) -> &'static str {
        match self {
            Self::ScaleOut => "scale_out",
            Self::ScaleIn => "scale_in",
            Self::Hold => "hold",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action())
    }
}

/// The model's answer to one feature vector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The most probable class.
    pub class: Class,
    /// Probability of each class, at the class's index; sums to 1.
    pub probabilities: [f64; 3],
}

impl Prediction {
    /// Probability of the predicted class.
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.class.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_numbers_are_the_seeds() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(Class::from_index(index), Some(class));
        }
        assert_eq!(Class::from_index(7), None);
    }

    #[test]
    fn an_unknown_category_names_the_field_and_the_choices() {
        let error = "gpu".parse::<TaskType>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown task_type `gpu`, expected one of: compute, io, network"
        );
        for priority in TaskPriority::ALL {
            assert_eq!(
                priority.name().parse::<TaskPriority>().as_ref(),
                Ok(priority)
            );
        }
    }
}
