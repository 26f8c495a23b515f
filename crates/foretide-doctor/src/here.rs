//! Checks of this machine: clock, store, port, and rate of calls.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use foretide_config::{Config, RunSettings};
use foretide_files as file;
use foretide_files::{EXPOSED_WHY, Exposed};
use foretide_store::Reader;
use foretide_terminal::Failure;
use foretide_terminal::shell::Command;

use crate::finding::Finding;

/// Default quota of `GetMetricData` calls a second, for each account and region, as AWS documents
/// it.
const GET_METRIC_DATA_PER_SECOND: u32 = 50;

/// Checks store, ports, files that `foretide run` opens, and notifications.
pub fn check(config: &Config) -> Vec<Finding> {
    let mut found = vec![store(config), page(config), port(config)];
    found.extend(files(config));
    found.push(notify(config));
    found
}

/// Largest tolerated error of the clock: beyond it, periods count as closed too early or too late.
const SKEW_WARNED_S: f64 = 15.0;
/// Error of the clock from which AWS refuses signatures: five minutes.
const SKEW_REFUSED_S: f64 = 300.0;

/// Compares the clock with AWS's clock in its answers.
pub(crate) fn clock(ahead_s: Option<f64>) -> Finding {
    const CHECK: &str = "clock";
    const FIX: &str = "timedatectl set-ntp true";
    let Some(ahead_s) = ahead_s else {
        let why = "a clock that is off shifts the age of all data";
        return Finding::note(CHECK, "not checked: no answer of AWS had a time", why)
            .fix("timedatectl status");
    };
    let way = if ahead_s < 0.0 { "behind" } else { "ahead of" };
    let off_s = ahead_s.abs();
    let what = format!("{off_s:.0} s {way} AWS");
    if off_s >= SKEW_REFUSED_S {
        let why = "AWS refuses requests of a clock that is five minutes off";
        Finding::fault(CHECK, what, why).fix(FIX)
    } else if off_s > SKEW_WARNED_S {
        let why = "the age of data is wrong by as much, and with it which periods are closed";
        Finding::warning(CHECK, what, why).fix(FIX)
    } else {
        Finding::fine(CHECK, "within seconds of AWS's")
    }
}

/// Most groups of one `DescribeAutoScalingGroups` call, and most queries of one `GetMetricData`
/// call.
const NAMES_A_CALL: usize = 100;
const QUERIES_A_CALL: usize = 500;
/// Queries of a group: CPU twice, network in and out.
const QUERIES_A_GROUP: usize = 4;
/// Time between two readings of slow facts, which take one call for each group.
const FACTS_EVERY_S: f64 = 300.0;
const PERIOD_S: f64 = 60.0;

/// Checks the calls of all groups that share a connection, while nothing is launching.
pub fn fleet(groups: usize, interval: Duration, allowed_per_second: u32) -> Finding {
    const CHECK: &str = "quotas";
    let looks = groups.div_ceil(NAMES_A_CALL) as f64 / interval.as_secs_f64();
    let metrics = (groups * QUERIES_A_GROUP).div_ceil(QUERIES_A_CALL) as f64 / PERIOD_S;
    let facts = (groups + 2) as f64 / FACTS_EVERY_S;
    let wanted = looks + metrics + facts;
    let what = format!(
        "all {groups} groups together, in shared calls: {wanted:.1} calls a second, \
         {allowed_per_second} allowed"
    );
    if wanted > f64::from(allowed_per_second) {
        let why = "cycles that wait for the rate limit are late";
        Finding::warning(CHECK, what, why).fix("a longer interval, or aws.calls_per_second")
    } else {
        Finding::fine(CHECK, what)
    }
}

/// Checks whether notifications are configured. Only `foretide notify test` sends a message.
fn notify(config: &Config) -> Finding {
    const CHECK: &str = "notify";
    let notify = &config.notify;
    let told = match (&notify.url, &notify.url_file) {
        (Some(url), _) => url.origin(),
        (None, Some(file)) => format!("the address in {}", file.display()),
        (None, None) => {
            let why = "alarms are then visible only on the page and in the log";
            return Finding::note(CHECK, "no webhook is configured: nobody is notified", why)
                .fix("notify.url in foretide.toml, then foretide notify test");
        }
    };
    let what = format!("{told} gets messages for: {}; not tested", notify.topics());
    Finding::fine(CHECK, what).fix("foretide notify test")
}

fn store(config: &Config) -> Finding {
    const CHECK: &str = "store";
    let path = config.run.store();
    let why = "`foretide run` does not start without its store";
    let elsewhere = "foretide run --output DIR uses another folder";
    if path.exists() {
        return match Reader::open(&path) {
            Ok(reader) => readable(CHECK, &path, &reader),
            Err(error) => Finding::fault(CHECK, error.to_string(), why).fix(elsewhere),
        };
    }
    let folders = config.run.output.ancestors();
    let there = folders.map(|it| {
        if it.as_os_str().is_empty() {
            Path::new(".")
        } else {
            it
        }
    });
    let there = there.into_iter().find(|folder| folder.exists());
    let probe = there.unwrap_or(Path::new(".")).join(".foretide-probe");
    match fs::write(&probe, b"probe").and_then(|()| fs::remove_file(&probe)) {
        Ok(()) => Finding::fine(CHECK, format!("{} can be made", path.display())),
        Err(error) => {
            let what = format!("{} cannot be made: {error}", path.display());
            Finding::fault(CHECK, what, why).fix(elsewhere)
        }
    }
}

/// Checks the checksum of every row of the store.
fn readable(check: &'static str, path: &Path, reader: &Reader) -> Finding {
    match reader.check() {
        Ok(damaged) if damaged.is_empty() => Finding::fine(
            check,
            format!("every row of {} can be read", path.display()),
        ),
        Ok(damaged) => {
            let what = format!("{} is damaged: {}", path.display(), damaged.join("; "));
            let why = "commands that read these rows fail, and history on the page ends there";
            Finding::fault(check, what, why).fix(
                "restore a copy of the store, or delete these rows while no `foretide run` is up",
            )
        }
        Err(error) => {
            let why = "the rows of the store cannot be checked";
            Finding::fault(check, error.to_string(), why)
        }
    }
}

/// Checks the page's port; a running `foretide run` uses the port.
fn page(config: &Config) -> Finding {
    const CHECK: &str = "page";
    const FIX: &str = "foretide run --listen 127.0.0.1:0, or --no-page";
    let asked = config.run.listen;
    let listen = asked.unwrap_or(RunSettings::LISTEN);
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine(
            CHECK,
            format!("{listen} is free for the page of `foretide run`"),
        ),
        Err(_) if is_locked(&config.run.store()) => {
            Finding::fine(CHECK, format!("{listen}: a `foretide run` is running"))
        }
        Err(error) if asked.is_some() => {
            let why = "`foretide run` does not start without its configured address";
            Finding::fault(CHECK, format!("{listen}: {error}"), why).fix(FIX)
        }
        Err(error) => {
            let why = "`foretide run` then runs without a page";
            Finding::note(CHECK, format!("{listen}: {error}"), why).fix(FIX)
        }
    }
}

/// Whether a process writes to the store: it holds the lock file beside the store.
fn is_locked(store: &Path) -> bool {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    let mut options = fs::OpenOptions::new();
    let opened = options.read(true).custom_flags(file::NEVER_WAIT).open(name);
    let taken = opened.map(|file| file.try_lock_shared());
    matches!(taken, Ok(Err(fs::TryLockError::WouldBlock)))
}

/// Checks the model and token files, without which `foretide run` does not start. The built-in
/// model is no file.
fn files(config: &Config) -> Vec<Finding> {
    let why = "`foretide run` does not begin without it";
    let found = |check, path: &Path, opened: Result<(), Failure>| match opened {
        Ok(()) => Finding::fine(check, format!("{} can be used", path.display())),
        Err(failure) => Finding::fault(check, failure.in_one_line(), why).fix(
            failure
                .hint
                .unwrap_or_else(|| Command::of("chmod u+r").path(path).to_string()),
        ),
    };
    let groups = config.groups.values();
    let tokens = groups.filter_map(|group| group.live.predictor_token_file.as_deref());
    let tokens: BTreeSet<&Path> = config
        .run
        .token_file
        .as_deref()
        .into_iter()
        .chain(tokens)
        .collect();
    let model = config.model.as_deref();
    let model = model.map(|path| found("model", path, foretide_files::model(Some(path)).map(drop)));
    let tokens = tokens.into_iter().map(|path| {
        match (foretide_files::token(path), foretide_files::exposed(path)) {
            (Ok(_), Some(Exposed { what, fix })) => {
                Finding::warning("token", what, EXPOSED_WHY).fix(fix)
            }
            (opened, _) => found("token", path, opened.map(drop)),
        }
    });
    model.into_iter().chain(tokens).collect()
}

fn port(config: &Config) -> Finding {
    const CHECK: &str = "port";
    let listen = config.serve.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine(CHECK, format!("{listen} is free for `foretide serve`")),
        Err(error) => {
            let why = "only `foretide serve` wants it; it may be the one that has it";
            Finding::note(CHECK, format!("{listen}: {error}"), why)
                .fix("foretide serve --listen 127.0.0.1:0")
        }
    }
}

/// Compares the rate of calls (`calls` of one cycle, each `interval`) with the limit.
pub(crate) fn pace(calls: u64, interval: Duration, allowed_per_second: u32) -> Finding {
    const CHECK: &str = "quotas";
    let wanted = calls as f64 / interval.as_secs_f64();
    let what = format!(
        "this group alone: at most {wanted:.1} calls a second, {allowed_per_second} allowed"
    );
    if wanted > f64::from(allowed_per_second) {
        let why = "cycles that wait for the rate limit are late";
        Finding::warning(CHECK, what, why).fix("a longer interval, or aws.calls_per_second")
    } else if allowed_per_second > GET_METRIC_DATA_PER_SECOND {
        let why = "GetMetricData allows 50 a second, shared by the whole account";
        Finding::warning(CHECK, what, why).fix("aws.calls_per_second = 10")
    } else {
        Finding::fine(CHECK, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    #[test]
    fn a_clock_that_is_off_is_told_and_one_that_is_refused_is_a_fault() {
        let severity = |ahead_s| clock(ahead_s).severity;
        assert_eq!(severity(None), Severity::Note);
        assert_eq!(severity(Some(-1.4)), Severity::Fine);
        assert_eq!(severity(Some(16.0)), Severity::Warning);
        assert_eq!(severity(Some(-301.0)), Severity::Fault);
        assert_eq!(clock(Some(-20.0)).what, "20 s behind AWS");
    }

    #[test]
    fn a_fleet_is_held_against_the_limit_as_a_whole() {
        let ten = Duration::from_secs(10);
        assert_eq!(fleet(1000, ten, 10).severity, Severity::Fine);
        assert_eq!(fleet(4000, ten, 10).severity, Severity::Warning);
    }

    #[test]
    fn the_pace_is_held_against_the_limit_and_the_quota() {
        let ten = Duration::from_secs(10);
        assert_eq!(pace(100, ten, 10).severity, Severity::Fine);
        assert_eq!(pace(101, ten, 10).severity, Severity::Warning);
        assert_eq!(pace(1, ten, 51).severity, Severity::Warning);
    }
}
