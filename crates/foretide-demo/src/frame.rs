//! One picture of the live view: progress, load against capacity, the group, the last explanation.

use std::collections::VecDeque;

use foretide_chart::blocks::{self, Cell};
use foretide_domain::{Bounds, Record, Timestamp};
use foretide_sim::{STEP_S, Score, Step};
use foretide_terminal::screen::{Line, Look};
use foretide_terminal::wrap;

use crate::plan::Plan;

/// Shortest time on the charts: in six hours, a daily cycle is visible.
const WINDOW_S: i64 = 6 * 3600;
/// A share of less time than this says nothing.
const DAY_S: i64 = 86_400;
/// Columns of a chart's scale.
const SCALE: usize = 6;
/// Most columns of a picture.
const COLUMNS_MAX: usize = 120;
/// Most rows of the chart.
const CHART_ROWS_MAX: usize = 16;
/// Fewest rows of the chart.
const CHART_ROWS_MIN: usize = 3;
/// Rows of a picture without title, chart and sentences.
const ROWS_FIXED: usize = 10;
/// Most rows of the title.
const TITLE_ROWS_MAX: usize = 8;
/// Characters for which the sentences have room. Their rows stay reserved, so that nothing above
/// and below moves.
const SENTENCES: usize = 340;

const KEYS: &str = "q quit  e end  space pause  + - speed";

/// Input of a picture, besides the view's state.
pub(crate) struct Frame {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    pub(crate) speed: u32,
    pub(crate) paused: bool,
    pub(crate) score: Score,
    pub(crate) bounds: Bounds,
}

/// State of the view.
pub(crate) struct View {
    /// What is shown, in one sentence.
    title: String,
    /// The page's address, and the keys with their functions.
    foot: String,
    start: Timestamp,
    /// When what is shown begins and ends, in seconds since `start`.
    shown_s: (i64, i64),
    unit: f64,
    slo: f64,
    steps: VecDeque<Step>,
    now: Option<(Timestamp, String)>,
    change: Option<(Timestamp, String)>,
    alarm: Option<(Timestamp, String)>,
}

impl View {
    pub(crate) fn new(plan: &Plan, page: Option<String>) -> Self {
        let case = &plan.load.case;
        let page = page.map_or_else(String::new, |page| format!("{page}  "));
        Self {
            foot: format!("{page}{KEYS}"),
            title: format!("foretide demo - {}", plan.sentence()),
            start: case.trace().start(),
            shown_s: (case.scoring_from_s(), case.trace().span_s()),
            unit: case.unit(),
            slo: case.setup().slo_utilisation,
            steps: VecDeque::new(),
            now: None,
            change: None,
            alarm: None,
        }
    }

    /// Adds a step.
    pub(crate) fn observe(&mut self, step: &Step) {
        let most = usize::try_from(WINDOW_S / STEP_S).unwrap_or(usize::MAX);
        if self.steps.len() >= most {
            self.steps.pop_front();
        }
        self.steps.push_back(*step);
    }

    /// Adds a record that is shown.
    pub(crate) fn note(&mut self, at: Timestamp, record: &Record) {
        match record {
            Record::Decided(decision) => {
                let said = Some((at, decision.to_string()));
                match decision.desired {
                    Some(_) => self.change = said,
                    None => self.now = said,
                }
            }
            Record::Alarm(alarm) => self.alarm = Some((at, alarm.to_string())),
            _ => {}
        }
    }

    /// The picture, line by line.
    pub(crate) fn draw(&self, frame: &Frame) -> Vec<Line> {
        let columns = frame.columns.min(COLUMNS_MAX);
        let title = wrap(&self.title, Some(columns), 0);
        let title = title.lines().take(TITLE_ROWS_MAX);
        let mut lines: Vec<Line> = title.map(|row| Line::of(Look::Bold, row)).collect();
        let free = frame.rows.saturating_sub(ROWS_FIXED + lines.len());
        let sentences = SENTENCES.div_ceil(columns.max(1)).min(9);
        let sentences = sentences.min(free.saturating_sub(CHART_ROWS_MIN)).max(2);
        let chart_rows = free.saturating_sub(sentences);
        let chart_rows = chart_rows.clamp(CHART_ROWS_MIN, CHART_ROWS_MAX);
        lines.push(self.progress(frame, columns));
        lines.push(Line::default());
        lines.push(
            Line::of(Look::Load, "█ load")
                .and(Look::Usual, "  ")
                .and(Look::Capacity, "─ capacity")
                .and(Look::Dim, "  in instances, last 6 h"),
        );
        lines.extend(self.chart(columns, chart_rows));
        lines.push(Line::default());
        lines.extend(self.facts(frame));
        lines.extend(self.sentences(columns, sentences));
        lines.push(Line::default());
        lines.push(Line::of(Look::Dim, self.foot.as_str()));
        lines
    }

    fn now_s(&self) -> i64 {
        self.steps
            .back()
            .map_or(self.shown_s.0, |step| step.at_s + STEP_S)
    }

    fn progress(&self, frame: &Frame, columns: usize) -> Line {
        let (from, to) = self.shown_s;
        let share = (self.now_s() - from) as f64 / (to - from).max(1) as f64;
        let at = self.start.plus(seconds(self.now_s()));
        let clock = clock(at);
        let state = if frame.paused {
            "paused".to_owned()
        } else {
            format!("x{}", frame.speed)
        };
        let text = format!(" {:>3.0} %  {clock}  {state}", share * 100.0);
        let width = columns.saturating_sub(text.chars().count()).clamp(5, 40);
        let done = filled(share, width);
        Line::of(Look::Load, "█".repeat(done))
            .and(Look::Dim, "░".repeat(width - done))
            .and(Look::Usual, text)
    }

    /// Instances that the load needs at the objective, and instances in service.
    fn chart(&self, columns: usize, rows: usize) -> Vec<Line> {
        let width = columns.saturating_sub(SCALE).max(1);
        let per_instance = self.unit * self.slo;
        let load: Vec<f64> = self
            .steps
            .iter()
            .map(|step| step.demand / per_instance)
            .collect();
        let capacity: Vec<f64> = self
            .steps
            .iter()
            .map(|step| f64::from(step.in_service))
            .collect();
        // A window that is not yet full fills from the left, at its final scale.
        let most = usize::try_from(WINDOW_S / STEP_S).unwrap_or(usize::MAX);
        let drawn = (width * load.len()).div_ceil(most).min(width);
        let load = blocks::buckets(&load, drawn, blocks::largest);
        let capacity = blocks::buckets(&capacity, drawn, blocks::mean);
        let tops = load.iter().chain(&capacity).flatten().copied();
        let top = tops.fold(1.0, f64::max).ceil();
        let cells = blocks::draw(&load, &capacity, top, rows);
        let scale = |row: usize| match row {
            0 => format!("{top:>4.0} "),
            row if row + 1 == rows => format!("{:>4} ", 0),
            _ => "     ".into(),
        };
        let rows = cells.iter().enumerate();
        rows.map(|(row, cells)| chart_line(scale(row), cells))
            .collect()
    }

    fn facts(&self, frame: &Frame) -> Vec<Line> {
        let Some(step) = self.steps.back() else {
            return Vec::new();
        };
        let cpu = step.cpu.map_or("-".into(), |cpu| format!("{cpu:.1} %"));
        let violated = step.demand > self.slo * f64::from(step.in_service) * self.unit;
        let look = if violated { Look::Alarm } else { Look::Usual };
        let score = &frame.score;
        let mut group = Line::of(Look::Dim, "group ")
            .and(Look::Usual, format!("{} in service", step.in_service));
        if step.pending > 0 {
            group = group.and(Look::Capacity, format!(", {} coming", step.pending));
        }
        let needed = step.demand / (self.unit * self.slo);
        vec![
            group.and(Look::Dim, format!(" of {}", frame.bounds)),
            Line::of(Look::Dim, "load  ")
                .and(look, format!("CPU {cpu}"))
                .and(Look::Dim, format!(", needs {needed:.1} instances")),
            Line::of(Look::Dim, "so far ").and(
                Look::Usual,
                format!(
                    "{} in violation, {:.0} inst-h",
                    self.violated(score),
                    score.instance_hours
                ),
            ),
        ]
    }

    /// Time in violation so far: minutes below a day, as everywhere, and then the share.
    fn violated(&self, score: &Score) -> String {
        let passed_s = self.now_s() - self.shown_s.0;
        if passed_s < DAY_S {
            format!("{:.0} min", score.violation_share * passed_s as f64 / 60.0)
        } else {
            format!("{:.2} %", score.violation_share * 100.0)
        }
    }

    /// Alarm, last change and last decision in `rows` rows.
    fn sentences(&self, columns: usize, rows: usize) -> Vec<Line> {
        let mut lines = Vec::with_capacity(rows);
        let pieces = [
            (Look::Alarm, &self.alarm),
            (Look::Capacity, &self.change),
            (Look::Usual, &self.now),
        ];
        for (look, piece) in pieces {
            if let Some((at, text)) = piece {
                let text = format!("{} {text}", time_of_day(*at));
                let text = wrap(&text, Some(columns), 2);
                lines.extend(text.lines().map(|row| Line::of(look, row)));
            }
        }
        lines.resize(rows, Line::default());
        lines
    }
}

fn chart_line(scale: String, cells: &[Cell]) -> Line {
    let mut line = Line::of(Look::Dim, scale);
    let look_of = |cell: &Cell| match cell {
        Cell::Bar(_) => Look::Load,
        Cell::Line => Look::Capacity,
        Cell::LineWithin => Look::Alarm,
    };
    for cells in cells.chunk_by(|a, b| look_of(a) == look_of(b)) {
        let look = cells.first().map_or(Look::Usual, look_of);
        let text: String = cells.iter().map(|cell| cell.symbol()).collect();
        line = line.and(look, text);
    }
    line
}

fn seconds(seconds: i64) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// `2026-01-02 13:05` of an RFC 3339 time.
fn clock(at: Timestamp) -> String {
    at.to_string().replace('T', " ").chars().take(16).collect()
}

fn time_of_day(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(8).collect()
}

/// Columns of `width` that a share fills.
fn filled(share: f64, width: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a small width"
    )]
    let filled = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    filled.min(width)
}

#[cfg(test)]
mod tests {
    use foretide_domain::{Alarm, Bounds};

    use super::*;

    fn view() -> View {
        View {
            foot: KEYS.into(),
            title: format!("foretide demo - {}", "of a load that says a lot ".repeat(8)),
            start: Timestamp::from_seconds(1_704_067_200),
            shown_s: (0, 7200),
            unit: 100.0,
            slo: 0.8,
            steps: VecDeque::new(),
            now: None,
            change: None,
            alarm: None,
        }
    }

    fn frame(columns: usize, rows: usize) -> Frame {
        Frame {
            columns,
            rows,
            speed: 3600,
            paused: false,
            score: Score::default(),
            bounds: Bounds::new(1, 100).unwrap(),
        }
    }

    fn step(at_s: i64, demand: f64) -> Step {
        Step {
            at_s,
            demand,
            in_service: 3,
            serving: 3,
            capacity: 300.0,
            pending: 1,
            desired: 4,
            cpu: Some(40.0),
        }
    }

    fn text(lines: &[Line]) -> Vec<String> {
        let text = |line: &Line| line.0.iter().map(|(_, text)| text.as_str()).collect();
        lines.iter().map(text).collect()
    }

    /// Rows must not move when the sentences change.
    #[test]
    fn the_picture_keeps_its_height_whatever_is_said() {
        for (columns, rows) in [(40, 24), (80, 24), (200, 60)] {
            let mut view = view();
            view.observe(&step(0, 120.0));
            let before = view.draw(&frame(columns, rows)).len();
            view.note(Timestamp::from_seconds(0), &Record::Alarm(Alarm::DataStale));
            assert_eq!(view.draw(&frame(columns, rows)).len(), before);
            assert!(before <= rows, "{before} rows of {rows}");
        }
    }

    #[test]
    fn a_narrow_picture_has_its_figures_within_the_window() {
        let mut view = view();
        (0..360).for_each(|index| view.observe(&step(index * STEP_S, 120.0)));
        let lines = text(&view.draw(&frame(40, 24)));
        for part in ["50 %", "3 in service, 1 coming", "CPU 40.0 %", "x3600"] {
            let line = lines.iter().find(|line| line.contains(part));
            let line = line.unwrap_or_else(|| panic!("{part} is not in {lines:#?}"));
            assert!(line.chars().count() <= 40, "{line}");
        }
    }

    #[test]
    fn the_first_picture_says_in_whole_what_is_shown() {
        for (columns, rows) in [(40, 24), (80, 24), (200, 60)] {
            let mut view = view();
            view.title = "a group of web servers and what decides about it ".repeat(4);
            let lines = text(&view.draw(&frame(columns, rows)));
            let shown = lines.join(" ");
            assert!(shown.starts_with(view.title.trim_end()), "{shown}");
        }
    }

    #[test]
    fn before_the_first_step_there_is_a_picture_too() {
        assert!(!view().draw(&frame(1, 1)).is_empty());
    }
}
