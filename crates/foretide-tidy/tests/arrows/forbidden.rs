//! Libraries that may not be reachable from where they would break an invariant.
//!
//! Reachable, not declared: a library that brings a runtime or a clock along is found as well.
//! Not covered is what sits inside an allowed library: jiff with `std` can read the clock, and
//! that call is refused by `disallowed-methods` in clippy.toml. Nor are sources of randomness:
//! cargo unites the features of the whole workspace, and a generator that proptest seeds from the
//! system would be seen in every crate that uses `rand` without it; clippy.toml refuses the calls.

use crate::graph::Graph;

/// The rooms that are functions of their arguments: no network, no runtime, no clock.
const PURE: &[&str] = &[
    "foretide-domain",
    "foretide-forecast",
    "foretide-classifier",
    "foretide-control",
    "foretide-sim",
];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Where {
    NotIn(&'static [&'static str]),
    OnlyIn(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// What is kept out, for the message.
    what: &'static str,
    matches: fn(&str) -> bool,
    place: Where,
    why: &'static str,
}

pub(crate) const RULES: &[Rule] = &[
    Rule {
        what: "the AWS SDK",
        matches: is_aws_sdk,
        // Configuration names the adapter's own settings, so that nothing converts them again; what
        // stands above it reaches the SDK through it.
        place: Where::OnlyIn(&[
            "foretide-aws",
            "foretide-config",
            "foretide-connect",
            "foretide-doctor",
            "foretide-limits",
            "foretide-parameters",
            "foretide",
        ]),
        why: "adapters are replaceable: one crate knows the SDK",
    },
    Rule {
        what: "an async runtime",
        matches: is_async_runtime,
        place: Where::NotIn(PURE),
        why: "the core is synchronous, so that a simulation and a replay run the same code",
    },
    Rule {
        what: "a clock",
        matches: is_clock,
        place: Where::NotIn(PURE),
        why: "time is an argument",
    },
    Rule {
        what: "HTTP",
        matches: is_http,
        place: Where::NotIn(PURE),
        why: "the network is reached through effects",
    },
    Rule {
        what: "a serialisation format",
        matches: is_format,
        place: Where::NotIn(&["foretide-domain", "foretide-forecast"]),
        why: "formats stop at the edge",
    },
];

/// Its own crates are all `aws-…`; `aws-lc-…` is a cryptography library of other users too.
fn is_aws_sdk(name: &str) -> bool {
    name.starts_with("aws-") && !name.starts_with("aws-lc-")
}

fn is_async_runtime(name: &str) -> bool {
    name == "tokio" || name.starts_with("tokio-") || matches!(name, "async-std" | "mio" | "smol")
}

fn is_clock(name: &str) -> bool {
    matches!(
        name,
        "chrono" | "coarsetime" | "instant" | "quanta" | "time" | "web-time"
    )
}

fn is_http(name: &str) -> bool {
    matches!(
        name,
        "axum" | "http" | "hyper" | "isahc" | "reqwest" | "tower" | "ureq"
    )
}

fn is_format(name: &str) -> bool {
    matches!(
        name,
        "ciborium" | "csv" | "postcard" | "quick-xml" | "serde_json" | "toml"
    )
}

/// Every forbidden library that can be reached, with the shortest way to it.
pub(crate) fn violations(graph: &Graph, rules: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for rule in rules {
        for member in graph
            .members
            .iter()
            .filter(|member| barred(rule.place, member))
        {
            if let Some(path) = graph.path(member, rule.matches) {
                let path = path.join(" -> ");
                found.push(format!(
                    "{member} reaches {}: {path} ({})",
                    rule.what, rule.why
                ));
            }
        }
    }
    found
}

fn barred(place: Where, member: &str) -> bool {
    match place {
        Where::NotIn(rooms) => rooms.contains(&member),
        Where::OnlyIn(rooms) => !rooms.contains(&member),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Kind, planted};

    fn check(edges: &[(&str, &str, Kind)]) -> Vec<String> {
        violations(&planted(edges), RULES)
    }

    #[test]
    fn a_library_is_found_through_others_and_named_with_the_way() {
        let found = check(&[
            ("foretide-sim", "foretide-control", Kind::Normal),
            ("foretide-control", "handy@0.1.0", Kind::Normal),
            ("handy@0.1.0", "tokio@1.54.0", Kind::Normal),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[1].starts_with(
                "foretide-sim reaches an async runtime: \
                 foretide-sim -> foretide-control -> handy@0.1.0 -> tokio@1.54.0"
            ),
            "{found:?}"
        );
    }

    #[test]
    fn the_sdk_is_for_its_adapter_and_the_binary() {
        let uses = |from| [(from, "aws-config@1.13.0", Kind::Normal)];
        assert_eq!(check(&uses("foretide-aws")), Vec::<String>::new());
        assert_eq!(check(&uses("foretide")), Vec::<String>::new());
        assert_eq!(check(&uses("foretide-console")).len(), 1);
        assert_eq!(
            check(&[("foretide-console", "aws-lc-rs@1.0.0", Kind::Normal)]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_rule_refuses_what_it_is_there_for() {
        for (from, to) in [
            ("foretide-emulator", "aws-sdk-cloudwatch@1.0.0"),
            ("foretide-classifier", "tokio-util@0.7.0"),
            ("foretide-control", "chrono@0.4.0"),
            ("foretide-forecast", "hyper@1.0.0"),
            ("foretide-domain", "serde_json@1.0.0"),
        ] {
            assert_eq!(
                check(&[(from, to, Kind::Normal)]).len(),
                1,
                "{from} -> {to}"
            );
            assert_eq!(
                check(&[(from, to, Kind::Dev)]).len(),
                0,
                "{from} -> {to} in tests"
            );
        }
    }
}
