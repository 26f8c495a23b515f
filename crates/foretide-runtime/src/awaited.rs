//! Futures that a group's task waits for. Each waits forever if nothing is under way.

use foretide_control::{Event, FitOutcome};
use foretide_domain::{Asked, CallFailure, CallId, FailureKind, Timestamp};
use foretide_forecast::FitError;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// A fit under way on a thread of its own.
pub(crate) type FitUnderWay = (CallId, JoinHandle<FitOutcome>);

/// Start of the next cycle.
#[derive(Clone, Copy)]
pub(crate) struct Wake {
    /// The time that the controller asked for.
    pub(crate) asked: Timestamp,
    /// The moment on the grid of cycle starts.
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

/// The answer to the write in flight. Waits forever if there is none.
pub(crate) async fn settled(write: &mut Option<BoxFuture<'static, Event>>) -> Event {
    match write {
        Some(write) => write.await,
        None => std::future::pending().await,
    }
}

/// The result of the fit under way. Waits forever if there is none.
pub(crate) async fn fitted(fit: &mut Option<FitUnderWay>) -> Event {
    match fit {
        Some((call, fit)) => Event::Fitted {
            call: *call,
            // A panic in the fit is a failed fit.
            outcome: fit.await.unwrap_or(FitOutcome::Failed(FitError::NotFinite)),
        },
        None => std::future::pending().await,
    }
}

/// Sleeps until the next cycle. Sleeps forever if none is planned.
pub(crate) async fn woken(wake: Option<Wake>) {
    match wake {
        Some(wake) => sleep_until(wake.at).await,
        None => std::future::pending().await,
    }
}
