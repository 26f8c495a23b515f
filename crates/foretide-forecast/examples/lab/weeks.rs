//! Every rolling week of a closed loop against target tracking at 50 % in the same week.

const WEEK: usize = 7 * 1440;

/// Weeks, one from each minute on. Runs shorter than a week are one.
#[derive(Default)]
pub(crate) struct Weeks {
    count: f64,
    /// Less spent than target tracking and more in violation than it and than the budget.
    both: f64,
    /// The most in violation of those, 0 to 1.
    worst: f64,
    /// The most in violation of all.
    most: f64,
}

impl Weeks {
    pub(crate) fn of(own: &[(u32, bool)], tracking: &[(u32, bool)], budget: f64) -> Self {
        let (own, tracking) = (sums(own), sums(tracking));
        let end = own.len() - 1;
        let week = WEEK.min(end);
        let mut weeks = Self::default();
        for from in 0..=end - week {
            let of = |sums: &[(f64, f64)]| {
                let ((a, b), (c, d)) = (sums[from], sums[from + week]);
                (c - a, (d - b) / week as f64)
            };
            let ((cost, share), (cost_tracking, share_tracking)) = (of(&own), of(&tracking));
            weeks.count += 1.0;
            weeks.most = weeks.most.max(share);
            if cost < cost_tracking && share > share_tracking.max(budget) {
                weeks.both += 1.0;
                weeks.worst = weeks.worst.max(share);
            }
        }
        weeks
    }

    pub(crate) fn print(&self, name: &str) {
        println!(
            "  {name}: of the rolling weeks {:.1} % cost less than target tracking and are more in \
             violation than it and the budget, at most {:.2} %; the worst week {:.2} %",
            100.0 * self.both / self.count,
            100.0 * self.worst,
            100.0 * self.most
        );
    }
}

/// Instance-minutes and minutes in violation before each minute.
fn sums(minutes: &[(u32, bool)]) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0)];
    let (mut instances, mut violations) = (0.0, 0.0);
    for (exist, violates) in minutes {
        instances += f64::from(*exist);
        violations += f64::from(u8::from(*violates));
        sums.push((instances, violations));
    }
    sums
}
