//! Runs every command of docs/tutorial.md in one shell, and looks for what the page says that the
//! commands print.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;

use crate::Room;

const PAGE: &str = include_str!("../../../../docs/tutorial.md");

/// A block of commands, and the parts of lines that it must print.
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
                let lines = text.lines().map(|line| line.trim().to_owned());
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
    let mut script = String::from("set -em\ntrap 'kill $(jobs -p) 2> /dev/null' EXIT\n");
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
        let mut rest = part;
        for line in &step.expected {
            let at = rest.find(line.as_str());
            let at = at.unwrap_or_else(|| panic!("step {index} lacks {line:?}:\n{part}\n{error}"));
            rest = &rest[at + line.len()..];
        }
    }
}
