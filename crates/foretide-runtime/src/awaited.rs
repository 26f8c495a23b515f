//! What a group's task waits for, and never where there is nothing to wait for.

use foretide_control::{Event, FitOutcome};
use foretide_domain::{Asked, CallFailure, CallId, FailureKind, Timestamp};
use foretide_forecast::FitError;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// A fit on a thread of its own.
pub(crate) type FitUnderWay = (CallId, JoinHandle<FitOutcome>);

/// When to look again.
#[derive(Clone, Copy)]
pub(crate) struct Wake {
    /// As the controller asked.
    pub(crate) asked: Timestamp,
    /// On the grid.
    pub(crate) at: Instant,
}

/// The event of a call that failed.
pub(crate) fn failed(call: CallId, asked: Asked, kind: FailureKind, detail: &str) -> Event {
    let failure = CallFailure {
        kind,
        detail: detail.to_owned(),
    };
    Event::CallFailed {
        call,
        asked,
        failure,
    }
}

/// The end of the write in flight; never where there is none.
pub(crate) async fn settled(write: &mut Option<BoxFuture<'static, Event>>) -> Event {
    match write {
        Some(write) => write.await,
        None => std::future::pending().await,
    }
}

/// The end of the fit under way; never where there is none.
pub(crate) async fn fitted(fit: &mut Option<FitUnderWay>) -> Event {
    match fit {
        Some((call, fit)) => Event::Fitted {
            call: *call,
            // A fit that panicked is a fit that failed.
            outcome: fit.await.unwrap_or(FitOutcome::Failed(FitError::NotFinite)),
        },
        None => std::future::pending().await,
    }
}

/// The time to look again; never where none is known.
pub(crate) async fn woken(wake: Option<Wake>) {
    match wake {
        Some(wake) => sleep_until(wake.at).await,
        None => std::future::pending().await,
    }
}
