//! Runs every command of docs/tutorial.md in one shell, and compares what the commands print with
//! what the page says: whole, but for a line `…`, which stands for lines left out, and `…` within a
//! line, which stands for what differs from run to run.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;

use crate::Room;

const PAGE: &str = include_str!("../../../../docs/tutorial.md");

/// A block of commands, and the lines that it must print.
struct Step {
    commands: String,
    expected: Vec<String>,
}

fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut blocks = PAGE.split("\n```");
    blocks.next();
    while let (Some(block), Some(_prose)) = (blocks.next(), blocks.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "sh" => steps.push(Step {
                commands: text.to_owned(),
                expected: Vec::new(),
            }),
            "text" => {
                let lines = text.lines().map(|line| line.trim_end().to_owned());
                steps.last_mut().unwrap().expected.extend(lines);
            }
            other => panic!("a block of {other}"),
        }
    }
    steps
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn every_command_of_the_tutorial_works_and_prints_what_the_page_says() {
    let steps = steps();
    assert!(steps.len() > 8, "the page has commands");
    let room = Room::new();
    let (aws, page) = (free_port(), free_port());
    // Job control, for `kill %1`; the first command that fails ends the script.
    let mut script = String::from("set -em\ntrap 'kill $(jobs -p) 2> /dev/null || :' EXIT\n");
    for (index, step) in steps.iter().enumerate() {
        writeln!(script, "echo \"== {index}\"\n{}", step.commands).unwrap();
    }
    let script = script
        .replace("127.0.0.1:4566", &aws)
        .replace("127.0.0.1:8080", &page);
    let folder = cargo_bin!("foretide").parent().unwrap().to_owned();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let file = room.write("tutorial.sh", script);
    let output = std::process::Command::new("bash")
        .arg(file)
        .current_dir(room.path(""))
        .env_clear()
        .env("PATH", path)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}\n{error}");
    let mut parts = printed.split("== ").skip(1);
    for (index, step) in steps.iter().enumerate() {
        let part = parts.next().unwrap();
        let lines: Vec<&str> = part.lines().skip(1).map(str::trim_end).collect();
        let expected: Vec<&str> = step.expected.iter().map(String::as_str).collect();
        let fits = expected.is_empty() || fit(&expected, &lines);
        assert!(
            fits,
            "step {index} should print\n{expected:#?}\n{part}\n{error}"
        );
    }
}

/// Whether the page's lines are those that were printed.
fn fit(expected: &[&str], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => {
            fit(rest, printed)
                || printed
                    .split_first()
                    .is_some_and(|(_, after)| fit(expected, after))
        }
        (Some((line, rest)), Some((found, after))) => is_like(line, found) && fit(rest, after),
        _ => false,
    }
}

/// Whether a line of the page is the line that was printed; `…` stands for any text.
fn is_like(line: &str, found: &str) -> bool {
    match line.split_once('…') {
        None => line == found,
        Some((begin, rest)) => found.strip_prefix(begin).is_some_and(|after| {
            let ends = after.char_indices().map(|(at, _)| at).chain([after.len()]);
            let mut ends = ends.map(|at| &after[at..]);
            ends.any(|end| is_like(rest, end))
        }),
    }
}

#[test]
fn the_page_is_compared_line_by_line_but_for_what_it_leaves_out() {
    let printed = ["web: desired 4", "  12:00 hold", "  12:01 hold", "end"];
    assert!(fit(&printed, &printed));
    assert!(fit(&["web: desired …", "…", "end"], &printed));
    assert!(fit(&["web…4", "  1…:00 hold", "…"], &printed));
    assert!(
        !fit(&["web: desired 4", "end"], &printed),
        "lines are missing"
    );
    assert!(!fit(&["web: desired 5", "…"], &printed), "another line");
    assert!(!fit(&["…", "  12:01 hold"], &printed), "more is printed");
}
