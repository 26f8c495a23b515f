//! Time zones of clocks on a wall: what time it is where a calendar is kept.
//!
//! The zones are those of the IANA database that is built into the program, so that a calendar
//! means the same on every machine and in a replay.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Timestamp;

/// A time zone of the IANA database, such as `Europe/Berlin`, or `UTC`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilZone {
    name: String,
    zone: TimeZone,
}

/// A name that no time zone has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no time zone of the IANA database (UTC, Europe/Berlin)")]
pub struct NoCivilZone(String);

impl CivilZone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// The zone with this name of the IANA database.
    ///
    /// # Errors
    /// No zone has the name.
    pub fn named(name: &str) -> Result<Self, NoCivilZone> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let zone = TimeZoneDatabase::bundled().get(name);
        let zone = zone.map_err(|_| NoCivilZone(name.chars().take(64).collect()))?;
        let name = zone.iana_name().unwrap_or(name).to_owned();
        Ok(Self { name, zone })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the clock of the zone shows `time`; none beyond the years that jiff knows.
    ///
    /// As in RFC 5545, section 3.3.5: a time that the clock skips when it goes forward is read by
    /// the offset before, so 02:30 begins at 03:30. A time that it shows twice is the first one.
    pub fn instant(&self, time: DateTime) -> Option<Timestamp> {
        let at = self.zone.to_timestamp(time).ok()?;
        Some(Timestamp::from_millis(at.as_millisecond()))
    }

    /// What the clock of the zone shows at `at`; none beyond the years that jiff knows.
    pub fn civil(&self, at: Timestamp) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some(self.zone.to_datetime(at))
    }
}

impl TryFrom<String> for CivilZone {
    type Error = NoCivilZone;

    fn try_from(name: String) -> Result<Self, NoCivilZone> {
        Self::named(&name)
    }
}

impl From<CivilZone> for String {
    fn from(zone: CivilZone) -> Self {
        zone.name
    }
}

/// Shows the name alone: the library's form lists every change of the clock.
impl fmt::Debug for CivilZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CivilZone({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Both ends of daylight saving, in zones of both hemispheres; Lord Howe moves by half an hour.
    #[test]
    fn skipped_times_begin_later_and_repeated_ones_at_the_first() {
        for (zone, time, instant) in [
            (
                "Europe/Berlin",
                date(2026, 3, 29).at(2, 30, 0, 0),
                "2026-03-29T01:30Z",
            ),
            (
                "Europe/Berlin",
                date(2026, 10, 25).at(2, 30, 0, 0),
                "2026-10-25T00:30Z",
            ),
            (
                "America/New_York",
                date(2026, 3, 8).at(2, 30, 0, 0),
                "2026-03-08T07:30Z",
            ),
            (
                "America/New_York",
                date(2026, 11, 1).at(1, 30, 0, 0),
                "2026-11-01T05:30Z",
            ),
            (
                "Australia/Lord_Howe",
                date(2026, 10, 4).at(2, 15, 0, 0),
                "2026-10-03T15:45Z",
            ),
            (
                "Australia/Lord_Howe",
                date(2026, 4, 5).at(1, 45, 0, 0),
                "2026-04-04T14:45Z",
            ),
        ] {
            let zone = CivilZone::named(zone).unwrap();
            assert_eq!(zone.instant(time), Some(at(instant)), "{zone:?} {time}");
        }
    }

    #[test]
    fn a_zone_is_stored_by_its_name() {
        let zone = CivilZone::named("europe/berlin").unwrap();
        let text = serde_json::to_string(&zone).unwrap();
        assert_eq!(text, "\"Europe/Berlin\"");
        assert_eq!(serde_json::from_str::<CivilZone>(&text).unwrap(), zone);
        assert!(serde_json::from_str::<CivilZone>("\"Mars/Olympus\"").is_err());
        assert!(CivilZone::named("../../etc/passwd").is_err());
    }
}
