//! A local AWS in this process, and the built program run against it.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use foretide_domain::Timestamp;
use foretide_emulator::{Emulator, GroupSpec, Scenario, Server};

use crate::Room;

/// Credentials that must not show anywhere.
pub(super) const SECRETS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjEXAMPLETOKEN"),
];

/// Longest that a line is waited for: two periods of a minute and some. Only a test that fails
/// waits so long.
pub(super) const PATIENCE: Duration = Duration::from_secs(240);

/// The emulator, listening.
pub(crate) struct Aws {
    pub(super) emulator: Emulator,
    pub(crate) endpoint: String,
    _serving: tokio::runtime::Runtime,
}

impl Aws {
    pub(crate) fn of(groups: Vec<GroupSpec>) -> Self {
        let scenario = Scenario {
            groups,
            ..Scenario::default()
        };
        let serving = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let emulator = Emulator::new(&scenario, now).unwrap();
        let endpoint = serving.block_on(async {
            let server = Server::bind_any(emulator.clone()).await.unwrap();
            let endpoint = server.endpoint_url().unwrap();
            tokio::spawn(server.serve(std::future::pending()));
            endpoint
        });
        Self {
            emulator,
            endpoint,
            _serving: serving,
        }
    }

    /// How often `operation` was called.
    pub(super) fn calls(&self, operation: &str) -> u64 {
        self.emulator.calls().get(operation).copied().unwrap_or(0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program under test goes by the wall clock, and so must its AWS"
)]
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// A group of two at 90 % CPU, with half an hour behind it and instances that boot in a second.
pub(crate) fn busy(name: &str) -> GroupSpec {
    GroupSpec {
        name: name.into(),
        max: 5,
        desired: 2,
        demand: foretide_emulator::Demand::Constant(180.0),
        boot_s: 1,
        delay_s: 0,
        history_s: 1800,
        ..GroupSpec::default()
    }
}

/// The configuration of one group, with the original's times shortened.
pub(super) fn quick(name: &str, mode: &str, cooldown: &str) -> String {
    format!(
        "[group.{name}]\nmode = \"{mode}\"\npolicy = \"classifier\"\ninterval = \"1s\"\n\
         metric_delay = \"0s\"\nlead_time = \"1s\"\n\
         [group.{name}.classifier]\nstreak = 3\nstreak_datapoints = 1\n\
         cooldown_out = \"{cooldown}\"\ncooldown_in = \"{cooldown}\"\n"
    )
}

/// `foretide run`, and what it prints.
pub(super) struct Running {
    pub(super) child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Drop for Running {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Running {
    pub(super) fn start(room: &Room, aws: &Aws, args: &[&str]) -> Self {
        Self::start_at(room, &aws.endpoint, args)
    }

    /// Against the AWS at `endpoint`.
    pub(super) fn start_at(room: &Room, endpoint: &str, args: &[&str]) -> Self {
        Self::start_with(room, endpoint, args, &[])
    }

    /// With further variables in its environment.
    pub(super) fn start_with(
        room: &Room,
        endpoint: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Self {
        let mut command = room.process();
        command.arg("run").args(args);
        if !args.contains(&"--listen") {
            // Tests run side by side, and the page's own port is one.
            command.arg("--no-page");
        }
        command
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(SECRETS)
            .envs(env.iter().copied());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (put, lines) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        let out = BufReader::new(child.stdout.take().unwrap());
        let put_err = put.clone();
        thread::spawn(move || {
            err.lines()
                .map_while(Result::ok)
                .try_for_each(|it| put_err.send(it))
        });
        thread::spawn(move || {
            out.lines()
                .map_while(Result::ok)
                .try_for_each(|it| put.send(it))
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for a line that has `part`.
    #[track_caller]
    pub(super) fn until(&mut self, part: &str) -> String {
        self.until_first(&[part])
    }

    /// Waits for a line that has one of `parts`.
    #[track_caller]
    pub(super) fn until_first(&mut self, parts: &[&str]) -> String {
        let began = now();
        loop {
            // Other lines may come for ever.
            let left = PATIENCE.saturating_sub(now().since(began));
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if parts.iter().any(|part| line.contains(part)) {
                        return line;
                    }
                }
                Err(why) => self.missing(parts, why),
            }
        }
    }

    /// Waits until each of `parts` was in some line, in any order.
    #[track_caller]
    pub(super) fn until_all(&mut self, parts: &[&str]) {
        for part in parts {
            if !self.seen.iter().any(|line| line.contains(part)) {
                self.until(part);
            }
        }
    }

    #[track_caller]
    fn missing(&mut self, parts: &[&str], why: RecvTimeoutError) -> ! {
        panic!("no line has {parts:?} ({why}):\n{}", self.seen.join("\n"));
    }

    /// Everything printed, once it has ended.
    pub(super) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        let rest: Vec<String> = self.lines.iter().collect();
        self.seen.extend(rest);
        (status, self.seen.join("\n"))
    }

    /// Asks it to end by `signal`.
    pub(super) fn stop(self, signal: &str) -> (ExitStatus, String) {
        crate::serve::signal(&self.child, signal);
        self.ended()
    }

    pub(super) fn signal(&self, signal: &str) {
        crate::serve::signal(&self.child, signal);
    }
}
