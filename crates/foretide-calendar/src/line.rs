//! A calendar of the configuration, written in one line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use foretide_domain::CivilZone;

use crate::demand::Demand;

const EXPECTED: &str = "expected NAME SOURCE [in ZONE] [only WORD] [xFACTOR | learned] [min N], \
                        SOURCE being a file or an https:// address";

/// A calendar: where it is, and what its events ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarLine {
    /// Its name.
    pub name: String,
    /// Where it is read.
    pub place: Place,
    /// Zone of whole days and of times without a zone; none takes the calendar's own, else UTC.
    pub zone: Option<CivilZone>,
    /// Only events whose summary or categories have this word count.
    pub only: Option<String>,
    /// What events ask for that do not say so themselves.
    pub demand: Demand,
}

/// Where a calendar is read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// An address. It may be a secret.
    Url(String),
}

impl fmt::Debug for Place {
    /// Shows no address: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Url(_) => f.write_str("Url(…)"),
        }
    }
}

impl FromStr for CalendarLine {
    type Err = String;

    /// The message quotes no source: an address may be a secret.
    fn from_str(text: &str) -> Result<Self, String> {
        let words = words(text);
        let [name, source, rest @ ..] = words.as_slice() else {
            return Err(format!("a calendar has no SOURCE; {EXPECTED}"));
        };
        let wrong = |what: &str| format!("calendar `{name}`: {what}; {EXPECTED}");
        let (mut zone, mut only, mut rest) = (None, None, rest);
        while let [key @ ("in" | "only"), value, after @ ..] = rest {
            rest = after;
            let again = if *key == "in" {
                let named = CivilZone::named(value).map_err(|error| wrong(&error.to_string()))?;
                zone.replace(named).is_some()
            } else {
                only.replace((*value).to_owned()).is_some()
            };
            if again {
                return Err(wrong(&format!("`{key}` stands twice")));
            }
        }
        Ok(Self {
            name: (*name).to_owned(),
            place: place(source),
            zone,
            only,
            demand: Demand::parse(rest).map_err(|what| wrong(&what))?,
        })
    }
}

/// The words of a line. One with spaces stands in double quotes.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim();
    }
    words
}

/// The line `text` with a relative file taken from `folder`.
pub fn rooted(text: &str, folder: &Path) -> String {
    let found = words(text);
    let [name, source, ..] = found.as_slice() else {
        return text.to_owned();
    };
    let Place::File(path) = place(source) else {
        return text.to_owned();
    };
    let path = folder.join(path);
    // The words lie within the text.
    let end = source.as_ptr().addr() - text.as_ptr().addr() + source.len();
    let rest = text.get(end..).unwrap_or_default();
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    format!("{name} \"{}\"{rest}", path.display())
}

/// Calendars are also published under `webcal://`, which is `https://`.
fn place(source: &str) -> Place {
    let lower = source.to_ascii_lowercase();
    if lower.starts_with("webcal://") {
        let rest = source.get("webcal://".len()..).unwrap_or_default();
        return Place::Url(format!("https://{rest}"));
    }
    if lower.starts_with("https://") || lower.starts_with("http://") {
        return Place::Url(source.to_owned());
    }
    Place::File(PathBuf::from(source))
}

#[cfg(test)]
mod tests {
    use foretide_control::Uplift;

    use super::*;

    #[test]
    fn a_line_says_where_a_calendar_is_and_what_its_events_ask_for() {
        let line: CalendarLine = "ops shared/ops.ics in Europe/Berlin only sale x2.5 min 8"
            .parse()
            .unwrap();
        assert_eq!(
            (line.name.as_str(), line.only.as_deref()),
            ("ops", Some("sale"))
        );
        assert_eq!(line.place, Place::File("shared/ops.ics".into()));
        assert_eq!(line.zone, CivilZone::named("Europe/Berlin").ok());
        assert_eq!(line.demand.uplift, Some(Uplift::Factor(2.5)));
        assert_eq!(line.demand.minimum, Some(8));
        let plain: CalendarLine = "ops webcal://calendar.example/s3cr3t.ics".parse().unwrap();
        assert_eq!(
            plain.place,
            Place::Url("https://calendar.example/s3cr3t.ics".into())
        );
        assert!(plain.demand.is_empty());
        assert!(!format!("{plain:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_file_is_relative_to_its_folder_and_may_have_spaces() {
        let folder = Path::new("/etc/my folder");
        for (text, is) in [
            ("ops a.ics min 4", "ops \"/etc/my folder/a.ics\" min 4"),
            (
                "ops \"a b.ics\" min 4",
                "ops \"/etc/my folder/a b.ics\" min 4",
            ),
            ("ops /a.ics", "ops \"/a.ics\""),
            ("ops https://a.example/b", "ops https://a.example/b"),
            ("ops", "ops"),
        ] {
            assert_eq!(rooted(text, folder), is);
        }
        let line: CalendarLine = rooted("ops \"a b.ics\" only \"big sale\" min 4", folder)
            .parse()
            .unwrap();
        assert_eq!(line.place, Place::File("/etc/my folder/a b.ics".into()));
        assert_eq!(line.only.as_deref(), Some("big sale"));
    }

    #[test]
    fn a_wrong_line_is_told_without_its_address() {
        for (line, what) in [
            ("ops", "no SOURCE"),
            (
                "ops https://a.example/s3cr3t in Mars/Olympus",
                "no time zone",
            ),
            (
                "ops https://a.example/s3cr3t only a only b",
                "`only` stands twice",
            ),
            (
                "ops https://a.example/s3cr3t twice",
                "`twice` means nothing",
            ),
            ("ops https://a.example/s3cr3t only", "`only` means nothing"),
        ] {
            let error = line.parse::<CalendarLine>().unwrap_err();
            assert!(error.contains(what), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}
