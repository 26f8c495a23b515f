//! Labels from hindsight: what would have been right, given what came.

use foretide_domain::Class;

/// Keeps a demand that fits exactly from needing one more instance by rounding.
const FIT_TOLERANCE: f64 = 1e-9;

/// How far ahead a label looks and what it takes for the right utilisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hindsight {
    /// Utilisation of a fleet of the right size, percent.
    pub target_percent: f64,
    /// Steps from a decision until an instance that it asked for serves: the time in which more
    /// capacity cannot be had any more.
    pub lead_steps: usize,
    /// Steps over which an instance given up must not have been needed.
    pub hold_steps: usize,
}

impl Hindsight {
    /// Instances that serve a demand in instance-percent at the target.
    fn needed(&self, demand: f64) -> f64 {
        (demand / self.target_percent - FIT_TOLERANCE)
            .ceil()
            .max(0.0)
    }
}

/// What a group of `capacity` instances should have done at step `at` of a demand series in
/// instance-percent: more where the largest demand within the lead time needs more than it has,
/// less where the largest within the hold window fits into one less, else hold. `None` where the
/// series ends before both windows do.
pub fn label(demand: &[f64], at: usize, capacity: u32, hindsight: &Hindsight) -> Option<Class> {
    let peak = |steps: usize| {
        let window = demand.get(at..=at.checked_add(steps)?)?;
        Some(window.iter().copied().fold(0.0, f64::max))
    };
    let (soon, later) = (peak(hindsight.lead_steps)?, peak(hindsight.hold_steps)?);
    let capacity = f64::from(capacity);
    Some(if hindsight.needed(soon) > capacity {
        Class::ScaleOut
    } else if hindsight.needed(later.max(soon)) <= capacity - 1.0 {
        Class::ScaleIn
    } else {
        Class::Hold
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINDSIGHT: Hindsight = Hindsight {
        target_percent: 50.0,
        lead_steps: 2,
        hold_steps: 4,
    };

    #[track_caller]
    fn check(demand: &[f64], capacity: u32, expected: Option<Class>) {
        assert_eq!(label(demand, 0, capacity, &HINDSIGHT), expected);
    }

    #[test]
    fn a_peak_within_the_lead_time_asks_for_more_before_it_comes() {
        check(&[50.0, 50.0, 101.0, 50.0, 50.0], 2, Some(Class::ScaleOut));
    }

    #[test]
    fn a_peak_after_the_lead_time_only_forbids_to_shrink() {
        check(&[50.0, 50.0, 50.0, 101.0, 50.0], 2, Some(Class::Hold));
        check(&[50.0, 50.0, 50.0, 100.0, 50.0], 3, Some(Class::ScaleIn));
    }

    #[test]
    fn a_demand_that_fits_exactly_needs_no_more() {
        check(&[100.0; 5], 2, Some(Class::Hold));
        check(&[100.0; 5], 3, Some(Class::ScaleIn));
        check(&[100.1; 5], 2, Some(Class::ScaleOut));
    }

    #[test]
    fn an_idle_group_of_one_may_go_and_a_group_of_none_cannot() {
        check(&[0.0; 5], 1, Some(Class::ScaleIn));
        check(&[0.0; 5], 0, Some(Class::Hold));
    }

    #[test]
    fn the_end_of_the_series_has_no_label() {
        check(&[50.0; 4], 2, None);
    }
}
