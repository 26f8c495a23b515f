//! `foretide emulator`: the wire as any client sees it, what the AWS CLI exports, and its end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::serve::Service;
use crate::{Room, trace_of_two_days};

const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=any\r\n";

fn start(room: &Room, args: &[&str]) -> Service {
    Service::start_as("emulator", room, args)
}

fn call(service: &Service, action: &str) -> String {
    let body = format!("Version=2011-01-01&Action={action}");
    service.ask("POST", "/", SIGNED, &body)
}

/// CPU of group `web` by minutes in the hour before the emulator started, newest first.
fn cpu(service: &Service) -> Vec<f64> {
    let query = r#"{"Id": "cpu", "MetricStat": {"Metric": {"Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "web"}]},
        "Period": 60, "Stat": "Average"}}"#;
    let body = format!(
        "{{\"MetricDataQueries\": [{query}], \"StartTime\": 1600000000, \"EndTime\": 4100000000}}"
    );
    let target = "X-Amz-Target: GraniteServiceVersion20100801.GetMetricData\r\n";
    let answer = service.ask("POST", "/", &format!("{SIGNED}{target}"), &body);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let values = body["MetricDataResults"][0]["Values"].as_array().unwrap();
    values.iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn the_built_in_group_is_scaled_within_its_bounds_and_sigterm_ends_it() {
    let service = start(&Room::new(), &[]);
    let groups = call(&service, "DescribeAutoScalingGroups");
    assert!(groups.contains("<DesiredCapacity>4<"), "{groups}");
    let set = "SetDesiredCapacity&AutoScalingGroupName=web&DesiredCapacity";
    let refused = call(&service, &format!("{set}=99"));
    assert!(refused.contains("<Code>ValidationError<"), "{refused}");
    assert!(call(&service, &format!("{set}=6")).starts_with("HTTP/1.1 200"));
    let groups = call(&service, "DescribeAutoScalingGroups");
    assert!(groups.contains("<DesiredCapacity>6<"), "{groups}");
    let address = service.address.clone();
    let (code, out) = service.end("TERM");
    assert_eq!(code, Some(0));
    assert!(out.contains(&format!("export AWS_ENDPOINT_URL=http://{address}")));
    assert!(
        out.contains("groups      web\n") && out.ends_with("stopped\n"),
        "{out}"
    );
}

#[test]
fn fifteen_days_of_history_are_there_from_the_start() {
    let service = start(&Room::new(), &[]);
    let cpu = cpu(&service);
    // The newest minute is not visible yet, the oldest is that of a period of five; what the wave
    // asks for is served by four instances.
    let minutes = 15 * 1440;
    assert!(
        (minutes - 2..minutes + 5).contains(&cpu.len()),
        "{}",
        cpu.len()
    );
    assert!(cpu.iter().all(|cpu| (24.9..=75.1).contains(cpu)));
    service.end("TERM");
}

#[test]
fn a_call_that_hangs_does_not_keep_it_from_ending() {
    let room = Room::new();
    room.write(
        "local.toml",
        "[[groups]]\nname = 'web'\n[[faults]]\nkind = 'hang'\n",
    );
    let service = start(&room, &["--scenario", "local.toml"]);
    let mut hanging = TcpStream::connect(&service.address).unwrap();
    write!(
        hanging,
        "POST / HTTP/1.1\r\nHost: a\r\n{SIGNED}Content-Length: 0\r\n\r\n"
    )
    .unwrap();
    let (code, out) = service.end("INT");
    assert_eq!(code, Some(130), "{out}");
    let mut rest = Vec::new();
    assert_eq!(hanging.read_to_end(&mut rest).unwrap_or_default(), 0);
}

#[test]
fn a_trace_is_played_on_a_group_that_can_carry_it() {
    let room = Room::new();
    room.write("load.csv", trace_of_two_days());
    let args = ["--trace", "load.csv", "--unit", "100", "--history", "2d"];
    let service = start(&room, &args);
    let played = cpu(&service);
    // At most 900 of 100 a unit: twelve instances are at 75 % then.
    let most = played.iter().copied().fold(0.0, f64::max);
    assert!((74.0..=75.1).contains(&most), "{most}");
    assert!(call(&service, "DescribeAutoScalingGroups").contains("<DesiredCapacity>12<"));
    service.end("TERM");

    let fast = start(&room, &[&args[..], &["--speed", "2880"]].concat());
    let played = cpu(&fast);
    let mean = played.iter().sum::<f64>() / played.len() as f64;
    let odd = played
        .iter()
        .filter(|cpu| (**cpu - mean).abs() > 1.0)
        .count();
    assert_eq!(
        odd, 0,
        "a minute is two days, so every minute is the mean of both"
    );
    fast.end("TERM");
}

#[test]
fn what_cannot_be_emulated_is_refused_with_its_reason() {
    let room = Room::new();
    room.fails(
        &["emulator", "--listen", "0.0.0.0:0"],
        64,
        &["not a loopback address", "hint:"],
    );
    let taken = start(&room, &[]);
    room.fails(
        &["emulator", "--listen", &taken.address],
        69,
        &["cannot listen on", "127.0.0.1:0 takes a free port"],
    );
    taken.end("TERM");
    room.fails(
        &["emulator", "--max", "3", "--desired", "9"],
        64,
        &["desired is outside"],
    );
    room.fails(
        &["emulator", "--period", "90s"],
        64,
        &["neither 60 nor 300"],
    );
    room.fails(
        &["emulator", "--boot", "1500ms"],
        64,
        &["--boot: expected whole seconds"],
    );
    room.fails(
        &["emulator", "--scenario", "none"],
        66,
        &["cannot read none"],
    );
    room.fails(
        &["emulator", "--scenario", "/dev/zero"],
        66,
        &["it is a device"],
    );
    room.fails(&["emulator", "--speed", "0"], 64, &["speed"]);
    room.write("typo.toml", "[[groups]]\nname = 'web'\nmaxx = 3\n");
    room.fails(
        &["emulator", "--scenario", "typo.toml"],
        65,
        &["typo.toml is no scenario", "line 3", "maxx", "hint:"],
    );
    room.write(
        "two.toml",
        "[[groups]]\nname = 'a'\n[[groups]]\nname = 'b'\n",
    );
    let two = ["emulator", "--scenario", "two.toml", "--max", "3"];
    room.fails(&two, 64, &["--group NAME, one of: a, b"]);
    let other = [&two[..], &["--group", "c"]].concat();
    room.fails(
        &other,
        64,
        &["no group `c`", "groups of the scenario: a, b"],
    );
}

/// The AWS CLI, as `foretide-emulator`'s tests have it: see its `tests/wire/cli.rs`.
fn aws_cli() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let env = std::env::var_os("TEST_PYTHON_ENV").map_or_else(default, PathBuf::from);
    let cli = env.join("bin/aws");
    let found = cli.exists();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "no AWS CLI in {}",
        env.display()
    );
    found.then_some(cli)
}

#[test]
fn what_the_aws_cli_exports_is_a_trace() {
    let Some(cli) = aws_cli() else {
        println!("not run: no AWS CLI");
        return;
    };
    let room = Room::new();
    let service = start(&room, &["--history", "1d"]);
    let aws = |command: &str, output: &str| {
        let run = std::process::Command::new(&cli)
            .args(command.split_whitespace())
            .args(["--output", output])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_ENDPOINT_URL", format!("http://{}", service.address))
            .env("AWS_ACCESS_KEY_ID", "emulator")
            .env("AWS_SECRET_ACCESS_KEY", "emulator")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        run.stdout
    };
    let span = "--start-time 2020-01-01T00:00:00Z --end-time 2099-01-01T00:00:00Z";
    let statistics = format!(
        "cloudwatch get-metric-statistics --namespace AWS/EC2 --metric-name CPUUtilization \
         --dimensions Name=AutoScalingGroupName,Value=web --period 300 --statistics Average {span}"
    );
    let queries = r#"[{"Id":"cpu","MetricStat":{"Metric":{"Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":"AutoScalingGroupName","Value":"web"}]},"Period":300,"Stat":"Average"}}]"#;
    let data = format!("cloudwatch get-metric-data --metric-data-queries {queries} {span}");
    for (command, output) in [
        (&statistics, "json"),
        (&statistics, "text"),
        (&data, "json"),
        (&data, "text"),
    ] {
        room.write("export", aws(command, output));
        let told = room.done(&["trace", "export"]);
        assert!(
            told.contains("step        300 s"),
            "{output} of {command}: {told}"
        );
        assert!(
            told.contains("gaps        none"),
            "{output} of {command}: {told}"
        );
        assert!(told.contains("mean 50."), "{output} of {command}: {told}");
    }
    service.end("TERM");
}
