//! Makes the outlook of a group from its history.

use foretide_domain::{HourAhead, Outlook, Timestamp};
use foretide_forecast::{History, Period, outlook};

/// Hours of the outlook, and minutes after which it is made anew.
const HOURS: u32 = 48;
const EVERY_MINUTES: u32 = 360;

/// The outlook after the newest period of `history`; none with less than a day of history.
pub(super) fn look_ahead(history: &History) -> Option<Outlook> {
    let of = start(history, history.newest()?);
    let rows = outlook(history, HOURS).into_iter();
    // Two decimals are more than people read, and half of the record.
    let tidy = |load: f64| (100.0 * load).round() / 100.0;
    let hours: Vec<HourAhead> = rows
        .map(|row| HourAhead {
            from: start(history, row.from),
            loads: row.quantiles.map(tidy),
        })
        .collect();
    (!hours.is_empty()).then_some(Outlook { of, hours })
}

/// Whether `known` was made in another six hours of the day than those of `newest`. The period that
/// begins them may be missing, so it alone does not say so.
pub(super) fn is_due(history: &History, newest: Period, known: Option<&Outlook>) -> bool {
    let grid = history.grid();
    let every = grid.periods(EVERY_MINUTES);
    known.is_none_or(|known| {
        let of = grid.period_at(known.of.as_seconds());
        of.div_euclid(every) != newest.div_euclid(every)
    })
}

fn start(history: &History, period: Period) -> Timestamp {
    let step = 60 * i64::from(history.grid().step_minutes());
    Timestamp::from_seconds(period.saturating_mul(step))
}
