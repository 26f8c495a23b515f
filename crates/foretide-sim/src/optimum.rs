//! The fewest instances that demand needs, and the cheapest schedule of them in hindsight.

use foretide_domain::{Bounds, whole_instances};

/// Instances needed so that utilisation stays within `slo_utilisation`, within the bounds.
pub(crate) fn need(demand: f64, unit: f64, slo_utilisation: f64, bounds: Bounds) -> u32 {
    bounds.clamp(whole_instances(demand / (slo_utilisation * unit)))
}

/// Fewest instance-seconds that meet `needs` (one a cell of `step_s`) with perfect foresight.
///
/// Layer k runs wherever the need is at least k; between two such stretches it is kept through the
/// gap, or stopped and relaunched for one boot, whichever is less. Layers are independent, so the
/// sum is exact.
pub(crate) fn optimum_s(needs: &[u32], step_s: u32, boot_s: u32) -> u64 {
    let (step, boot) = (u64::from(step_s), u64::from(boot_s));
    let layers = needs.iter().copied().max().unwrap_or(0) as usize;
    let mut ended: Vec<Option<usize>> = vec![None; layers];
    let mut total = 0_u64;
    let mut before = 0_usize;
    for (cell, &need) in needs.iter().enumerate() {
        let need = need as usize;
        total += need as u64 * step;
        for layer in ended.get_mut(before..need).unwrap_or_default() {
            if let Some(end) = layer.take() {
                total += ((cell - end) as u64 * step).min(boot);
            }
        }
        for layer in ended.get_mut(need..before).unwrap_or_default() {
            *layer = Some(cell);
        }
        before = need;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first layer is on in all eight cells, the second in three.
    #[test]
    fn a_short_gap_is_kept_and_a_long_one_costs_a_boot() {
        // Layer 2 rests for one cell (60 s, kept) and then for four (240 s, relaunched for 180 s).
        let needs = [2, 1, 2, 1, 1, 1, 1, 2];
        assert_eq!(optimum_s(&needs, 60, 180), 8 * 60 + 3 * 60 + 60 + 180);
    }

    /// The first layer is on in four cells, the second and the third in one each.
    #[test]
    fn the_first_boot_of_a_layer_and_the_rest_after_its_last_need_are_free() {
        assert_eq!(optimum_s(&[1, 1, 3, 1], 60, 180), (4 + 2) * 60);
        assert_eq!(optimum_s(&[], 60, 180), 0);
    }

    #[test]
    fn dust_above_a_whole_number_needs_no_instance_more() {
        assert_eq!(
            [2.0, 2.0 + 1e-10, 2.0 + 1e-6].map(whole_instances),
            [2, 2, 3]
        );
        assert_eq!(
            [f64::NAN, -1.0, f64::INFINITY].map(whole_instances),
            [0, 0, u32::MAX]
        );
    }
}
