//! This machine: clock, store, port, and the pace of calls.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use foretide_store::Reader;

use crate::config::Config;

use super::finding::Finding;

/// Calls a second of `GetMetricData` that an account may make in a region, unless it was raised:
/// AWS's documented default.
const GET_METRIC_DATA_PER_SECOND: u32 = 50;

/// Clock, store, port and notifications.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let why = "AWS refuses requests of a clock that is five minutes off";
    let clock = Finding::note("clock", "its skew is not checked", why).mend("timedatectl status");
    vec![clock, store(config), port(config), notify(config)]
}

/// Whether anybody is told; a webhook is tried by a message alone, which only a person asks for.
fn notify(config: &Config) -> Finding {
    const CHECK: &str = "notify";
    let notify = &config.notify;
    let told = match (&notify.url, &notify.url_file) {
        (Some(url), _) => url.origin(),
        (None, Some(file)) => format!("the address in {}", file.display()),
        (None, None) => {
            let why = "what goes wrong is seen only by who looks at the page or the log";
            return Finding::note(CHECK, "nobody is told what happens", why)
                .mend("notify.url in foretide.toml, then foretide notify test");
        }
    };
    let what = format!("{told} is told: {}; not tried", notify.topics());
    Finding::fine(CHECK, what).mend("foretide notify test")
}

fn store(config: &Config) -> Finding {
    const CHECK: &str = "store";
    let path = config.run.store();
    let why = "without its journal `foretide run` does not begin";
    let elsewhere = "foretide run --output DIR keeps it elsewhere";
    if path.exists() {
        return match Reader::open(&path) {
            Ok(_) => Finding::fine(CHECK, format!("{} can be read", path.display())),
            Err(error) => Finding::fault(CHECK, error.to_string(), why).mend(elsewhere),
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
            Finding::fault(CHECK, what, why).mend(elsewhere)
        }
    }
}

fn port(config: &Config) -> Finding {
    const CHECK: &str = "port";
    let listen = config.serve.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine(CHECK, format!("{listen} is free for `foretide serve`")),
        Err(error) => {
            let why = "only `foretide serve` wants it; it may be the one that has it";
            Finding::note(CHECK, format!("{listen}: {error}"), why)
                .mend("foretide serve --listen 127.0.0.1:0")
        }
    }
}

/// The pace of calls: `calls` that one look took, every `interval`, against what is allowed.
pub(super) fn pace(calls: u64, interval: Duration, allowed_per_second: u32) -> Finding {
    const CHECK: &str = "quotas";
    let wanted = calls as f64 / interval.as_secs_f64();
    let what = format!("at most {wanted:.1} calls a second, {allowed_per_second} allowed");
    if wanted > f64::from(allowed_per_second) {
        let why = "looks that wait for the rate limit are late";
        Finding::warning(CHECK, what, why).mend("a longer interval, or aws.calls_per_second")
    } else if allowed_per_second > GET_METRIC_DATA_PER_SECOND {
        let why = "GetMetricData allows 50 a second, shared by the whole account";
        Finding::warning(CHECK, what, why).mend("aws.calls_per_second = 10")
    } else {
        Finding::fine(CHECK, what)
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    #[test]
    fn the_pace_is_held_against_the_limit_and_the_quota() {
        let ten = Duration::from_secs(10);
        assert_eq!(pace(100, ten, 10).severity, Severity::Fine);
        assert_eq!(pace(101, ten, 10).severity, Severity::Warning);
        assert_eq!(pace(1, ten, 51).severity, Severity::Warning);
    }
}
