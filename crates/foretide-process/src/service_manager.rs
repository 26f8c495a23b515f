//! Messages to systemd from a service of `Type=notify`: the process is ready, works, or stops.
//! Without systemd nothing is sent.

use std::convert::Infallible;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::interval;

/// Groups, or the port, are served from now on. `status` is the line that `systemctl status` shows.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The loop of the process still turns. The watchdog restarts a process that no longer says so.
pub fn alive() {
    if sd_notify::watchdog_enabled().is_some() {
        tell(&[NotifyState::Watchdog]);
    }
}

/// Says once a second that the process still works, for as long as this future is polled.
pub async fn keep_alive() -> Infallible {
    let mut every = interval(Duration::from_secs(1));
    loop {
        every.tick().await;
        alive();
    }
}

/// The process was asked to stop, and ends its work.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Sends what systemd asked for by its variables. If systemd does not take it, systemd itself says
/// so when it waits in vain.
fn tell(states: &[NotifyState<'_>]) {
    drop(sd_notify::notify(states));
}
