//! Help, usage errors and pipes.

use std::io::Read;
use std::process::Stdio;

use crate::Room;

#[test]
fn help_names_every_command_and_fits_a_terminal() {
    let room = Room::new();
    let help = room.done(&["--help"]);
    for command in [
        "demo", "emulator", "serve", "train", "trace", "config", "status", "explain", "replay",
        "run", "pull", "doctor", "notify",
    ] {
        assert!(help.contains(command), "{help}");
    }
    assert!(help.contains("78  invalid configuration"), "{help}");
    let widest = help.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{help}");
}

#[test]
fn every_command_has_help_with_an_example() {
    let room = Room::new();
    for command in [
        "demo",
        "emulator",
        "serve",
        "train",
        "trace",
        "status",
        "explain",
        "replay",
        "backtest",
        "forecast",
        "run",
        "pull",
        "doctor",
        "notify",
        "completions",
        "report",
    ] {
        let help = room.done(&[command, "--help"]);
        assert!(help.contains("Example"), "{help}");
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{help}");
        assert!(help.contains(&format!("foretide {command}")), "{help}");
    }
    assert!(room.done(&["--version"]).starts_with("foretide 0."));
}

/// The commands, as the help lists them.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.split_once("Commands:\n").unwrap().1;
    let listed = listed.lines().take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty()).then_some(name)
    });
    names.collect()
}

#[test]
fn every_command_has_a_manual_page() {
    let room = Room::new();
    let help = room.done(&["--help"]);
    assert_eq!(room.done(&["man", "--out", "man"]), "manual pages in man\n");
    for command in commands(&help).into_iter().filter(|it| *it != "help") {
        let page = room.read(&format!("man/foretide-{command}.1"));
        assert!(
            page.contains(".TH") && page.contains("SYNOPSIS"),
            "{command}"
        );
    }
    assert!(room.path("man/foretide-config-check.1").exists());
    assert!(room.read("man/foretide.1").contains("SUBCOMMANDS"));
}

#[test]
fn every_shell_completes_every_command() {
    let room = Room::new();
    let help = room.done(&["--help"]);
    let commands = commands(&help);
    assert!(
        commands.len() > 15 && commands.contains(&"completions"),
        "{commands:?}"
    );
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = room.done(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
        for flag in ["prove-write", "set", "config"] {
            assert!(script.contains(flag), "{shell} does not know --{flag}");
        }
    }
    room.fails(&["completions", "csh"], 64, &["csh", "bash"]);
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let room = Room::new();
    room.fails(&["dmeo"], 64, &["dmeo", "demo"]);
    for command in ["demo", "report", "pull", "backtest", "forecast"] {
        let args = [command, "--days", "many"];
        room.fails(&args, 64, &["--days", "such as 14 or 14d"]);
    }
    room.fails(&["demo", "--policy", "classifer"], 64, &["classifier"]);
    room.fails(&["demo", "--speed", "0"], 64, &["--speed"]);
    room.fails(&["trace"], 64, &["FILE"]);
    room.fails(&["demo", "--set", "mode"], 64, &["expected KEY=VALUE"]);
    let (code, ..) = room.run(&[]);
    assert_eq!(code, 64);
}

/// As in `foretide config default | head -1`.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let room = Room::new();
    let mut child = room
        .process()
        .args(["demo", "--days", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut error = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut error)
        .unwrap();
    assert_eq!((status.code(), error.as_str()), (Some(0), ""));
}

#[test]
fn nothing_is_coloured_where_nobody_sees_it() {
    let room = Room::new();
    for args in [
        vec!["--help"],
        vec!["nothing"],
        vec!["config", "check", "missing"],
    ] {
        let (_, out, error) = room.run(&args);
        assert!(
            !out.contains('\u{1b}') && !error.contains('\u{1b}'),
            "{out}{error}"
        );
    }
}
