//! What a person meets who starts it wrongly, or twice.

use crate::Room;

use super::rig::{Aws, Running, busy, quick};

#[test]
fn nothing_to_look_after_and_nowhere_to_go_are_said_with_the_next_step() {
    let room = Room::new();
    room.fails(
        &["run"],
        78,
        &["no group to manage", "foretide run --group NAME"],
    );
    let mut command = room.command();
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.args(["run", "--group", "web"]);
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{error}");
    assert!(
        error.contains("no AWS region") && error.contains("hint: "),
        "{error}"
    );
    let mut command = room.command();
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1");
    command.args(["run", "--group", "web"]);
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{error}");
    assert!(
        error.contains("no credentials for AWS (eu-west-1)"),
        "{error}"
    );
}

#[test]
fn a_second_start_is_refused_with_the_holders_id() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "observe", "1s"));
    let mut first = Running::start(&room, &aws, &[]);
    first.until("PREDICTION");
    let id = first.child.id();
    let (status, said) = Running::start(&room, &aws, &[]).ended();
    assert_eq!(status.code(), Some(69), "{said}");
    assert!(said.contains(&format!("in use by process {id}")), "{said}");
    assert!(said.contains(&format!("`kill {id}`")), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (_, said) = Running::start(&room, &aws, &["--listen", &address]).ended();
    assert!(said.contains(&format!("in use by process {id}")), "{said}");
    let (status, said) =
        Running::start(&room, &aws, &["--output", "other", "--quiet"]).stop("TERM");
    assert!(matches!(status.code(), Some(0) | None), "{said}");
    first.stop("TERM");
}

#[test]
fn a_run_that_is_refused_leaves_nothing_behind() {
    let aws = Aws::of(vec![busy("web")]);
    for (settings, code) in [
        ("model = \"missing.json\"\n", 66),
        ("[run]\ntoken_file = \"missing\"\n", 66),
    ] {
        let room = Room::new();
        room.write("foretide.toml", format!("{settings}[group.web]\n"));
        let args = ["--listen", "127.0.0.1:0"];
        let (status, said) = Running::start(&room, &aws, &args).ended();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(!room.path("output").exists(), "{said}");
    }
}

#[test]
fn settings_of_the_process_take_a_restart_and_that_is_said() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let groups = quick("web", "observe", "1s");
    room.write("foretide.toml", &groups);
    let mut run = Running::start(&room, &aws, &[]);
    run.until("PREDICTION");
    room.write(
        "foretide.toml",
        format!("[run]\nlog_format = \"json\"\n{groups}"),
    );
    run.signal("HUP");
    run.until("`run.log_format` changed: takes a restart");
    run.stop("TERM");
}

#[test]
fn a_foreign_file_in_the_journals_place_is_left_as_it_is() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    std::fs::create_dir(room.path("output")).unwrap();
    room.write("output/foretide.db", "a letter");
    let (status, said) = Running::start(&room, &aws, &["--group", "web"]).ended();
    assert_eq!(status.code(), Some(65), "{said}");
    assert!(said.contains("is not a store of Foretide"), "{said}");
    assert_eq!(room.read("output/foretide.db"), "a letter");
}

/// As `foretide pull` ends: same words, hint and code.
#[test]
fn a_group_that_aws_does_not_have_ends_the_run_before_it_begins() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let (status, said) = Running::start(&room, &aws, &["--group", "nope"]).ended();
    assert_eq!(status.code(), Some(69), "{said}");
    let mut pull = room.command();
    pull.env("AWS_ENDPOINT_URL", &aws.endpoint)
        .env("AWS_REGION", "eu-west-1")
        .envs(super::rig::SECRETS)
        .args(["pull", "--group", "nope", "--days", "1", "--out", "x.csv"]);
    let pulled = pull.output().unwrap();
    assert_eq!(pulled.status.code(), Some(69));
    let pulled = String::from_utf8(pulled.stderr).unwrap();
    assert!(
        pulled.contains("nope") && pulled.contains("hint: is it in this region"),
        "{pulled}"
    );
    assert_eq!(said.trim(), pulled.trim());
    assert!(
        !room.path("output").exists(),
        "a run that is refused leaves nothing behind"
    );
}

#[test]
fn a_group_that_no_file_names_is_observed_by_the_defaults() {
    let aws = Aws::of(vec![busy("web")]);
    let room = Room::new();
    let args = [
        "--group",
        "web",
        "--set",
        "defaults.interval=1s",
        "--log-format",
        "json",
    ];
    let mut run = Running::start(&room, &aws, &args);
    run.until("eu-west-1/web: observe, policy ");
    let line = run.until("\"message\":\"started\"");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["group"], &line["level"]),
        (&"web".into(), &"INFO".into())
    );
    run.stop("TERM");
    assert!(room.read("output/ec2_monitor.log").starts_with('{'));
}
