//! `foretide config`, and the layers of settings as the program finds them.

use std::fs;
use std::path::Path;

use crate::Room;

#[test]
fn the_default_file_is_accepted_as_a_file() {
    let room = Room::new();
    let text = room.done(&["config", "default"]);
    room.write("foretide.toml", &text);
    let out = room.done(&["config", "check"]);
    assert_eq!(out, "ok: foretide.toml; 0 groups\n");
}

#[test]
fn a_wrong_file_is_told_with_line_and_key() {
    let room = Room::new();
    room.write(
        "a.toml",
        "[group.web]\nmode = \"enforce\"\nintervall = \"10s\"\n",
    );
    room.fails(
        &["config", "check", "a.toml"],
        78,
        &[
            "unknown key `group.web.intervall`",
            "--> a.toml:3:1",
            "did you mean `interval`?",
            "hint: ",
        ],
    );
    room.fails(
        &["config", "check", "b.toml"],
        66,
        &["cannot read b.toml", "because: "],
    );
    room.write("c.toml", [0xff, 0xfe, 0x00]);
    room.fails(&["config", "check", "c.toml"], 78, &["not UTF-8"]);
    room.write("d.toml", vec![b'#'; (1 << 20) + 1]);
    room.fails(&["config", "check", "d.toml"], 78, &["over 1 MiB"]);
    room.fails(&["config", "check", "/dev/zero"], 66, &["it is a device"]);
}

#[test]
fn every_command_with_settings_refuses_a_wrong_file() {
    let room = Room::new();
    room.write(
        "foretide.toml",
        "[demo]\ndays = 0\n[serve]\nlisten = \"nowhere\"\n",
    );
    for command in ["demo", "serve"] {
        room.fails(
            &[command],
            78,
            &["`demo.days` must be at least 1", "`serve.listen`"],
        );
    }
}

#[test]
fn the_file_is_found_by_flag_then_variable_then_here() {
    let room = Room::new();
    for name in ["flag", "variable", "foretide"] {
        room.write(&format!("{name}.toml"), format!("[group.{name}]\n"));
    }
    let with = |args: &[&str], variable: bool| {
        let mut command = room.command();
        command.args(["config", "check"]).args(args);
        if variable {
            command.env("FORETIDE_CONFIG", "variable.toml");
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(with(&[], false).contains("  foretide: observe, policy forecast"));
    assert!(with(&[], true).contains("  variable: "));
    assert!(with(&["--config", "flag.toml"], true).contains("  flag: "));
}

#[test]
fn variables_and_flags_lie_over_the_file() {
    let room = Room::new();
    room.write("foretide.toml", "[group.web]\nmode = \"enforce\"\n");
    let mut command = room.command();
    command.env("FORETIDE_GROUP__WEB__MODE", "scale-out-only");
    let output = command.args(["config", "check"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("web: scale-out-only"));
    let mut command = room.command();
    command.env("FORETIDE_GROUP__WEB__MODE", "scale-out-only");
    let set = ["config", "check", "--set", "group.web.mode=observe"];
    let output = command.args(set).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("web: observe"));
    let mut command = room.command();
    command.env("FORETIDE_SERVE__LISTN", "1");
    let output = command.args(["config", "check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("did you mean FORETIDE_SERVE__LISTEN?"),
        "{error}"
    );
}

#[test]
fn the_schema_is_json_and_knows_the_defaults() {
    let text = Room::new().done(&["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let interval = &schema["properties"]["defaults"]["properties"]["interval"];
    assert_eq!(interval["default"], "10s");
    assert_eq!(schema["properties"]["group"]["type"], "object");
}

/// The pages of commands and of exit codes in the book are what the program prints.
#[test]
fn the_pages_of_commands_and_exit_codes_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kept = |page: &str| fs::read_to_string(root.join("docs").join(page)).unwrap();
    let mut command = std::process::Command::new("python3");
    command
        .arg(root.join("scripts/commands"))
        .arg(env!("CARGO_BIN_EXE_foretide"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8(output.stdout).unwrap() == kept("commands.md"),
        "run: scripts/commands target/debug/foretide > docs/commands.md"
    );

    let help = Room::new().done(&["--help"]);
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let codes: Vec<&str> = codes
        .lines()
        .map_while(|line| line.split_whitespace().next())
        .collect();
    assert!(codes.len() >= 13, "{codes:?}");
    let page = kept("exit-codes.md");
    for code in codes {
        let row = format!("\n| {code} | ");
        assert!(page.contains(&row), "no row of {code}");
    }
}

/// The reference in the repository is what the program prints.
#[test]
fn the_reference_is_up_to_date() {
    let printed = Room::new().done(&["config", "reference"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        printed == kept,
        "run: cargo run -p foretide -- config reference > docs/configuration.md"
    );
}
