//! The live view, on a terminal that a Python script provides.

use std::path::Path;

use assert_cmd::cargo::cargo_bin;

use crate::Room;

/// What the terminal is told when a view ends: show the cursor, leave the alternate screen.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?25h", "\u{1b}[?1049l"];

/// Runs the demo with `args` on a terminal; for each of `steps` types its keys once its text is
/// shown: exit code and all that was shown.
fn watch(
    room: &Room,
    size: [&str; 2],
    steps: &[[&str; 2]],
    args: &[&str],
) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/terminal.py");
    let mut python = std::process::Command::new("python3");
    let output = python
        .current_dir(room.folder.path())
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .arg(script)
        .args(size)
        .arg(steps.len().to_string())
        .args(steps.concat())
        .arg(cargo_bin!("foretide"))
        .args(["demo", "--records", "r", "--speed", "7200"])
        .args(args)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), shown)
}

#[test]
fn the_view_shows_load_capacity_and_why_and_ends_by_a_key() {
    let room = Room::new();
    let (code, shown) = watch(&room, ["80", "24"], &[["CPU", "q"]], &[]);
    assert_eq!(code, Some(0), "{shown}");
    for part in [
        "foretide demo - A simulated group of web servers that take 3 min to boot",
        "target tracking is simulated",
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
    let (code, shown) = watch(&room, ["80", "24"], &[["CPU", r"\x03"]], &[]);
    assert_eq!(code, Some(130), "{shown}");
    for sequence in GIVEN_BACK {
        assert!(shown.contains(sequence), "{shown:?}");
    }
    assert!(room.read("r/records.jsonl").ends_with('\n'));
}

#[test]
fn to_the_end_by_a_key_on_a_narrow_terminal() {
    let room = Room::new();
    let (code, shown) = watch(&room, ["40", "24"], &[["CPU", "e"]], &["--exit"]);
    assert_eq!(code, Some(0), "{shown}");
    let (_, figures) = shown.rsplit_once(GIVEN_BACK[1]).unwrap();
    assert!(figures.contains("violations"), "{figures:?}");
    for line in figures.lines() {
        assert!(line.trim_end().chars().count() <= 40, "{line:?}");
    }
}

#[test]
fn the_page_stays_at_the_end_until_ctrl_c() {
    let room = Room::new();
    let listen = ["--days", "1", "--listen", "127.0.0.1:0"];
    let steps = [["CPU", "e"], ["Ctrl-C ends", "GET"], ["HTTP 200", r"\x03"]];
    let (code, shown) = watch(&room, ["80", "24"], &steps, &listen);
    assert_eq!(code, Some(0), "{shown}");
    let (_, end) = shown.rsplit_once("the demo keeps no store").unwrap();
    let page = end
        .trim_start()
        .strip_prefix("page stays at http://127.0.0.1:");
    assert!(
        page.is_some_and(|rest| rest.contains("; Ctrl-C ends")),
        "{end:?}"
    );
    assert!(end.contains("HTTP 200"), "{end:?}");
}

#[test]
fn exit_ends_a_demo_with_a_page_at_its_end() {
    let room = Room::new();
    let args = ["--days", "1", "--listen", "127.0.0.1:0", "--exit"];
    let (code, shown) = watch(&room, ["80", "24"], &[["CPU", "e"]], &args);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("hindsight optimum"), "{shown}");
    assert!(!shown.contains("page stays"), "{shown}");
}

#[test]
fn without_a_page_a_demo_ends_on_a_terminal_too() {
    let room = Room::new();
    let args = ["--days", "1", "--no-page"];
    let (code, shown) = watch(&room, ["80", "24"], &[["CPU", "e"]], &args);
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("page stays"), "{shown}");
}
