//! Groups that are found by their tag come and go without a restart, and `foretide discover` lists
//! them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use foretide_emulator::GroupSpec;

use crate::Room;

use super::rig::{Aws, Running, SECRETS, busy};

fn tagged(name: &str, tags: &[(&str, &str)]) -> GroupSpec {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    GroupSpec {
        tags: tags.iter().map(owned).collect::<BTreeMap<_, _>>(),
        ..busy(name)
    }
}

/// Sends one form to the emulator, as a script does.
fn ask(aws: &Aws, form: &str) {
    let host = aws.endpoint.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let scope = "AKID/20260101/eu-west-1/autoscaling/aws4_request";
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\nAuthorization: \
         AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn tag(aws: &Aws, action: &str, group: &str, key: &str) {
    let fields = [
        ("ResourceId", group),
        ("ResourceType", "auto-scaling-group"),
        ("Key", key),
    ];
    let fields = fields.map(|(name, value)| format!("&Tags.member.1.{name}={value}"));
    let fields = fields.concat();
    ask(aws, &format!("Action={action}&Version=2011-01-01{fields}"));
}

/// Quick enough for a test; a search every ten seconds, and at each reload.
const FILE: &str = "[discover]\nenabled = true\nevery = \"10s\"\n[defaults]\ninterval = \
                    \"1s\"\nmode = \"enforce\"\npolicy = \"classifier\"\nmetric_delay = \"0s\"\n";

#[test]
fn groups_come_and_go_by_their_tag_and_a_wrong_tag_harms_only_its_group() {
    let aws = Aws::of(vec![
        tagged(
            "web",
            &[("foretide", ""), ("foretide:policy", "target-tracking")],
        ),
        tagged("odd", &[("foretide", ""), ("foretide:polcy", "forecast")]),
        tagged("api", &[]),
    ]);
    let room = Room::new();
    room.write("foretide.toml", FILE);
    let mut run = Running::start(&room, &aws, &[]);
    run.until_all(&[
        "eu-west-1/web: observe, policy target-tracking",
        "groups with tag foretide are searched for every 10 s",
        "group odd is left alone, because its tags cannot be used: unknown key `group.odd.polcy`",
        "eu-west-1/web: Scale out 2 → 4",
    ]);
    tag(&aws, "CreateOrUpdateTags", "api", "foretide");
    run.signal("HUP");
    run.until("configuration taken anew: 1 added");
    run.until("eu-west-1/api: PREDICTION");
    tag(&aws, "DeleteTags", "web", "foretide");
    // Without a signal: the search itself finds it.
    run.until(", 1 removed");
    let (status, said) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(aws.calls("SetDesiredCapacity"), 0, "found groups observe");
}

#[test]
fn a_search_that_fails_lets_no_group_go_and_none_at_the_start_is_an_error() {
    let aws = Aws::of(vec![tagged("web", &[("foretide", "")])]);
    let room = Room::new();
    room.write("foretide.toml", FILE);
    let mut away = room.process();
    away.args(["run", "--no-page", "--set", "aws.call_deadline=2s"])
        .args(["--set", "aws.attempt_timeout=1s"])
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_REGION", "eu-west-1")
        .envs(SECRETS);
    let output = away.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(69), "{error}");
    assert!(
        error.contains("no group to manage: eu-west-1 could not be searched"),
        "{error}"
    );
    assert!(error.contains("hint: "), "{error}");

    let mut run = Running::start(&room, &aws, &[]);
    run.until("eu-west-1/web: PREDICTION");
    room.write("foretide.toml", format!("{FILE}[discover]\n"));
    run.signal("HUP");
    run.until("configuration not taken, the old one goes on");
    run.until("eu-west-1/web: PREDICTION");
    run.stop("TERM");
}

/// What a command that succeeds prints.
fn said(room: &Room, aws: &Aws, args: &[&str]) -> String {
    let mut command = room.command();
    command
        .args(args)
        .env("AWS_ENDPOINT_URL", &aws.endpoint)
        .env("AWS_REGION", "eu-west-1")
        .envs(SECRETS);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn init_writes_a_configuration_that_a_run_takes_and_replaces_none() {
    let days = GroupSpec {
        history_s: 2 * 86_400,
        ..busy("web")
    };
    let aws = Aws::of(vec![days, busy("api")]);
    let room = Room::new();
    let told = said(
        &room,
        &aws,
        &[
            "init",
            "--group",
            "web",
            "--backtest",
            "--price",
            "0.1 USD/h",
        ],
    );
    assert!(
        told.contains("wrote foretide.toml and foretide-iam.json"),
        "{told}"
    );
    assert!(told.contains("next: foretide doctor"), "{told}");
    let text = room.read("foretide.toml");
    for part in [
        "# Two weeks of history with forecast: ",
        "# Two weeks of history with target tracking at ",
        "# Policy forecast",
        "[group.\"web\"]",
        "price = \"0.1 USD/h\"",
        "mode = \"observe\"",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    room.done(&["config", "check"]);
    let policy: serde_json::Value = serde_json::from_str(&room.read("foretide-iam.json")).unwrap();
    assert!(policy["Statement"].is_array());
    let mut run = Running::start(&room, &aws, &[]);
    run.until("eu-west-1/web: Scale out 2");
    run.stop("TERM");

    room.fails(&["init"], 73, &["foretide.toml is there already", "hint: "]);
    let other = said(
        &room,
        &aws,
        &["init", "--out", "all/foretide.toml", "--no-backtest"],
    );
    assert!(other.contains("wrote all/foretide.toml"), "{other}");
    let text = room.read("all/foretide.toml");
    assert!(
        text.contains("[group.\"api\"]") && text.contains("[group.\"web\"]"),
        "{text}"
    );
}

#[test]
fn discover_lists_every_group_and_the_command_that_tags_one() {
    let aws = Aws::of(vec![
        tagged("web", &[("foretide", ""), ("foretide:mode", "enforce")]),
        tagged("api's", &[]),
        tagged("own", &[("foretide", "")]),
    ]);
    let room = Room::new();
    room.write("foretide.toml", "[group.own]\nmode = \"enforce\"\n");
    let text = said(&room, &aws, &["discover"]);
    for part in [
        "web  not looked after  desired 2, bounds 1..5",
        "its tag counts for `foretide run --discover`, or with discover.enabled = true: observe, policy forecast",
        "discover.max_mode allows observe",
        "tag foretide is copied to new instances: set PropagateAtLaunch=false",
        "own  enforce, policy forecast",
        "api's  not looked after",
        "groups: 3; looked after: 1",
        "aws autoscaling create-or-update-tags --region eu-west-1 --tags \"[{",
        "\\\"PropagateAtLaunch\\\":false",
        "\\\"ResourceId\\\":\\\"api's\\\"",
    ] {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&part), "{part:?} is not in:\n{text}");
    }
    let by = |args: &[&str], group: &str| {
        let rows = said(&room, &aws, args);
        let mut rows = rows
            .lines()
            .map(|line| -> serde_json::Value { serde_json::from_str(line).unwrap() });
        let row = rows.find(|row| row["group"] == group).unwrap();
        assert_eq!(row["region"], "eu-west-1");
        row["looked_after_by"].clone()
    };
    let listed = ["discover", "--json"];
    assert!(by(&listed, "web").is_null(), "a run does not search");
    assert_eq!(by(&listed, "own"), "table");
    assert!(by(&listed, "api's").is_null());
    let searching = ["discover", "--json", "--set", "discover.enabled=true"];
    assert_eq!(by(&searching, "web"), "tag");
    assert_eq!(by(&searching, "own"), "table", "the table has precedence");
}
