//! `foretide serve` over a real connection, and its end by signal.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use crate::Room;
use crate::contract::assert_kept;
use crate::crowd::{ask, assert_probed, assert_problem};

/// The original's request, as its documentation has it.
const BODY: &str =
    r#"{"features": [45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]}"#;

/// Sends a signal by the system's own command.
pub(crate) fn signal(child: &Child, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let status = kill
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status();
    assert!(status.unwrap().success());
}

/// A command that announces its address in its first line and serves until it is stopped.
pub(crate) struct Service {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    pub(crate) address: String,
}

impl Service {
    fn start(room: &Room, args: &[&str]) -> Self {
        Self::start_as("serve", room, args)
    }

    /// Starts `command` on a free port.
    pub(crate) fn start_as(name: &str, room: &Room, args: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", name, room, args)
    }

    /// Starts `serve` on a free port, with `env` in its environment.
    pub(crate) fn start_with(room: &Room, env: &[(&str, &str)]) -> Self {
        let mut command = room.process();
        command.envs(env.iter().copied());
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::of(command)
    }

    /// Starts `command` on `address`.
    pub(crate) fn start_on(address: &str, name: &str, room: &Room, args: &[&str]) -> Self {
        let mut command = room.process();
        command.args([name, "--listen", address]).args(args);
        Self::of(command)
    }

    fn of(mut command: std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        let address = address.split_whitespace().next().unwrap().to_owned();
        Self {
            child,
            out,
            address,
        }
    }

    /// One request as curl makes it; the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Connection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it by a signal: its exit code, and what it printed after its first line.
    pub(crate) fn end(mut self, name: &str) -> (Option<i32>, String) {
        signal(&self.child, name);
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

/// A test that fails leaves nothing behind.
impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_service_predicts_and_ends_by_sigterm() {
    let room = Room::new();
    let service = Service::start(&room, &[]);
    let answer = service.ask("POST", "/predict", "", BODY);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for field in [
        "\"prediction\"",
        "\"predicted_class\"",
        "\"confidence\"",
        "\"action\"",
    ] {
        assert!(answer.contains(field), "{field} is not in {answer}");
    }
    let wrong = service.ask("POST", "/predict", "", "{\"features\": [1]}");
    assert!(wrong.starts_with("HTTP/1.1 4"), "{wrong}");
    assert!(
        service
            .ask("GET", "/health", "", "")
            .starts_with("HTTP/1.1 200")
    );
    assert_eq!(service.end("TERM"), (Some(0), "stopped\n".to_owned()));
}

#[test]
fn ctrl_c_is_told_to_the_shell() {
    let service = Service::start(&Room::new(), &[]);
    assert_eq!(service.end("INT"), (Some(130), "stopped\n".to_owned()));
}

#[test]
fn with_a_token_file_callers_need_the_token() {
    let room = Room::new();
    room.write("token", "s3cret-s3cret-s3cret-s3cret\n");
    let service = Service::start(&room, &["--token-file", "token"]);
    assert!(
        service
            .ask("POST", "/predict", "", BODY)
            .starts_with("HTTP/1.1 401")
    );
    let header = "Authorization: Bearer s3cret-s3cret-s3cret-s3cret\r\n";
    assert!(
        service
            .ask("POST", "/predict", header, BODY)
            .starts_with("HTTP/1.1 200")
    );
    service.end("TERM");
}

#[test]
fn the_service_keeps_to_its_document() {
    let service = Service::start(&Room::new(), &[]);
    assert_kept(&service.address, &[]);
    assert_eq!(service.end("TERM"), (Some(0), "stopped\n".to_owned()));
}

#[test]
fn slow_clients_keep_no_prober_out() {
    let service = Service::start(&Room::new(), &[]);
    assert_probed(&service.address, "/predict");
    let answer = ask(&service.address, "GET /health", "", "");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn two_tokens_are_no_token() {
    let room = Room::new();
    room.write("token", "s3cret-s3cret-s3cret-s3cret\n");
    let service = Service::start(&room, &["--token-file", "token"]);
    let right = "Authorization: Bearer s3cret-s3cret-s3cret-s3cret\r\n";
    let wrong = "Authorization: Bearer wrong-wrong-wrong-wrong\r\n";
    for pair in [[right, wrong], [wrong, right], [right, right]] {
        let answer = ask(&service.address, "GET /model", &pair.concat(), "");
        assert_problem(&answer, 400);
    }
    let joined = format!("{}, Bearer x\r\n", right.trim_end());
    assert_problem(&ask(&service.address, "GET /model", &joined, ""), 401);
    let answer = ask(&service.address, "GET /model", right, "");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_token_that_others_may_write_is_warned_of() {
    let room = Room::new();
    let token = room.write("token", "s3cret-s3cret-s3cret-s3cret\n");
    for (mode, warned) in [(0o600, false), (0o644, false), (0o620, true), (0o602, true)] {
        std::fs::set_permissions(&token, Permissions::from_mode(mode)).unwrap();
        let mut command = room.process();
        command.args(["serve", "--listen", "127.0.0.1:0", "--token-file", "token"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert!(line.starts_with("listening on "), "{line}");
        signal(&child, "TERM");
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let is_warned = said.starts_with("warning: ") && said.contains("chmod go-w");
        assert_eq!(is_warned, warned, "{mode:o}: {said:?}");
        assert!(is_warned || said.is_empty(), "{said}");
    }
}

#[test]
fn a_service_that_must_not_start_says_why() {
    let room = Room::new();
    room.fails(
        &["serve", "--listen", "0.0.0.0:0"],
        78,
        &[
            "refusing to listen on 0.0.0.0:0 without a token",
            "hint: --token-file",
        ],
    );
    let taken = Service::start(&room, &[]);
    room.fails(
        &["serve", "--listen", &taken.address],
        69,
        &["already in use", "--listen"],
    );
    taken.end("TERM");
    room.write("empty", "");
    room.fails(
        &["serve", "--token-file", "empty"],
        78,
        &["empty holds no token"],
    );
    room.fails(
        &["serve", "--token-file", "none"],
        66,
        &["cannot read none"],
    );
    room.fails(
        &["serve", "--host", "http://a"],
        78,
        &["is not a host name", "flag --host"],
    );
}
