//! Commands that are printed for a person to paste, with names from outside in them: pasted into a
//! shell, every name arrives whole, and nothing but the command runs.

use std::path::Path;

use foretide_emulator::{GroupSpec, PolicySpec, ScheduledActionSpec};

use crate::Room;
use crate::run::{Aws, busy};
use crate::serve::Service;

/// Whoever may create a policy chooses its name; so does a scenario that somebody sends.
const SCENARIO: &str = include_str!("cases/hostile_names.toml");

/// A shell with nothing but stand-ins for these programs, which print their arguments.
const STUBS: &str = "\
aws() { printf '%s\\037' aws \"$@\"; printf '\\036'; }
foretide() { printf '%s\\037' foretide \"$@\"; printf '\\036'; }
openssl() { printf '%s\\037' openssl \"$@\"; }
PATH=/nowhere
";

/// Pastes `lines` into a shell in `folder`; the commands that ran, each with its arguments.
#[track_caller]
fn paste(folder: &Path, lines: &str) -> Vec<Vec<String>> {
    let before = names(folder);
    let mut shell = std::process::Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("{STUBS}{lines}"))
        .current_dir(folder);
    let ran = shell.output().unwrap();
    let error = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(error, "", "{lines}");
    assert_eq!(names(folder), before, "{lines}");
    let printed = String::from_utf8(ran.stdout).unwrap();
    let commands = printed.split_terminator('\u{1e}');
    let words = commands.map(|command| {
        let words = command.split_terminator('\u{1f}');
        words.map(str::to_owned).collect()
    });
    words.collect()
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// What `doctor` says of the group `name`, on a terminal of 40 columns and as JSON.
fn doctor(room: &Room, endpoint: &str, args: &[&str]) -> (String, Vec<serde_json::Value>) {
    let run = |more: &[&str]| {
        let mut command = room.command();
        command
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "id")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("COLUMNS", "40");
        let output = command
            .arg("doctor")
            .args(args)
            .args(more)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        String::from_utf8(output.stdout).unwrap()
    };
    let json = run(&["--json"]);
    let findings = json.lines().map(|line| serde_json::from_str(line).unwrap());
    (run(&[]), findings.collect())
}

/// The lines to paste of what `doctor` said to a person.
fn mends(shown: &str) -> Vec<&str> {
    let lines = shown.lines().map(str::trim_start);
    let mends = lines.filter_map(|line| line.strip_prefix("fix: "));
    mends
        .filter(|fix| fix.starts_with("aws ") || fix.starts_with("foretide doctor --"))
        .collect()
}

fn words(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|&part| part.to_owned()).collect()
}

#[test]
fn hostile_names_arrive_whole_from_doctor_and_the_emulator() {
    let room = Room::new();
    room.write("hostile.toml", SCENARIO);
    let service = Service::start_as("emulator", &room, &["--scenario", "hostile.toml"]);
    let endpoint = format!("http://{}", service.address);
    let (shown, findings) = doctor(&room, &endpoint, &["--group", "web front"]);
    let group = ["--auto-scaling-group-name", "web front"];
    let delete_policy = [
        &["aws", "autoscaling", "delete-policy"][..],
        &group,
        &["--policy-name", "cpu & mem; echo PWNED #"],
    ];
    let delete_action = [
        &["aws", "autoscaling", "delete-scheduled-action"][..],
        &group,
        &["--scheduled-action-name", "night $(date)"],
    ];
    let prove = [
        "foretide",
        "doctor",
        "--group",
        "web front",
        "--prove-write",
    ];
    for expected in [&delete_policy.concat()[..], &delete_action.concat(), &prove] {
        let expected = words(expected);
        let pasted = paste(room.folder.path(), &mends(&shown).join("\n"));
        assert!(pasted.contains(&expected), "{pasted:?} of\n{shown}");
        let json = findings
            .iter()
            .filter_map(|finding| finding["fix"].as_str());
        let json: Vec<&str> = json
            .filter(|fix| mends(&format!("fix: {fix}")).len() == 1)
            .collect();
        let pasted = paste(room.folder.path(), &json.join("\n"));
        assert!(pasted.contains(&expected), "{pasted:?} of {json:?}");
    }

    let (_, printed) = service.end("TERM");
    let commands = printed.lines().filter_map(|line| line.strip_prefix("  "));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 4, "{printed}");
    let pasted = paste(room.folder.path(), &commands.join("\n"));
    let set = [
        &["aws", "autoscaling", "set-desired-capacity"][..],
        &group,
        &["--desired-capacity", "3"],
    ];
    assert_eq!(
        pasted,
        [
            words(&["aws", "autoscaling", "describe-auto-scaling-groups"]),
            words(&set.concat())
        ],
        "{printed}"
    );
}

/// What AWS allows in the name of a policy, and XML can carry.
#[test]
fn no_name_reaches_the_terminal_raw_or_the_shell_in_parts() {
    let names = [
        "it's \"quoted\" `touch PWNED`",
        "x'; touch PWNED; '",
        "two\nlines\ntouch PWNED",
        "tab\there",
        "\u{9b}31mred",
        "\u{202e}gnol",
        "--force",
        "!!",
        "$HOME",
        "*",
        "a\\",
        "日本",
    ];
    let policies = names.map(|name| PolicySpec {
        name: name.into(),
        kind: "TargetTrackingScaling".into(),
        enabled: true,
        acts: None,
    });
    let actions = names.map(|name| ScheduledActionSpec {
        name: name.into(),
        recurrence: "0 6 * * *".into(),
        at_s: None,
        min: Some(1),
        max: None,
        desired: None,
    });
    let aws = Aws::of(vec![GroupSpec {
        policies: policies.into(),
        scheduled_actions: actions.into(),
        suspended: vec!["Launch".into()],
        ..busy("-a,b=c web$(touch PWNED)")
    }]);
    let room = Room::new();
    let group = "--group=-a,b=c web$(touch PWNED)";
    let (shown, findings) = doctor(&room, &aws.endpoint, &[group]);
    let raw = shown.find(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}');
    assert_eq!(raw, None, "{shown:?}");
    let pasted = paste(room.folder.path(), &mends(&shown).join("\n"));
    for name in names {
        for option in ["--policy-name", "--scheduled-action-name"] {
            let apart = pasted
                .iter()
                .any(|words| words.windows(2).any(|pair| pair == [option, name]));
            let joined = format!("{option}={name}");
            let found = apart || pasted.iter().flatten().any(|word| *word == joined);
            assert!(found, "{option} {name:?} is not in {pasted:?}");
        }
        let or = findings
            .iter()
            .filter_map(|finding| finding["other_fix"].as_str());
        let mut read = or.filter_map(|or| toml::from_str::<toml::Table>(or).ok());
        assert!(
            read.any(|table| table["allow_policies"][0].as_str() == Some(name)),
            "{name:?} is in no setting"
        );
    }
    let of_group = "--auto-scaling-group-name=-a,b=c web$(touch PWNED)";
    let all = pasted.iter().filter(|words| words[0] == "aws");
    assert!(all.clone().count() > 2 * names.len(), "{pasted:?}");
    for words in all {
        assert!(words.iter().any(|word| word == of_group), "{words:?}");
    }
}

#[test]
fn paths_in_hints_arrive_whole() {
    let room = Room::new();
    std::fs::create_dir(room.path("my dir")).unwrap();
    room.write("my dir/token", "short");
    let (code, _, error) = room.run(&["serve", "--token-file", "my dir/token"]);
    assert_eq!(code, 78, "{error}");
    let hint = error
        .lines()
        .find_map(|line| line.strip_prefix("hint: "))
        .unwrap();
    assert!(paste(room.folder.path(), hint).is_empty());
    assert_eq!(
        room.read("my dir/token"),
        "openssl\u{1f}rand\u{1f}-hex\u{1f}32\u{1f}"
    );

    room.write("my dir/foretide.toml", "[group.web]\n");
    let aws = Aws::of(vec![busy("web")]);
    let args = ["--config", "my dir/foretide.toml"];
    let (shown, _) = doctor(&room, &aws.endpoint, &args);
    let mends: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains("--prove-write"))
        .collect();
    let line = mends[0].trim_start().strip_prefix("fix: ").unwrap();
    let again = [
        "foretide",
        "doctor",
        "--config",
        "my dir/foretide.toml",
        "--group",
        "web",
    ];
    let expected = [&again[..], &["--prove-write"]].concat();
    assert_eq!(paste(room.folder.path(), line), [words(&expected)]);
}
