//! Calendars over both ends of daylight saving, and hostile ones.

use std::time::Duration;

use foretide_control::Uplift;
use foretide_domain::Timestamp;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Nine weeks around the end of October 2026, or of March 2026.
fn window(now: &str) -> Window {
    Window::of_calendar(at(now))
}

const AUTUMN: &str = "2026-10-12T00:00Z";
const SPRING: &str = "2026-03-16T00:00Z";

fn calendar(events: &[&str]) -> String {
    let events: Vec<String> = events
        .iter()
        .map(|lines| {
            format!(
                "BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n",
                lines.replace('\n', "\r\n")
            )
        })
        .collect();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n",
        events.concat()
    )
}

fn line(text: &str) -> CalendarLine {
    text.parse().unwrap()
}

fn events(now: &str, text: &str, of: &str) -> CalendarRead {
    read(text.as_bytes(), &line(of), window(now)).unwrap()
}

/// Occurrences of the only event: begins, and hours that each lasts.
fn occurrences(now: &str, text: &str, of: &str) -> Vec<(String, f64)> {
    let read = events(now, text, of);
    assert_eq!(read.left_out, [""; 0]);
    let [event] = read.events.as_slice() else {
        panic!("{:?}", read.events);
    };
    let Occurs::Spans(spans) = &event.when else {
        panic!("{event:?}");
    };
    let hours = |span: &EventSpan| span.to.since(span.from).as_secs_f64() / 3600.0;
    let shown = |span: &EventSpan| (span.from.to_string(), hours(span));
    spans.iter().map(shown).collect()
}

#[test]
fn a_weekly_event_follows_its_zone_and_leaves_out_what_is_excepted() {
    let text = calendar(&[
        "SUMMARY:Big \\, sale\nDTSTART;TZID=America/New_York:20261016T013000\n\
        DTEND;TZID=America/New_York:20261016T033000\nRRULE:FREQ=WEEKLY;BYDAY=FR,SU;COUNT=6\n\
        EXDATE;TZID=America/New_York:20261023T013000",
    ]);
    assert_eq!(
        occurrences(AUTUMN, &text, "ops a.ics min 4"),
        [
            ("2026-10-16T05:30:00Z".into(), 2.0),
            ("2026-10-18T05:30:00Z".into(), 2.0),
            ("2026-10-25T05:30:00Z".into(), 2.0),
            ("2026-10-30T05:30:00Z".into(), 2.0),
            // Half past one exists twice on November 1.
            ("2026-11-01T05:30:00Z".into(), 2.0),
        ]
    );
    let read = events(AUTUMN, &text, "ops a.ics x2 min 4");
    assert_eq!(read.events[0].name, "ops: Big , sale");
    assert_eq!(read.events[0].uplift, Some(Uplift::Factor(2.0)));
    assert_eq!(read.events[0].minimum, Some(4));
}

#[test]
fn a_time_that_the_clock_skips_begins_later() {
    let text = calendar(&[
        "SUMMARY:report\nDTSTART;TZID=Europe/Berlin:20260328T023000\n\
        DURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20260330T003000Z",
    ]);
    assert_eq!(
        occurrences(SPRING, &text, "ops a.ics min 4"),
        [
            ("2026-03-28T01:30:00Z".into(), 1.0),
            ("2026-03-29T01:30:00Z".into(), 1.0),
            ("2026-03-30T00:30:00Z".into(), 1.0),
        ]
    );
}

/// Whole days are days of the clock: of 23 and of 25 hours where it goes forward or back.
#[test]
fn whole_days_and_floating_times_are_of_the_zone_that_the_line_names() {
    let days = calendar(&[
        "SUMMARY:feast\nDTSTART;VALUE=DATE:20261024\nDTEND;VALUE=DATE:20261026\n\
        RRULE:FREQ=YEARLY",
    ]);
    let floating = calendar(&["SUMMARY:feast\nDTSTART:20261025T080000\nDURATION:P1DT2H"]);
    let utc = "ops a.ics min 4";
    let berlin = "ops a.ics in Europe/Berlin min 4";
    let is = |begin: &str, hours| vec![(begin.to_owned(), hours)];
    assert_eq!(
        occurrences(AUTUMN, &days, utc),
        is("2026-10-24T00:00:00Z", 48.0)
    );
    assert_eq!(
        occurrences(AUTUMN, &days, berlin),
        is("2026-10-23T22:00:00Z", 49.0)
    );
    assert_eq!(
        occurrences(AUTUMN, &floating, utc),
        is("2026-10-25T08:00:00Z", 26.0)
    );
    assert_eq!(
        occurrences(AUTUMN, &floating, berlin),
        is("2026-10-25T07:00:00Z", 26.0)
    );
    let named = days.replace("VERSION:2.0", "X-WR-TIMEZONE:America/New_York");
    assert_eq!(
        occurrences(AUTUMN, &named, utc),
        is("2026-10-24T04:00:00Z", 48.0)
    );
    let spring = days
        .replace("20261024", "20260328")
        .replace("20261026", "20260330");
    assert_eq!(
        occurrences(SPRING, &spring, berlin),
        is("2026-03-27T23:00:00Z", 47.0)
    );
    let one = calendar(&[
        "SUMMARY:feast\nDTSTART;VALUE=DATE:20261025\nEXDATE;VALUE=DATE:20261026\n\
        RRULE:FREQ=DAILY;COUNT=2",
    ]);
    assert_eq!(
        occurrences(AUTUMN, &one, berlin),
        is("2026-10-24T22:00:00Z", 25.0)
    );
}

#[test]
fn an_occurrence_that_was_moved_or_cancelled_is_not_where_the_rule_has_it() {
    let text = calendar(&[
        "UID:1\nSUMMARY:sale\nDTSTART:20261016T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n\
         RDATE:20261030T080000Z,20261031T080000Z",
        "UID:1\nSUMMARY:sale\nRECURRENCE-ID:20261017T080000Z\nDTSTART:20261017T120000Z\n\
         DURATION:PT1H",
        "UID:1\nSUMMARY:sale\nRECURRENCE-ID:20261018T080000Z\nDTSTART:20261018T080000Z\n\
         DURATION:PT1H\nSTATUS:CANCELLED",
    ]);
    let begins: Vec<String> = occurrences(AUTUMN, &text, "ops a.ics min 4")
        .into_iter()
        .map(|(begins, _)| begins)
        .collect();
    assert_eq!(
        begins,
        [
            "2026-10-16T08:00:00Z",
            "2026-10-17T12:00:00Z",
            "2026-10-30T08:00:00Z",
            "2026-10-31T08:00:00Z"
        ]
    );
}

#[test]
fn an_event_may_say_itself_what_it_asks_for_and_others_are_chosen_by_a_word() {
    let when = "DTSTART:20261016T080000Z\nDURATION:PT1H";
    let text = calendar(&[
        &format!("SUMMARY:Sale\nX-FORETIDE:x3 min 9\n{when}"),
        &format!("SUMMARY:lunch\nDESCRIPTION:menu\\nForetide: learned\\n\n{when}"),
        &format!("SUMMARY:sale\nCATEGORIES:a,b\n{when}"),
        &format!("SUMMARY:Sale\n{when}"),
    ]);
    let asked = |of: &str| -> Vec<(String, Option<Uplift>, Option<u32>)> {
        let read = events(AUTUMN, &text, of);
        let events = read.events.into_iter();
        events.map(|it| (it.name, it.uplift, it.minimum)).collect()
    };
    assert_eq!(
        asked("ops a.ics"),
        [
            ("ops: Sale".into(), Some(Uplift::Factor(3.0)), Some(9)),
            ("ops: lunch".into(), Some(Uplift::Learned), None),
        ]
    );
    assert_eq!(
        asked("ops a.ics only sale min 2"),
        [
            ("ops: Sale".into(), Some(Uplift::Factor(3.0)), Some(9)),
            ("ops: Sale (2)".into(), None, Some(2)),
            ("ops: sale".into(), None, Some(2)),
        ]
    );
    assert_eq!(asked("ops a.ics only B min 2").len(), 1);
}

/// One event that cannot be understood is named, and takes away no other.
#[test]
fn what_cannot_be_understood_is_left_out_by_name() {
    let good = "SUMMARY:good\nDTSTART:20261016T080000Z\nDURATION:PT1H";
    for (bad, what) in [
        ("DTSTART:20261016T080000Z", "lasts for nothing"),
        ("DURATION:PT1H", "no DTSTART"),
        ("DTSTART:tomorrow\nDURATION:PT1H", "`tomorrow` is no date"),
        ("DTSTART:20261016T080000Z\nDURATION:-PT1H", "DURATION"),
        ("DTSTART:20261016T080000Z\nDURATION:P1Y", "DURATION"),
        ("DTSTART:20261016T080000Z\nDURATION:P400D", "92 days"),
        (
            "DTSTART:20261016T080000Z\nDTEND:20261016T070000Z",
            "ends before",
        ),
        (
            "DTSTART;TZID=W. Europe Standard Time:20261016T080000\nDURATION:PT1H",
            "its time zone `W. Europe Standard Time` has no name",
        ),
        (
            "DTSTART:20261016T080000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY",
            "recurs too often",
        ),
        (
            "DTSTART:19700101T080000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
            "50000 times after its start",
        ),
        (
            "DTSTART:20261016T080000Z\nDURATION:PT1H\nX-FORETIDE:min many",
            "`many` is no capacity",
        ),
        (
            "DTSTART:20261016T080000Z\nDURATION:PT1H\nEXRULE:FREQ=DAILY",
            "EXRULE",
        ),
    ] {
        let bad = format!("SUMMARY:b\u{202e}ad\n{bad}");
        let read = events(AUTUMN, &calendar(&[&bad, good]), "ops a.ics min 4");
        assert_eq!(read.events.len(), 1, "{bad}");
        let [why] = read.left_out.as_slice() else {
            panic!("{bad}: {:?}", read.left_out);
        };
        assert!(
            why.starts_with("event `bad`: ") && why.contains(what),
            "{why}"
        );
    }
    let many: Vec<&str> = vec!["SUMMARY:bad"; 100];
    let read = events(AUTUMN, &calendar(&many), "ops a.ics min 4");
    assert_eq!((read.left_out.len(), read.more_left_out), (5, 95));
}

#[test]
fn a_calendar_that_is_none_or_too_large_is_refused() {
    let of = line("ops a.ics min 4");
    let refused = |text: &[u8]| read(text, &of, window(AUTUMN)).unwrap_err().to_string();
    let event = "BEGIN:VEVENT\nDTSTART:20261016T080000Z\nDURATION:PT1H\nEND:VEVENT\n";
    let whole = |inside: &str| format!("BEGIN:VCALENDAR\n{inside}END:VCALENDAR\n");
    for (text, what) in [
        (String::new(), "it is empty"),
        ("<html>\n".into(), "no iCalendar"),
        ("BEGIN:VCARD\nEND:VCARD\n".into(), "BEGIN:VCALENDAR"),
        (format!("BEGIN:VCALENDAR\n{event}"), "a part of it"),
        (whole("END:VEVENT\n"), "an END has no BEGIN"),
        (whole(&"BEGIN:A\n".repeat(100_000)), "more than 16 nested"),
        (whole(&event.repeat(10_001)), "more than 10000 events"),
        (
            whole(&event.replace("END", "RRULE:FREQ=DAILY\nEND").repeat(501)),
            "more than 500 recurrence rules",
        ),
        (
            whole(
                &event
                    .replace("20261016", "20260901")
                    .replace("END", "RRULE:FREQ=HOURLY\nEND"),
            ),
            "more than 1000 occurrences",
        ),
        (
            whole(&format!("X:{}\n", "a".repeat(70_000))),
            "limit of 65536",
        ),
        (
            " ".repeat(CALENDAR_BYTES_MAX + 1),
            "more than 4194304 bytes",
        ),
    ] {
        let why = refused(text.as_bytes());
        assert!(why.contains(what), "{what}: {why}");
    }
    let million = whole(&event.repeat(1_000_000));
    assert!(refused(million.as_bytes()).contains("more than 4194304 bytes"));
    assert!(refused(b"BEGIN:VCALENDAR\n\xff\xfe\n").contains("no iCalendar"));
    let marked = format!("\u{feff}{}", whole(event));
    assert_eq!(
        read(marked.as_bytes(), &of, window(AUTUMN))
            .unwrap()
            .events
            .len(),
        1
    );
}

/// Events that began before the window and last into it count.
#[test]
fn an_event_under_way_at_the_edge_of_the_window_counts() {
    let from = window(AUTUMN).from;
    let text = calendar(&["SUMMARY:a\nDTSTART:20260920T000000Z\nDURATION:P3D"]);
    assert_eq!(from, at("2026-09-21T00:00Z"));
    let read = events(AUTUMN, &text, "ops a.ics min 4");
    assert_eq!(
        read.events[0].began(from),
        Some(from.minus(Duration::from_secs(86_400)))
    );
    let before = text.replace("P3D", "P1D");
    assert!(events(AUTUMN, &before, "ops a.ics min 4").events.is_empty());
}

proptest! {
    /// Whatever a server sends, the reader answers.
    #[test]
    fn no_text_breaks_the_reader(
        name in "(DTSTART|DTEND|DURATION|RRULE|EXDATE|RDATE|SUMMARY|RECURRENCE-ID)",
        param in "(;TZID=[A-Za-z/]{0,12}|;VALUE=DATE|)",
        value in "[-0-9TZPDHMWFREQ=;,:A-Za-z/+]{0,40}",
        freq in "FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY)",
        by in proptest::collection::vec(
            "(BYDAY=-?[0-9]{0,3}(MO|TU|SU)|BYMONTH=1?[0-9]|BYMONTHDAY=-?[0-9]{1,2}|BYSETPOS=-?\
             [0-9]{1,3}|BYYEARDAY=-?[0-9]{1,3}|BYWEEKNO=-?[0-9]{1,2}|BYHOUR=[0-9]{1,2}|COUNT=\
             [0-9]{1,10}|INTERVAL=[0-9]{1,5}|WKST=SU|BYMINUTE=[0-9]{1,2})", 0..4),
    ) {
        let rule = format!("RRULE:{freq};{}", by.join(";"));
        let start = "DTSTART;TZID=Europe/Berlin:20200101T023000\nDURATION:PT1H";
        let text = calendar(&[
            &format!("SUMMARY:a\n{start}\n{rule}"),
            &format!("SUMMARY:b\n{start}\n{name}{param}:{value}"),
        ]);
        let read = read(text.as_bytes(), &line("ops a.ics min 4"), window(AUTUMN));
        if let Ok(read) = read {
            for event in &read.events {
                prop_assert!(!event.lasts.is_zero());
            }
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = [b"BEGIN:VCALENDAR\n".as_slice(), &bytes].concat();
        prop_assert!(read(&text, &line("ops a.ics min 4"), window(AUTUMN)).is_err()
            || bytes.windows(4).any(|it| it.eq_ignore_ascii_case(b"END:")));
    }
}
