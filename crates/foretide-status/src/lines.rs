//! Glances as lines for a terminal.

use foretide_terminal::screen::{Line, Look};
use foretide_terminal::wrap;

use crate::glance::Glance;

/// Indent of the lines of a group.
const INDENT: usize = 2;

/// One block of lines for each group. No line is wider than `width`, unless a single word is.
pub fn lines(groups: &[Glance], width: Option<usize>) -> Vec<(Look, String)> {
    let mut lines = Vec::new();
    if groups.is_empty() {
        lines.push((Look::Dim, "the store knows no group yet".to_owned()));
    }
    for glance in groups {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (mode, policy) = (known(&glance.mode), known(&glance.policy));
        let (account, group, health) = (&glance.account, &glance.group, &glance.title);
        let head = format!("{account}/{group}  {health}  {mode}, {policy}");
        let look = if glance.alarms.is_empty() {
            Look::Bold
        } else {
            Look::Alarm
        };
        lines.push((look, wrap(&head, width, INDENT)));
        if let Some(at) = &glance.removed_at {
            let text = format!("{:INDENT$}no longer managed since {at}", "");
            lines.push((Look::Dim, wrap(&text, width, 2 * INDENT)));
        }
        for condition in &glance.conditions {
            let (look, mark) = if glance.alarms.contains(condition) {
                (Look::Alarm, "ALARM ")
            } else {
                (Look::Usual, "")
            };
            let text = format!("{:INDENT$}{mark}{condition}", "");
            lines.push((look, wrap(&text, width, 2 * INDENT)));
        }
        for order in &glance.orders {
            let text = format!("{:INDENT$}{order}", "");
            lines.push((Look::Bold, wrap(&text, width, 2 * INDENT)));
        }
        for text in [
            capacity(glance),
            load(glance),
            decided(glance),
            wrote(glance),
        ] {
            let text = format!("{:INDENT$}{text}", "");
            lines.push((Look::Usual, wrap(&text, width, 2 * INDENT)));
        }
    }
    lines
}

fn capacity(glance: &Glance) -> String {
    let count = |count: Option<u32>| count.map_or("-".to_owned(), |count| count.to_string());
    format!(
        "desired {}: {} in service, {} pending, bounds {}..{}",
        count(glance.desired),
        count(glance.in_service),
        count(glance.pending),
        count(glance.min),
        count(glance.max)
    )
}

fn load(glance: &Glance) -> String {
    match (
        glance.cpu_percent,
        glance.load_instance_percent,
        glance.data_age_s,
    ) {
        (Some(cpu), Some(load), Some(age)) => {
            format!(
                "CPU {cpu:.1} %, load {:.2} busy instances, {} old",
                load / 100.0,
                span(age)
            )
        }
        _ => "no data".to_owned(),
    }
}

fn decided(glance: &Glance) -> String {
    match (&glance.decided_at, &glance.decision) {
        (Some(at), Some(decision)) => {
            // The figures in brackets stand in the lines above.
            let sentence = decision.split(" [").next().unwrap_or_default();
            let next = match (glance.next_cycle_overdue_s, &glance.next_cycle_at) {
                (Some(late), _) => format!(" The next cycle was due {} ago.", span(late)),
                (None, Some(at)) => format!(" Next cycle {at}."),
                (None, None) => String::new(),
            };
            format!("{at} {sentence}{next}")
        }
        _ => "no decision yet".to_owned(),
    }
}

fn wrote(glance: &Glance) -> String {
    match (&glance.wrote_at, &glance.write) {
        (Some(at), Some(write)) => format!("{at} last SetDesiredCapacity: {write}"),
        _ => "no call of SetDesiredCapacity is recorded".to_owned(),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// As many whole blocks as fit into `height` lines, and how many groups are left out.
pub fn fit(blocks: Vec<Vec<Line>>, height: usize) -> Vec<Line> {
    let groups = blocks.len();
    let mut shown = Vec::new();
    for (index, block) in blocks.into_iter().enumerate() {
        let is_last = index + 1 == groups;
        // The line that says what is left out needs a place, but after the last group.
        let room = height.saturating_sub(shown.len() + usize::from(!is_last));
        if block.len() > room && index > 0 {
            let left = groups - index;
            shown.push(Line::of(Look::Dim, format!("{left} more not shown")));
            break;
        }
        shown.extend(block);
    }
    shown
}

#[cfg(test)]
mod tests {
    use foretide_domain::Severity;

    use super::*;

    fn example() -> Glance {
        Glance {
            account: "eu-west-1".into(),
            group: "a-group-with-a-rather-long-name".into(),
            mode: Some("enforce".into()),
            policy: Some("forecast".into()),
            health: "data_missing",
            title: "data missing".into(),
            severity: Severity::Critical,
            conditions: vec!["data missing: there is no datapoint".into()],
            alarms: vec!["data missing: there is no datapoint".into()],
            desired: Some(3),
            in_service: Some(2),
            pending: Some(1),
            min: Some(1),
            max: Some(9),
            cpu_percent: Some(45.55),
            load_instance_percent: Some(91.1),
            data_age_s: Some(400),
            decided_at: Some("2026-11-23T20:15:00Z".into()),
            decision: Some("hold at 3: the forecast asks for it [CPU 45.5 %]".into()),
            ..Glance::default()
        }
    }

    #[test]
    fn a_group_is_readable_in_sixty_columns() {
        let lines = lines(&[example()], Some(60));
        let text: Vec<&str> = lines.iter().flat_map(|(_, text)| text.lines()).collect();
        assert!(
            text.iter().all(|line| line.chars().count() <= 60),
            "{text:#?}"
        );
        let text = text.join("\n");
        for part in [
            "ALARM data missing: there is no datapoint",
            "desired 3: 2 in service, 1 pending, bounds 1..9",
            "CPU 45.5 %, load 0.91 busy instances, 6 min old",
            "no call of SetDesiredCapacity is recorded",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn a_cycle_to_come_has_its_time_and_an_overdue_one_how_late_it_is() {
        let told = |overdue| {
            decided(&Glance {
                next_cycle_at: Some("2026-11-23T20:15:10Z".into()),
                next_cycle_overdue_s: overdue,
                ..example()
            })
        };
        let coming = told(None);
        assert!(
            coming.ends_with(" Next cycle 2026-11-23T20:15:10Z."),
            "{coming}"
        );
        let late = told(Some(190));
        assert!(
            late.ends_with(" The next cycle was due 3 min ago."),
            "{late}"
        );
        assert!(!late.contains("20:15:10"), "{late}");
    }

    #[test]
    fn what_does_not_fit_on_the_screen_is_counted() {
        let block = |_| vec![Line::of(Look::Usual, "a"), Line::of(Look::Usual, "b")];
        let blocks = || (0..5).map(block).collect::<Vec<_>>();
        let shown = fit(blocks(), 7);
        assert_eq!(shown.len(), 7);
        assert_eq!(shown[6], Line::of(Look::Dim, "2 more not shown"));
        assert_eq!(fit(blocks(), 10).len(), 10, "control: all of them fit");
    }

    #[test]
    fn orders_have_lines_and_unknown_load_is_said() {
        let glance = Glance {
            orders: vec!["pause until resumed, ordered by anna".into()],
            cpu_percent: None,
            ..example()
        };
        let lines = lines(&[glance], None);
        let text: Vec<&str> = lines.iter().map(|(_, text)| text.trim()).collect();
        for part in ["pause until resumed, ordered by anna", "no data"] {
            assert!(text.contains(&part), "{part} is not in\n{text:#?}");
        }
    }
}
