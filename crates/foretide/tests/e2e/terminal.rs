//! The live view, on a terminal that a Python script provides.

use std::path::Path;

use assert_cmd::cargo::cargo_bin;

use crate::Room;

/// What the terminal is told when a view ends: show the cursor, leave the alternate screen.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?25h", "\u{1b}[?1049l"];

/// Runs the demo on a terminal, types `keys` once `awaited` is shown: exit code and all that was
/// shown.
fn watch(room: &Room, size: [&str; 2], awaited: &str, keys: &str) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/terminal.py");
    let mut python = std::process::Command::new("python3");
    let output = python
        .current_dir(room.folder.path())
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .arg(script)
        .args(size)
        .args([awaited, keys])
        .arg(cargo_bin!("foretide"))
        .args(["demo", "--records", "r", "--speed", "7200"])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), shown)
}

#[test]
fn the_view_shows_load_capacity_and_why_and_ends_by_a_key() {
    let room = Room::new();
    let (code, shown) = watch(&room, ["80", "24"], "fallback", "q");
    assert_eq!(code, Some(0), "{shown}");
    for part in [
        "foretide demo",
        "capacity",
        "in service",
        "CPU",
        "q quit",
        "no figures",
    ] {
        assert!(shown.contains(part), "{part:?} is not in {shown:?}");
    }
    for sequence in GIVEN_BACK {
        assert!(shown.contains(sequence), "{shown:?}");
    }
}

#[test]
fn ctrl_c_gives_the_terminal_back_and_is_told_to_the_shell() {
    let room = Room::new();
    let (code, shown) = watch(&room, ["80", "24"], "fallback", r"\x03");
    assert_eq!(code, Some(130), "{shown}");
    for sequence in GIVEN_BACK {
        assert!(shown.contains(sequence), "{shown:?}");
    }
    assert!(room.read("r/records.jsonl").ends_with('\n'));
}

#[test]
fn to_the_end_by_a_key_on_a_narrow_terminal() {
    let room = Room::new();
    let (code, shown) = watch(&room, ["40", "24"], "fallback", "e");
    assert_eq!(code, Some(0), "{shown}");
    let (_, figures) = shown.rsplit_once(GIVEN_BACK[1]).unwrap();
    assert!(figures.contains("violations"), "{figures:?}");
    for line in figures.lines() {
        assert!(line.trim_end().chars().count() <= 40, "{line:?}");
    }
}
