//! Calendars of the configuration: read from files and addresses, and kept.
//!
//! A reading that fails, or that brings no calendar, leaves the events of the last good reading in
//! force. Both are said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use foretide_calendar::{CALENDAR_BYTES_MAX, CalendarLine, CalendarRead, Place, Window, read};
use foretide_config::Config;
use foretide_domain::Timestamp;
use foretide_files as files;
use foretide_http::client::{HttpClient, OutboundUrl};
use foretide_http::{Credentials, End};
use foretide_outbound::Outbound;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

/// Longest time for one calendar.
const READ_MAX: Duration = Duration::from_secs(10);
/// Readings that are waiting to be taken.
const WAITING: usize = 1;

/// What a reading of a place brought: its bytes, or why there are none.
pub(crate) type Fetched = (Place, Result<Arc<[u8]>, String>);

/// The calendars that were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calendars(BTreeMap<Place, Source>);

/// The readings of one place.
#[derive(Clone, Debug, Default)]
struct Source {
    /// The newest reading that brought something.
    newest: Option<(Arc<[u8]>, Timestamp)>,
    /// The newest reading that every line could use.
    good: Option<(Arc<[u8]>, Timestamp)>,
    /// Why the newest reading failed.
    failed: Option<String>,
}

/// What a line of the configuration brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Brought {
    /// Name of the calendar.
    pub(crate) name: String,
    /// Its known events.
    pub(crate) events: usize,
    /// Whether they are not those of the newest reading.
    pub(crate) failed: bool,
    /// What a person should know: sentences.
    pub(crate) said: Vec<String>,
}

/// The places of the calendars of `config`.
pub(crate) fn places(config: &Config) -> BTreeSet<Place> {
    let groups = config.groups.values();
    let lines = groups.flat_map(|group| &group.live.calendars);
    lines.map(|line| line.place.clone()).collect()
}

/// Reads `places`, all at the same time.
pub(crate) async fn fetch(places: BTreeSet<Place>, outbound: &Outbound) -> Vec<Fetched> {
    let mut reading = JoinSet::new();
    for place in places {
        let outbound = outbound.clone();
        reading.spawn(async move {
            let fetched = timeout(READ_MAX, bytes(&place, &outbound)).await;
            let late = |_| Err(format!("no answer within {} s", READ_MAX.as_secs()));
            (place, fetched.unwrap_or_else(late))
        });
    }
    reading.join_all().await
}

/// The message says no address: it may be a secret.
async fn bytes(place: &Place, outbound: &Outbound) -> Result<Arc<[u8]>, String> {
    match place {
        Place::File(path) => {
            let path = path.clone();
            let read = spawn_blocking(move || files::bytes(&path, files::CALENDAR)).await;
            let read = read.map_err(|error| error.to_string())?;
            read.map(Into::into)
                .map_err(|failure| failure.in_one_line())
        }
        Place::Url(url) => {
            let url: OutboundUrl = url.parse().map_err(|error| format!("{error}"))?;
            let client = HttpClient::new(outbound).map_err(|error| error.to_string())?;
            let origin = url.origin();
            let answer = client.get(
                url.uri(),
                &Credentials::None,
                "text/calendar, */*",
                CALENDAR_BYTES_MAX,
            );
            let answer = answer
                .await
                .map_err(|failure| format!("{origin}: {failure}"))?;
            if !answer.status.is_success() {
                return Err(format!("{origin} answered {}", answer.status));
            }
            match answer.end {
                End::Whole => Ok(answer.body.into()),
                End::TooLong => Err(format!(
                    "{origin} answered more than {CALENDAR_BYTES_MAX} bytes"
                )),
                End::CutOff(why) => Err(format!("{origin}: the answer was cut off: {why}")),
            }
        }
    }
}

/// Reads the calendars of the newest configuration again and again, until nobody takes what was
/// read.
pub(crate) fn fetch_repeatedly(
    newest: watch::Receiver<Arc<Config>>,
) -> mpsc::Receiver<Vec<Fetched>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            let every = refresh(&newest.borrow());
            sleep(every).await;
            let (places, outbound) = {
                let config = newest.borrow();
                (places(&config), config.outbound().clone())
            };
            if places.is_empty() {
                continue;
            }
            let fetched = fetch(places, &outbound).await;
            if sender.send(fetched).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// The shortest time between two readings that a group wants.
fn refresh(config: &Config) -> Duration {
    let groups = config.groups.values();
    let reading = groups.filter(|group| !group.live.calendars.is_empty());
    let shortest = reading.map(|group| group.live.calendar_refresh).min();
    shortest.unwrap_or(Duration::from_mins(1))
}

impl Calendars {
    /// The places of `config` that were never read.
    pub(crate) fn unread(&self, config: &Config) -> BTreeSet<Place> {
        let mut places = places(config);
        places.retain(|place| !self.0.contains_key(place));
        places
    }

    /// Takes in readings of `now`.
    pub(crate) fn take(&mut self, fetched: Vec<Fetched>, now: Timestamp) {
        for (place, reading) in fetched {
            let source = self.0.entry(place).or_default();
            match reading {
                Ok(bytes) => (source.newest, source.failed) = (Some((bytes, now)), None),
                Err(why) => source.failed = Some(why),
            }
        }
    }

    /// Adds the events of the calendars to the groups of `config`, around `now`. Returns what each
    /// group's lines brought, by the group's table.
    pub(crate) async fn fill(
        &mut self,
        config: &mut Config,
        now: Timestamp,
    ) -> Vec<(String, Brought)> {
        let mut wanted = Vec::new();
        for (name, group) in &config.groups {
            let lines = group.live.calendars.iter();
            wanted.extend(lines.map(|line| (name.clone(), line.clone())));
        }
        let places = places(config);
        self.0.retain(|place, _| places.contains(place));
        let known = self.clone();
        let window = Window::of_calendar(now);
        // A hostile calendar takes seconds to expand.
        let expanded = spawn_blocking(move || {
            let lines = wanted.into_iter();
            lines
                .map(|(group, line)| (group, known.expanded(&line, window), line))
                .collect::<Vec<_>>()
        });
        let mut brought = Vec::new();
        let mut unusable = BTreeSet::new();
        for (group, expanded, line) in expanded.await.unwrap_or_default() {
            let Expanded { read, newest, said } = expanded;
            if !newest {
                unusable.insert(line.place.clone());
            }
            let events = read.events.len();
            if let Some(settings) = config.groups.get_mut(&group) {
                settings.controller.calendar.extend(read.events);
            }
            let name = line.name;
            let failed = !newest;
            brought.push((
                group,
                Brought {
                    name,
                    events,
                    failed,
                    said,
                },
            ));
        }
        for (place, source) in &mut self.0 {
            if !unusable.contains(place) {
                source.good.clone_from(&source.newest);
            }
        }
        brought
    }

    /// The events of `line`: of the newest reading, or of the last good one.
    fn expanded(&self, line: &CalendarLine, window: Window) -> Expanded {
        let nothing = Source::default();
        let source = self.0.get(&line.place).unwrap_or(&nothing);
        let using = |text: &Option<(Arc<[u8]>, Timestamp)>| {
            let (text, at) = text.as_ref()?;
            Some((read(text, line, window), *at))
        };
        let newest = using(&source.newest);
        let failed = match (&source.failed, &newest) {
            (Some(why), _) => Some(why.clone()),
            (None, Some((Err(error), _))) => Some(error.to_string()),
            (None, None) => Some("it was not read yet".to_owned()),
            (None, Some((Ok(_), _))) => None,
        };
        let is_newest = failed.is_none();
        let usable = newest.filter(|(read, _)| read.is_ok());
        let usable = usable.or_else(|| using(&source.good));
        let (read, since) = match usable {
            Some((Ok(read), since)) => (read, Some(since)),
            _ => (CalendarRead::default(), None),
        };
        let name = &line.name;
        let mut said = Vec::new();
        if let Some(why) = failed {
            said.push(match since {
                Some(since) => format!(
                    "calendar {name} cannot be read, its events as read at {since} stay in force: \
                     {why}"
                ),
                None => {
                    format!("calendar {name} cannot be read, none of its events is known: {why}")
                }
            });
        }
        let left_out = read.left_out.iter();
        said.extend(left_out.map(|what| format!("calendar {name}: left out is {what}")));
        if read.more_left_out > 0 {
            let more = read.more_left_out;
            said.push(format!(
                "calendar {name}: {more} further events are left out"
            ));
        }
        Expanded {
            read,
            newest: is_newest,
            said,
        }
    }
}

/// The events of a line.
struct Expanded {
    read: CalendarRead,
    /// Whether they are of the newest reading.
    newest: bool,
    said: Vec<String>,
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use foretide_config::Sources;

    use super::*;

    const EVENT: &str = "BEGIN:VEVENT\nSUMMARY:sale\nDTSTART:20261127T080000Z\nDURATION:PT1H\n\
                         END:VEVENT\n";

    fn now() -> Timestamp {
        "2026-11-25T12:00Z".parse().unwrap()
    }

    fn calendar(events: usize) -> String {
        let events = EVENT.repeat(events);
        format!("BEGIN:VCALENDAR\n{events}END:VCALENDAR\n")
    }

    fn configured(source: &str) -> Config {
        let mut sources = Sources::default();
        let text = format!(
            "[group.web.forecast]\ncalendars = ['ops \"{source}\" min 4', 'ops \"{source}\" only \
             nothing min 4']\n"
        );
        sources.text("test", text);
        sources.load().unwrap()
    }

    /// The number of the group's known events, and what is said of its first calendar.
    async fn filled(calendars: &mut Calendars, config: &Config) -> (usize, String) {
        let mut config = config.clone();
        let brought = calendars.fill(&mut config, now()).await;
        let events = config.groups["web"].controller.calendar.len();
        assert_eq!(brought.len(), 2);
        (events, brought[0].1.said.join("; "))
    }

    async fn fetched(calendars: &mut Calendars, config: &Config) -> (usize, String) {
        let fetched = fetch(places(config), config.outbound()).await;
        calendars.take(fetched, now());
        filled(calendars, config).await
    }

    #[tokio::test]
    async fn a_reading_that_fails_keeps_the_last_good_one_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ops calendar.ics");
        let config = configured(&path.display().to_string());
        let mut calendars = Calendars::default();
        let (events, said) = fetched(&mut calendars, &config).await;
        assert_eq!(events, 0);
        assert!(
            said.starts_with("calendar ops cannot be read, none of its events is known: "),
            "{said}"
        );
        std::fs::write(&path, calendar(1)).unwrap();
        assert_eq!(fetched(&mut calendars, &config).await, (1, String::new()));
        let whole = calendar(1);
        for (bad, why) in [
            (whole.replace("END:VCALENDAR\n", ""), "only a part of it"),
            (calendar(10_001), "more than 10000 events"),
            ("<html>".to_owned(), "no iCalendar"),
            ("a".repeat(5 << 20), "over 4 MiB"),
        ] {
            std::fs::write(&path, bad).unwrap();
            let (events, said) = fetched(&mut calendars, &config).await;
            assert_eq!(events, 1, "{why}");
            let kept = "its events as read at 2026-11-25T12:00:00Z stay in force";
            assert!(said.contains(kept) && said.contains(why), "{said}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(fetched(&mut calendars, &config).await.0, 1);
        let gone = whole.replace("sale", "other");
        std::fs::write(&path, gone.replace("SUMMARY", "STATUS:CANCELLED\nSUMMARY")).unwrap();
        assert_eq!(fetched(&mut calendars, &config).await, (0, String::new()));
        assert!(calendars.unread(&config).is_empty());
    }

    /// Of an address only its host is said.
    #[tokio::test]
    async fn a_calendar_is_read_from_an_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            for status in ["200 OK", "404 Not Found"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = [0; 1024];
                let read = stream.read(&mut head).unwrap();
                assert!(head[..read].starts_with(b"GET /s3cr3t.ics HTTP/1.1\r\n"));
                let body = calendar(1);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n\
                     {body}"
                );
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let config = configured(&format!("http://{address}/s3cr3t.ics"));
        let mut calendars = Calendars::default();
        assert_eq!(fetched(&mut calendars, &config).await, (1, String::new()));
        let (events, said) = fetched(&mut calendars, &config).await;
        assert_eq!(events, 1);
        assert!(
            said.contains(&format!("http://{address} answered 404")),
            "{said}"
        );
        served.join().unwrap();
        let (events, said) = fetched(&mut calendars, &config).await;
        assert_eq!(events, 1, "nobody listens");
        assert!(
            said.contains("stay in force") && !said.contains("s3cr3t"),
            "{said}"
        );
    }
}
