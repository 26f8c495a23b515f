//! Values of iCalendar: dates and times of RFC 5545, sections 3.3.4 and 3.3.5.

use foretide_domain::{CivilZone, Timestamp};
use jiff::civil::{Date, DateTime, Time};

/// `20261127`.
pub(crate) fn date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = |from: usize, to: usize| text.get(from..to).filter(|_| digits);
    let year = part(0, 4)?.parse().ok()?;
    Date::new(year, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?).ok()
}

/// `20261127T080000`, a time of some clock. A leap second is the second before it.
pub(crate) fn date_time(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once(['T', 't'])?;
    let digits = time.len() == 6 && time.bytes().all(|byte| byte.is_ascii_digit());
    let part = |from: usize, to: usize| -> Option<i8> {
        time.get(from..to).filter(|_| digits)?.parse().ok()
    };
    let second = part(4, 6)?.min(59);
    let time = Time::new(part(0, 2)?, part(2, 4)?, second, 0).ok()?;
    Some(DateTime::from_parts(date(day)?, time))
}

/// A date or a time, with the zone whose clock shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moment {
    pub(crate) civil: DateTime,
    pub(crate) zone: CivilZone,
    /// Whether it is a whole day.
    pub(crate) day: bool,
}

impl Moment {
    /// Parses `text`. `named` is the value of TZID; `floating` the zone of times without one, and
    /// of whole days.
    pub(crate) fn parse(
        text: &str,
        named: Option<&str>,
        floating: &CivilZone,
    ) -> Result<Self, String> {
        let no_time = || format!("`{}` is no date or time", shortened(text));
        if let Some(day) = date(text) {
            let civil = day.at(0, 0, 0, 0);
            let (zone, day) = (floating.clone(), true);
            return Ok(Self { civil, zone, day });
        }
        let (text, zone) = match (text.strip_suffix(['Z', 'z']), named) {
            (Some(utc), _) => (utc, CivilZone::utc()),
            (None, Some(name)) => (text, zone(name)?),
            (None, None) => (text, floating.clone()),
        };
        Ok(Self {
            civil: date_time(text).ok_or_else(no_time)?,
            zone,
            day: false,
        })
    }

    pub(crate) fn instant(&self) -> Option<Timestamp> {
        self.zone.instant(self.civil)
    }
}

/// The zone of a TZID. Some programs write a path before the name of the IANA database.
fn zone(name: &str) -> Result<CivilZone, String> {
    let tail = || {
        let mut parts = name.rsplitn(3, '/');
        let (city, area) = (parts.next()?, parts.next()?);
        CivilZone::named(&format!("{area}/{city}")).ok()
    };
    let found = CivilZone::named(name).ok().or_else(tail);
    found.ok_or_else(|| {
        format!(
            "its time zone `{}` has no name of the IANA database",
            shortened(name)
        )
    })
}

/// A text from outside within a sentence: one line of at most 64 characters.
pub(crate) fn shortened(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || it.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(64).collect();
    let line = words.join(" ");
    let visible = line.chars().filter(|it| !is_hidden(*it));
    visible.take(64).collect()
}

/// Characters that change the direction or the visibility of those around them.
const fn is_hidden(it: char) -> bool {
    matches!(it,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
