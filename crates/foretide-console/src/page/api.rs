//! The JSON answers, and what probers ask.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use foretide_domain::{Record, Timestamp};
use foretide_http::Problem;
use foretide_http::body;
use schemars::JsonSchema;
use serde::Serialize;

use crate::board::{Board, StoreHealth, Track, lock};
use crate::view::{
    Cached, FleetView, Level, MomentView, POINTS_MAX, VERSION, Window, accuracy, cached,
    decision_view, fleet, group_view, row,
};

use super::app::App;

/// So far back a decision is looked for before the moment asked about: a controller decides at
/// least with every datapoint.
const MOMENT_BACK: std::time::Duration = std::time::Duration::from_secs(3600);
/// What the small chart of a row looks back on.
const SPARK: std::time::Duration = std::time::Duration::from_secs(6 * 3600);
/// Longest stretch of history read at once: a week of one group's records are some 100 MB.
const HISTORY_MAX: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// The end of the year 9999: the latest time that is asked for, and that RFC 3339 can write.
pub(crate) const LATEST_MS: i64 = 253_402_300_799_999;

/// All groups, the worst first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Overview<Row> {
    #[serde(flatten)]
    pub(crate) fleet: FleetView,
    pub(crate) groups: Vec<Row>,
}

/// The process answers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Status {
    status: &'static str,
}

/// Whether the groups are looked after.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Readiness {
    status: &'static str,
    /// Why not; empty where ready.
    reasons: Vec<String>,
}

/// Longest id of a group in characters: the ARN of a role (2048), a slash, and the name of an Auto
/// Scaling group (255).
pub(crate) const ID_CHARS_MAX: usize = 2304;

/// The id of a group in the path.
pub(crate) struct GroupId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for GroupId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        let detail = "the group's id in the path is not percent-encoded UTF-8";
        let Path(id): Path<String> = path.map_err(|_| Problem::bad_request(detail).at("id"))?;
        if id.chars().nth(ID_CHARS_MAX).is_some() {
            let detail = format!("the group's id has more than {ID_CHARS_MAX} characters");
            return Err(Problem::unprocessable(detail).at("id"));
        }
        Ok(Self(id))
    }
}

/// The rows of all groups, the worst first.
pub(crate) fn rows(board: &Board) -> Vec<Cached> {
    let now = board.now();
    let mut rows: Vec<Cached> = board
        .tracks()
        .iter()
        .map(|track| cached(&mut lock(track), now))
        .collect();
    let spent = |cached: &Cached| cached.row.budget.spent_ratio.unwrap_or(0.0);
    rows.sort_by(|a, b| {
        let by_level = b.row.health.level.cmp(&a.row.health.level);
        by_level.then_with(|| spent(b).total_cmp(&spent(a)))
    });
    rows
}

fn fleet_now(app: &App) -> FleetView {
    let board = &app.page.board;
    fleet(board.system(), board.now(), app.page.controls.is_some())
}

pub(crate) async fn groups(State(app): State<Arc<App>>) -> Response<Body> {
    let rows = rows(&app.page.board);
    let answer = Overview {
        groups: rows.iter().filter_map(Cached::json).collect(),
        fleet: fleet_now(&app),
    };
    body::json(StatusCode::OK, &answer)
}

pub(crate) async fn group(
    State(app): State<Arc<App>>,
    GroupId(id): GroupId,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Problem> {
    let window = window(query.as_deref().unwrap_or_default())?;
    let board = &app.page.board;
    let track = board.track(&id).ok_or_else(|| unknown_group(&id))?;
    let now = board.now();
    let kept_from = lock(&track).slots.told_from();
    let is_older = |from: &Timestamp| kept_from.is_none_or(|kept| *from < kept);
    let older = window.from.filter(|from| !window.memory && is_older(from));
    let mut view = group_view(&lock(&track), fleet_now(&app), now, &window);
    if let (Some(from), Some(_)) = (older, &app.page.history) {
        let to = window.to.unwrap_or(now);
        let past = past(&app, &track, from, to).await?;
        let told = group_view(&past, fleet_now(&app), now, &window);
        view.series = told.series;
        view.marks = told.marks;
    }
    Ok(body::json(StatusCode::OK, &view))
}

/// The group's track between two moments of the past, folded anew from what the store has.
async fn past(
    app: &App,
    track: &Arc<std::sync::Mutex<Track>>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Track, Problem> {
    let (facts, load_before) = {
        let track = lock(track);
        (track.facts.clone(), track.past.clone())
    };
    let mut limits = app.page.board.limits();
    if to.since(from) > HISTORY_MAX {
        let detail = "more than seven days of history at once";
        return Err(Problem::unprocessable(detail).at("from"));
    }
    limits.hours = u32::try_from(to.since(from).as_secs() / 3600 + 2).unwrap_or(u32::MAX);
    let mut told = Track::new(facts.clone(), limits);
    for (at, record) in records(app, &facts.id, from, to).await? {
        told.record(at, &record);
    }
    told.past.fill(&load_before);
    Ok(told)
}

async fn records(
    app: &App,
    id: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, Record)>, Problem> {
    let Some(history) = &app.page.history else {
        return Ok(Vec::new());
    };
    let failed = |why| Problem::new(StatusCode::SERVICE_UNAVAILABLE, why);
    history.records(id, from, to).await.map_err(failed)
}

pub(crate) async fn moment(
    State(app): State<Arc<App>>,
    GroupId(id): GroupId,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Problem> {
    let mut at = None;
    for (name, value) in pairs(query.as_deref().unwrap_or_default()) {
        match name.as_str() {
            "time" => at = Some(time("time", &value)?),
            _ => return Err(unknown_parameter(name, "time")),
        }
    }
    let at = at.ok_or_else(|| Problem::unprocessable("`time` is missing").at("time"))?;
    let track = app
        .page
        .board
        .track(&id)
        .ok_or_else(|| unknown_group(&id))?;
    let known = lock(&track).decision_at(at).cloned();
    let decision = if known.is_some() {
        known
    } else {
        // Included is the moment itself.
        let to = at.plus(std::time::Duration::from_millis(1));
        let told = records(&app, &id, at.minus(MOMENT_BACK), to).await?;
        told.into_iter().rev().find_map(|(_, record)| match record {
            Record::Decided(decision) => Some(Arc::from(decision)),
            _ => None,
        })
    };
    let then = then(&app, &track, at, decision.clone()).await?;
    let view = MomentView {
        version: VERSION,
        at_ms: at.as_millis(),
        group: row(&then, at),
        accuracy: accuracy(&then),
        decision: decision.map(|decision| decision_view(&decision)),
    };
    Ok(body::json(StatusCode::OK, &view))
}

/// The group's track as it was at `at`: of what is in memory, or else of what the store has of the
/// day before.
async fn then(
    app: &App,
    track: &Arc<std::sync::Mutex<Track>>,
    at: Timestamp,
    decision: Option<Arc<foretide_domain::Decision>>,
) -> Result<Track, Problem> {
    let from = at.minus(SPARK);
    let in_memory = lock(track)
        .slots
        .told_from()
        .is_some_and(|kept| kept <= from);
    if in_memory || app.page.history.is_none() {
        return Ok(lock(track).as_of(at, decision));
    }
    let past = past(
        app,
        track,
        from,
        at.plus(std::time::Duration::from_millis(1)),
    )
    .await?;
    Ok(past.as_of(at, decision))
}

pub(crate) fn unknown_group(id: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("no group `{id}`"))
}

fn window(query: &str) -> Result<Window, Problem> {
    let mut window = Window::default();
    for (name, value) in pairs(query) {
        match name.as_str() {
            "from" => window.from = Some(time("from", &value)?),
            "to" => window.to = Some(time("to", &value)?),
            "points" => {
                let points = value.parse().ok();
                let points = points.filter(|points| (1..=POINTS_MAX).contains(points));
                window.points = Some(points.ok_or_else(|| {
                    let detail = format!("`{value}` is no number of points from 1 to {POINTS_MAX}");
                    Problem::unprocessable(detail).at("points")
                })?);
            }
            "memory" => window.memory = flag("memory", &value)?,
            _ => return Err(unknown_parameter(name, "from, to, points, memory")),
        }
    }
    Ok(window)
}

fn unknown_parameter(name: String, known: &str) -> Problem {
    Problem::unprocessable(format!("no parameter `{name}`; there are: {known}")).at(name)
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    form_urlencoded::parse(query.as_bytes()).into_owned()
}

fn flag(name: &str, value: &str) -> Result<bool, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("`{value}` is neither true nor false");
        Problem::unprocessable(detail).at(name)
    })
}

/// Milliseconds since 1970.
fn time(name: &str, value: &str) -> Result<Timestamp, Problem> {
    let time = value.parse().ok();
    let time = time.filter(|time| (0..=LATEST_MS).contains(time));
    time.map(Timestamp::from_millis).ok_or_else(|| {
        let detail = format!(
            "`{value}` is not a time: expected milliseconds since 1970, at most {LATEST_MS}"
        );
        Problem::unprocessable(detail).at(name)
    })
}

/// The process answers.
pub(crate) async fn health() -> Response<Body> {
    body::json(StatusCode::OK, &Status { status: "ok" })
}

/// Whether the groups are looked after: the store takes what happens, and of the groups that are
/// read one at least has fresh data and a loop that runs.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response<Body> {
    let reasons = unready(&app.page.board);
    let (code, status) = if reasons.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    body::json(code, &Readiness { status, reasons })
}

fn unready(board: &Board) -> Vec<String> {
    let mut reasons = Vec::new();
    if let StoreHealth::Failing { why, .. } = board.system().store {
        reasons.push(format!("the store cannot be written: {why}"));
    }
    let rows = rows(board);
    let looked_after = |cached: &Cached| {
        cached.row.data_fresh == Some(true) && cached.row.health.level < Level::Critical
    };
    if rows.is_empty() {
        reasons.push("no group is looked after".to_owned());
    } else if !rows.iter().any(looked_after) {
        let count = rows.len();
        reasons.push(format!("none of {count} groups has fresh data and is well"));
    }
    reasons
}
