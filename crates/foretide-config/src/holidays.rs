//! The public holidays of a country, as times at which a known event begins.

use jiff::civil::{Date, DateTime, Time};
use opening_hours::localization::Country;

/// The countrywide public holidays of a country (ISO 3166-1, two capital letters), each at `time`
/// by some clock, ascending: those of the calendar that the library brings, decades back and ahead.
pub(super) fn of(country: &str, time: Time) -> Result<Vec<DateTime>, String> {
    let country: Country = country.parse().map_err(|_| {
        format!(
            "of no country `{country}` are holidays known: two capital letters (ISO 3166-1, such \
             as US), not every country is known; write the dates instead"
        )
    })?;
    let calendar = country.holidays();
    let days = calendar.get_public().iter();
    days.map(|day| begins(&day.to_string(), time))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the holidays of `{country}`: {error}"))
}

fn begins(day: &str, time: Time) -> Result<DateTime, jiff::Error> {
    Ok(day.parse::<Date>()?.to_datetime(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    /// Thanksgiving moves within November, as does Easter Monday between March and April.
    #[test]
    fn movable_holidays_lie_where_the_year_has_them() {
        let midnight = Time::midnight();
        let states = of("US", midnight).unwrap();
        for day in ["2025-11-27T00:00", "2026-11-26T00:00", "2026-12-25T00:00"] {
            assert!(states.contains(&at(day)), "{day}");
        }
        let germany = of("DE", midnight).unwrap();
        for day in ["2026-04-06T00:00", "2027-03-29T00:00"] {
            assert!(germany.contains(&at(day)), "{day}");
        }
        assert!(!states.contains(&at("2026-11-27T00:00")), "the day after");
        assert!(states.is_sorted());
    }

    #[test]
    fn a_holiday_begins_when_its_country_wakes() {
        let five = of("US", Time::constant(5, 0, 0, 0)).unwrap();
        assert!(five.contains(&at("2026-11-26T05:00")));
    }

    #[test]
    fn unknown_countries_are_told() {
        let wrong = of("UK", Time::midnight()).unwrap_err();
        assert!(wrong.contains("no country `UK`"), "{wrong}");
    }

    /// A country without any would be an event that never comes, and nobody told.
    #[test]
    fn every_country_that_is_known_has_holidays_ahead() {
        let letters = || (b'A'..=b'Z').map(char::from);
        let known: Vec<Vec<DateTime>> = letters()
            .flat_map(|first| letters().map(move |second| format!("{first}{second}")))
            .filter_map(|code| of(&code, Time::midnight()).ok())
            .collect();
        assert!(known.len() > 100, "{}", known.len());
        let ahead = at("2030-01-01T00:00");
        assert!(
            known
                .iter()
                .all(|days| days.last().is_some_and(|last| *last > ahead))
        );
    }
}
