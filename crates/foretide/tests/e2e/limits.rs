//! No input is read without end: what is no regular file, what is too long, what answers for ever.
//! The list is `docs/limits.md`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::serve::Service;
use crate::{Room, trace_of_two_days};

/// Longer than any of these takes. A command that waits for a pipe waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);
const MIB: u64 = 1 << 20;
/// Exit codes: a file that makes no sense, and a configuration that makes none.
const DATA: i32 = 65;
const CONFIG: i32 = 78;

/// Every way to name a file, with `FILE` for its name: how long it may be, and the exit code where
/// it is longer.
const NAMED: [(&[&str], u64, i32); 15] = [
    (&["config", "check", "FILE"], MIB, CONFIG),
    (&["--config", "FILE", "config", "check"], MIB, CONFIG),
    (&["serve", "--token-file", "FILE"], MIB, CONFIG),
    (&["serve", "--set", "serve.token_file=FILE"], MIB, CONFIG),
    (
        &["notify", "test", "--set", "notify.url_file=FILE"],
        MIB,
        CONFIG,
    ),
    (&["emulator", "--scenario", "FILE"], MIB, DATA),
    (&["serve", "--model", "FILE"], 128 * MIB, DATA),
    (&["demo", "--model", "FILE"], 128 * MIB, DATA),
    (&["trace", "FILE"], 256 * MIB, DATA),
    (&["emulator", "--trace", "FILE"], 256 * MIB, DATA),
    (&["demo", "--trace", "FILE"], 256 * MIB, DATA),
    (&["backtest", "--trace", "FILE"], 256 * MIB, DATA),
    (&["forecast", "--trace", "FILE"], 256 * MIB, DATA),
    (&["train", "--trace", "FILE"], 256 * MIB, DATA),
    (&["train", "--csv", "FILE"], 1024 * MIB, DATA),
];

/// Runs `args` with `name` for `FILE`, and asserts that it ends so.
#[track_caller]
fn check(room: &Room, args: &[&str], name: &str, code: i32, says: &str) {
    let args: Vec<String> = args.iter().map(|arg| arg.replace("FILE", name)).collect();
    let mut command = room.command();
    command.env("AWS_REGION", "eu-west-1").timeout(PATIENCE);
    let output = command.args(&args).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {error}");
    assert!(
        error.contains(says),
        "{args:?}: {says:?} is not in:\n{error}"
    );
}

fn make_pipe(path: &Path) {
    let made = std::process::Command::new("mkfifo")
        .arg(path)
        .status()
        .unwrap();
    assert!(made.success());
}

#[test]
fn what_is_no_regular_file_is_refused_by_every_command() {
    let room = Room::new();
    make_pipe(&room.path("pipe"));
    fs::create_dir(room.path("folder")).unwrap();
    let _bound = UnixListener::bind(room.path("socket")).unwrap();
    for (args, ..) in NAMED {
        for (name, is) in [
            ("pipe", "it is a pipe"),
            ("/dev/zero", "it is a device"),
            ("folder", "it is a directory"),
            ("socket", "it is a socket"),
        ] {
            check(&room, args, name, 66, &format!("cannot read {name}: {is}"));
        }
        check(&room, args, "pipe", 66, "hint: write it to a file first");
        check(&room, args, "absent", 66, "cannot read absent");
    }
    make_pipe(&room.path("out.csv.partial"));
    let pull = ["pull", "--group", "web", "--out", "out.csv"];
    check(&room, &pull, "", 66, "out.csv.partial: it is a pipe");
}

#[test]
fn a_file_that_is_too_long_is_refused_by_every_command() {
    let room = Room::new();
    for (args, most, code) in NAMED {
        // A hole: what is too long is refused before anything of it is read.
        File::create(room.path("long"))
            .unwrap()
            .set_len(most + 1)
            .unwrap();
        check(
            &room,
            args,
            "long",
            code,
            &format!("over {} MiB", most / MIB),
        );
    }
    let partial = File::create(room.path("out.csv.partial")).unwrap();
    partial.set_len(256 * MIB + 1).unwrap();
    let pull = ["pull", "--group", "web", "--out", "out.csv"];
    check(&room, &pull, "", 65, "out.csv.partial is of another pull");
}

#[test]
fn standard_input_may_be_a_pipe_and_has_the_same_limits() {
    let room = Room::new();
    let given = |args: &[&str], text: String| {
        let mut command = room.command();
        let output = command
            .args(args)
            .write_stdin(text)
            .timeout(PATIENCE)
            .output();
        let output = output.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), error)
    };
    let (code, error) = given(&["trace", "/dev/stdin"], trace_of_two_days());
    assert_eq!(code, Some(0), "{error}");
    let long = "# comment\n".repeat(110_000);
    let (code, error) = given(&["config", "check", "/dev/stdin"], long);
    assert_eq!(code, Some(78), "{error}");
    assert!(error.contains("over 1 MiB"), "{error}");
    let (code, error) = given(&["train", "--csv", "/dev/stdin"], "9".repeat(1 << 20));
    assert_eq!(code, Some(65), "{error}");
    assert!(error.contains("a row of more than 65536 bytes"), "{error}");
}

/// A service that answers 200 and sends until the client hangs up: its address, what it sent.
fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let begun = stream.read(&mut [0; 4096]);
            let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
            // Ends with an error once the client has hung up.
            let mut on = begun.and_then(|_| stream.write_all(head)).is_ok();
            let block = vec![b' '; 64 * 1024];
            while on {
                on = stream.write_all(&block).is_ok();
                counted.fetch_add(block.len(), Ordering::SeqCst);
            }
        }
    });
    (address, sent)
}

/// From the endpoint of a container, and from STS.
#[test]
fn credentials_without_end_are_read_up_to_the_limit() {
    // Three attempts, and what the buffers of both sockets hold.
    const MOST: usize = (3 * (16 + 24)) << 20;
    let room = Room::new();
    room.write("foretide.toml", "[group.web]\n");
    let role = "defaults.role_arn=arn:aws:iam::123456789012:role/foretide";
    for from_sts in [false, true] {
        let (address, sent) = endless();
        let mut command = room.command();
        command
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .timeout(PATIENCE);
        if from_sts {
            command
                .env("AWS_ENDPOINT_URL", format!("http://{address}"))
                .env("AWS_ACCESS_KEY_ID", "id")
                .env("AWS_SECRET_ACCESS_KEY", "secret")
                .args(["--set", role]);
        } else {
            let url = format!("http://{address}/credentials");
            command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
        }
        let output = command.args(["doctor", "--json"]).output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{shown}");
        assert!(
            shown.contains("the provider of credentials sent an answer longer than 16 MiB"),
            "from STS: {from_sts}: {shown}"
        );
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent <= MOST, "{sent} bytes were sent");
    }
}

#[test]
fn a_request_that_is_too_long_for_the_emulator_is_refused() {
    let service = Service::start_as("emulator", &Room::new(), &[]);
    let action =
        "Action=DescribeAutoScalingGroups&Version=2011-01-01&AutoScalingGroupNames.member.1=";
    let signed = "Authorization: AWS4-HMAC-SHA256 Credential=any\r\n";
    let body = |length: usize| format!("{action}{}", "x".repeat(length - action.len()));
    let answer = service.ask("POST", "/", signed, &body(1 << 20));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = service.ask("POST", "/", signed, &body((1 << 20) + 1));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    service.end("TERM");
}

/// The list in the repository is what the program prints, and every test that it names is there.
#[test]
fn the_list_of_limits_is_up_to_date_and_names_tests_that_exist() {
    let printed = Room::new().done(&["config", "limits"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kept = fs::read_to_string(root.join("docs/limits.md")).unwrap_or_default();
    assert!(
        printed == kept,
        "run: cargo run -p foretide -- config limits > docs/limits.md"
    );
    let mut sources = String::new();
    gather(&root.join("crates"), &mut sources);
    let rows: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    let tests = rows
        .iter()
        .filter_map(|row| row.strip_suffix("` |")?.rsplit('`').next());
    let tests: Vec<&str> = tests.collect();
    assert_eq!(
        tests.len() + 4,
        rows.len(),
        "all but the heads of the tables name a test"
    );
    for test in tests {
        let named = format!("#[test]\n    fn {test}()");
        let is_there = [
            named.clone(),
            named.replace("\n    ", "\n"),
            format!("#[tokio::test]\nasync fn {test}()"),
            format!("#[tokio::test]\n    async fn {test}()"),
        ];
        assert!(
            is_there.iter().any(|it| sources.contains(it)),
            "there is no test {test}"
        );
    }
}

/// Adds every Rust source below `folder` to `text`.
fn gather(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, text);
        } else if path.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
