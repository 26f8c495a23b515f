//! Reads the history of groups, a few parts of one account at once. No cycle waits for history.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Event, ForecastSnapshot};
use foretide_domain::{Asked, CallFailure, CallId, FailureKind, HistoryQuery, PolicyKind};
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::cloud::{Cloud, HistoryAsk, HistoryPart};
use crate::entry::Notice;
use crate::fleet::GroupSetup;
use crate::journal::Journal;
use crate::key::GroupKey;
use crate::settings::RuntimeSettings;

/// Reads the history of the groups of one account. Cheap to clone.
#[derive(Clone)]
pub(crate) struct HistoryReader {
    cloud: Arc<dyn Cloud>,
    turns: Arc<Semaphore>,
    deadline: Duration,
}

impl HistoryReader {
    pub(crate) fn new(cloud: &Arc<dyn Cloud>, settings: &RuntimeSettings) -> Self {
        Self {
            cloud: Arc::clone(cloud),
            turns: Arc::new(Semaphore::new(settings.histories_per_account)),
            deadline: settings.history_deadline,
        }
    }

    async fn read(&self, ask: &HistoryAsk) -> Result<HistoryPart, CallFailure> {
        let _turn = self.turns.acquire().await;
        match timeout(self.deadline, self.cloud.read_history(ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(CallFailure {
                kind: FailureKind::TimedOut,
                detail: format!("no history within {} s", self.deadline.as_secs()),
            }),
        }
    }

    /// Reads a part of the history of the group `name`. If CloudWatch has none, reads the history
    /// of the predecessor `before`.
    async fn read_or_inherit(
        &self,
        name: Arc<str>,
        before: Option<Arc<str>>,
        query: HistoryQuery,
    ) -> Result<Part, CallFailure> {
        let ask = |of: &Arc<str>| HistoryAsk {
            name: Arc::clone(&name),
            of: Arc::clone(of),
            query,
        };
        let own = self.read(&ask(&name)).await?;
        let Some(before) = before.filter(|_| own.points.is_empty()) else {
            return Ok(Part {
                part: own,
                of_other: false,
            });
        };
        let mut part = self.read(&ask(&before)).await?;
        part.usd += own.usd;
        let of_other = !part.points.is_empty();
        Ok(Part { part, of_other })
    }
}

/// The history reading of one group.
pub(crate) struct HistoryReading {
    /// The group's predecessor: its history is used where the group has none of its own.
    before: Option<Arc<str>>,
    reading: Option<(CallId, BoxFuture<'static, Result<Part, CallFailure>>)>,
    parts: u32,
    of_other: u32,
    usd: f64,
}

struct Part {
    part: HistoryPart,
    of_other: bool,
}

impl HistoryReading {
    pub(crate) fn new(before: Option<Arc<str>>) -> Self {
        Self {
            before,
            reading: None,
            parts: 0,
            of_other: 0,
            usd: 0.0,
        }
    }

    /// Starts to read. Drops the reading under way, if any.
    pub(crate) fn ask(
        &mut self,
        histories: &HistoryReader,
        name: Arc<str>,
        call: CallId,
        query: HistoryQuery,
    ) {
        let (histories, before) = (histories.clone(), self.before.clone());
        let reading = async move { histories.read_or_inherit(name, before, query).await };
        self.reading = Some((call, Box::pin(reading)));
    }

    pub(crate) fn give_up(&mut self) {
        self.reading = None;
    }

    /// The result of the reading under way. Waits forever if there is none.
    pub(crate) async fn read(&mut self) -> Event {
        let Some((call, reading)) = &mut self.reading else {
            return std::future::pending().await;
        };
        let (call, answer) = (*call, reading.await);
        self.reading = None;
        match answer {
            Ok(Part { part, of_other }) => {
                self.parts = self.parts.saturating_add(1);
                self.of_other = self.of_other.saturating_add(u32::from(of_other));
                self.usd += part.usd;
                Event::HistoryRead {
                    call,
                    points: part.points,
                    signals: part.signals,
                }
            }
            Err(failure) => Event::CallFailed {
                call,
                asked: Asked::History,
                failure,
            },
        }
    }

    /// The parts read since the last notice, as a notice.
    pub(crate) fn notice(&mut self, forecast: &ForecastSnapshot) -> Notice {
        Notice::HistoryRead {
            periods: forecast.periods(),
            days: forecast.days(),
            parts: std::mem::take(&mut self.parts),
            of_other: std::mem::take(&mut self.of_other),
            usd: std::mem::take(&mut self.usd),
        }
    }
}

/// The stored forecast of the group, else of its predecessor (`history_from`), and notices for a
/// person. If the store cannot be read, the group reads its history from the cloud anew.
pub(crate) async fn stored_forecast(
    journal: &dyn Journal,
    setup: &GroupSetup,
) -> (Option<ForecastSnapshot>, Vec<Notice>) {
    let mut notices = Vec::new();
    if setup.controller.policy != PolicyKind::Forecast {
        return (None, notices);
    }
    match journal.load_forecast(&setup.key).await {
        Ok(Some(own)) => return (Some(own), notices),
        Ok(None) => {}
        Err(error) => notices.push(Notice::ForecastIgnored(error)),
    }
    let Some(before) = &setup.history_from else {
        return (None, notices);
    };
    let key = GroupKey::new(setup.key.account(), before);
    match journal.load_forecast(&key).await {
        Ok(Some(other)) => {
            notices.push(Notice::TookOver {
                from: before.to_string(),
                days: other.days(),
            });
            (Some(other), notices)
        }
        Ok(None) => (None, notices),
        Err(error) => {
            notices.push(Notice::ForecastIgnored(error));
            (None, notices)
        }
    }
}
