//! The arrows between the crates of the workspace.
//!
//! A crate may use those named beside it and, through them, every crate further down. A new crate
//! is refused until it has a row here: where it stands is a decision, not an accident.

use std::collections::BTreeSet;

use crate::graph::{Graph, Kind};

/// A crate, and the crates directly below it.
type Arrow<'a> = (&'a str, &'a [&'a str]);

/// The rooms of ARCHITECTURE.md from the bottom to the top.
pub(crate) const ARROWS: &[Arrow<'_>] = &[
    ("foretide-domain", &[]),
    ("foretide-forecast", &["foretide-domain"]),
    ("foretide-classifier", &["foretide-domain"]),
    (
        "foretide-control",
        &["foretide-forecast", "foretide-classifier"],
    ),
    ("foretide-calendar", &["foretide-control"]),
    ("foretide-sim", &["foretide-control"]),
    ("foretide-runtime", &["foretide-control"]),
    ("foretide-outbound", &[]),
    (
        "foretide-aws",
        &["foretide-runtime", "foretide-outbound", "foretide-calendar"],
    ),
    ("foretide-store", &["foretide-runtime"]),
    ("foretide-socket", &["foretide-runtime"]),
    ("foretide-chart", &[]),
    ("foretide-http", &["foretide-domain", "foretide-outbound"]),
    (
        "foretide-predict",
        &["foretide-http", "foretide-classifier"],
    ),
    (
        "foretide-prometheus",
        &["foretide-http", "foretide-runtime"],
    ),
    ("foretide-console", &["foretide-http", "foretide-chart"]),
    ("foretide-notify", &["foretide-http", "foretide-runtime"]),
    (
        "foretide-config",
        &[
            "foretide-aws",
            "foretide-store",
            "foretide-notify",
            "foretide-predict",
            "foretide-prometheus",
            "foretide-calendar",
        ],
    ),
    ("foretide-emulator", &["foretide-sim"]),
    ("foretide-report", &["foretide-sim", "foretide-chart"]),
    ("foretide-terminal", &[]),
    ("foretide-status", &["foretide-store", "foretide-terminal"]),
    (
        "foretide-files",
        &[
            "foretide-terminal",
            "foretide-http",
            "foretide-outbound",
            "foretide-sim",
        ],
    ),
    (
        "foretide-connect",
        &["foretide-config", "foretide-files", "foretide-terminal"],
    ),
    ("foretide-parameters", &["foretide-config"]),
    ("foretide-process", &["foretide-terminal"]),
    (
        "foretide-limits",
        &[
            "foretide-aws",
            "foretide-files",
            "foretide-predict",
            "foretide-prometheus",
            "foretide-store",
        ],
    ),
    (
        "foretide-demo",
        &[
            "foretide-terminal",
            "foretide-console",
            "foretide-sim",
            "foretide-chart",
        ],
    ),
    ("foretide-doctor", &["foretide-config", "foretide-files"]),
    (
        "foretide",
        &[
            "foretide-emulator",
            "foretide-report",
            "foretide-doctor",
            "foretide-demo",
            "foretide-connect",
            "foretide-limits",
            "foretide-parameters",
            "foretide-process",
            "foretide-socket",
            "foretide-status",
        ],
    ),
    ("foretide-testing", &[]),
    ("foretide-tidy", &[]),
];

/// Dependencies of tests that run against the arrows: the user, and the test double it uses.
///
/// The emulator is the double of every test over the wire, the simulated group that of a
/// controller; both stand above the code that they test. The adapter is in turn the client that
/// the emulator is tried with. Of two crates, one at most tests with the other. What tests share
/// stands above all, so that nothing ships it.
pub(crate) const FOR_TESTS: &[(&str, &str)] = &[
    ("foretide-emulator", "foretide-aws"),
    ("foretide-aws", "foretide-emulator"),
    ("foretide-runtime", "foretide-emulator"),
    ("foretide-forecast", "foretide-sim"),
    ("foretide-control", "foretide-sim"),
    ("foretide-http", "foretide-testing"),
    ("foretide-predict", "foretide-testing"),
    ("foretide-prometheus", "foretide-testing"),
    ("foretide-console", "foretide-testing"),
    ("foretide", "foretide-testing"),
];

/// Every arrow of `graph` that the table does not allow, as a sentence each.
pub(crate) fn violations(
    graph: &Graph,
    arrows: &[Arrow<'_>],
    for_tests: &[(&str, &str)],
) -> Vec<String> {
    let mut found: Vec<String> = graph
        .members
        .iter()
        .filter(|member| !arrows.iter().any(|(name, _)| name == member))
        .map(|member| format!("{member} is in no room: add it to ARROWS in {}", file!()))
        .collect();
    for edge in &graph.edges {
        if !graph.members.contains(&edge.from) || !graph.members.contains(&edge.to) {
            continue;
        }
        let (from, to) = (edge.from.as_str(), edge.to.as_str());
        let excepted = edge.kind == Kind::Dev && for_tests.contains(&(from, to));
        if excepted && graph.has(to, from, Kind::Dev) {
            found.push(format!(
                "{from} and {to} test with each other: one of them has to do"
            ));
        }
        if !excepted && !below(from, arrows).contains(to) {
            let kind = match edge.kind {
                Kind::Normal => "may not use",
                Kind::Build => "may not build with",
                Kind::Dev => "may not test with",
            };
            found.push(format!(
                "{from} {kind} {to}: no arrow leads from one to the other"
            ));
        }
    }
    found
}

/// Every crate that `name` may use: those directly below it and all below those.
fn below<'a>(name: &str, arrows: &[Arrow<'a>]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = direct(name, arrows).to_vec();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(direct(next, arrows));
        }
    }
    reached
}

fn direct<'a>(name: &str, arrows: &[Arrow<'a>]) -> &'a [&'a str] {
    arrows
        .iter()
        .find(|(room, _)| *room == name)
        .map_or(&[], |(_, uses)| uses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::planted;

    fn check(edges: &[(&str, &str, Kind)]) -> Vec<String> {
        violations(&planted(edges), ARROWS, FOR_TESTS)
    }

    #[test]
    fn a_lower_room_may_be_used_directly_or_from_far_above() {
        assert_eq!(
            check(&[
                ("foretide-control", "foretide-classifier", Kind::Normal),
                ("foretide", "foretide-domain", Kind::Normal),
                ("foretide-predict", "foretide-classifier", Kind::Normal),
                ("foretide-domain", "serde@1.0.0", Kind::Normal),
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn an_arrow_upwards_or_sideways_is_refused_for_every_kind() {
        let found = check(&[
            ("foretide-domain", "foretide-control", Kind::Normal),
            ("foretide-sim", "foretide-runtime", Kind::Dev),
            ("foretide-runtime", "foretide-sim", Kind::Build),
            ("foretide-console", "foretide-aws", Kind::Normal),
            ("foretide-console", "foretide-sim", Kind::Normal),
            ("foretide-emulator", "foretide-aws", Kind::Normal),
        ]);
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found[0].starts_with("foretide-domain may not use foretide-control"));
        assert!(found[1].starts_with("foretide-sim may not test with foretide-runtime"));
        assert!(found[2].starts_with("foretide-runtime may not build with foretide-sim"));
    }

    #[test]
    fn a_test_double_is_for_tests_only() {
        let pair = |kind| [("foretide-aws", "foretide-emulator", kind)];
        assert_eq!(check(&pair(Kind::Dev)), Vec::<String>::new());
        assert_eq!(check(&pair(Kind::Normal)).len(), 1);
    }

    #[test]
    fn two_crates_do_not_test_with_each_other() {
        let found = check(&[
            ("foretide-aws", "foretide-emulator", Kind::Dev),
            ("foretide-emulator", "foretide-aws", Kind::Dev),
        ]);
        assert!(
            found
                .iter()
                .all(|what| what.contains("test with each other")),
            "{found:?}"
        );
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        let found = check(&[("foretide-new", "serde@1.0.0", Kind::Normal)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("foretide-new is in no room"), "{found:?}");
    }

    /// A typing error in the table would quietly allow less, or with a cycle everything.
    #[test]
    fn the_table_names_only_rooms_further_down() {
        for (row, (name, uses)) in ARROWS.iter().enumerate() {
            for used in *uses {
                let at = ARROWS.iter().position(|(room, _)| room == used);
                assert!(
                    at.is_some_and(|at| at < row),
                    "{name} uses {used}, not a room below it"
                );
            }
        }
        for (user, double) in FOR_TESTS {
            for name in [user, double] {
                assert!(
                    ARROWS.iter().any(|(room, _)| room == name),
                    "{name} is no room"
                );
            }
        }
    }
}
