//! Draws instances needed and in service over the demo's first two days as SVG, for the README:
//! `cargo run --release -p foretide-sim --example picture > docs/demo.svg`.

#![expect(clippy::print_stdout, reason = "an example that prints a picture")]

use std::error::Error;
use std::fmt::Write as _;

use foretide_control::ControllerConfig;
use foretide_domain::{Bounds, CallFailure, FailureKind, Features, Mode, Prediction};
use foretide_sim::{Case, Peer, Setup, Simulation, TargetTracking, Timeline, Workload};

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 40.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 26.0;
/// What is drawn.
const SPAN_S: i64 = 2 * 86_400;

/// Colours follow the reader's scheme; both pairs can be told apart without seeing colour, since
/// one is an area and the other a line.
const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#444c56}.need{fill:#9aa4b1;fill-opacity:.45}\
.have{fill:none;stroke:#0b5fa5;stroke-width:1.6}.grid{stroke:#d9dde3}\
@media(prefers-color-scheme:dark){text{fill:#b4bcc6}.need{fill:#77818d}.have{stroke:#79b8f0}\
.grid{stroke:#3a414b}}";

fn main() -> Result<(), Box<dyn Error>> {
    let setup = Setup {
        warmup_days: 7,
        ..Setup::new(Bounds::new(1, 100)?)
    };
    let case = Case::new(Workload::demo(14, 1).generate("demo")?, setup)?;
    let config = ControllerConfig {
        mode: Mode::Enforce,
        ..ControllerConfig::default()
    };
    let past = Peer::TargetTracking(TargetTracking::default());
    let mut simulation = Simulation::after(&past, &case, config, &no_model)?;
    let mut timeline = Timeline::default();
    while let Some(step) = simulation.advance(&mut |_, _| {}) {
        if step.at_s >= case.scoring_from_s() + SPAN_S {
            break;
        }
        timeline.observe(&step);
    }
    println!("{}", picture(&case, &timeline));
    Ok(())
}

/// Policy `forecast` asks no model.
fn no_model(_: &Features) -> Result<Prediction, CallFailure> {
    Err(CallFailure {
        kind: FailureKind::Rejected,
        detail: "no model".into(),
    })
}

fn picture(case: &Case, timeline: &Timeline) -> String {
    let from = case.scoring_from_s();
    let rows = timeline.rows();
    let most = rows
        .iter()
        .map(|row| row.in_service)
        .chain([case.peak()])
        .max()
        .unwrap_or(1);
    let x = |at_s: i64| LEFT + (WIDTH - LEFT - 8.0) * (at_s - from) as f64 / SPAN_S as f64;
    let y =
        |n: u32| HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * f64::from(n) / f64::from(most.max(1));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Instances needed and in service over two days\"><style>{STYLE}</style>\n"
    );
    for n in (0..=most).step_by(5) {
        let level = y(n);
        grid(&mut svg, level, n);
    }
    for hour in (0..SPAN_S / 3600).step_by(12) {
        let at = x(from + hour * 3600);
        text(&mut svg, at, HEIGHT - 8.0, &format!("{hour} h"));
    }
    let ends = |row: usize| rows.get(row + 1).map_or(from + SPAN_S, |next| next.at_s);
    let steps = |value: &dyn Fn(usize) -> u32| {
        let mut path = String::new();
        for (index, row) in rows.iter().enumerate() {
            let (from, to, level) = (x(row.at_s), x(ends(index)), y(value(index)));
            let command = if index == 0 { 'M' } else { 'L' };
            add(&mut path, &format!("{command}{from:.1} {level:.1}H{to:.1}"));
        }
        path
    };
    let need = steps(&|row| rows.get(row).map_or(0, |row| case.at(row.at_s).1));
    let have = steps(&|row| rows.get(row).map_or(0, |row| row.in_service));
    let floor = y(0);
    add(
        &mut svg,
        &format!("<path class=\"need\" d=\"{need}V{floor}H{LEFT}Z\"/>\n"),
    );
    add(&mut svg, &format!("<path class=\"have\" d=\"{have}\"/>\n"));
    text(
        &mut svg,
        LEFT,
        16.0,
        "instances in service (line) and needed (area), policy forecast",
    );
    svg.push_str("</svg>");
    svg
}

fn grid(svg: &mut String, level: f64, n: u32) {
    let right = WIDTH - 8.0;
    add(
        svg,
        &format!("<path class=\"grid\" d=\"M{LEFT} {level:.1}H{right}\"/>\n"),
    );
    text(svg, 12.0, level + 4.0, &n.to_string());
}

fn text(svg: &mut String, x: f64, y: f64, words: &str) {
    add(
        svg,
        &format!("<text x=\"{x:.0}\" y=\"{y:.0}\">{words}</text>\n"),
    );
}

/// Writing to a string cannot fail.
fn add(svg: &mut String, part: &str) {
    svg.write_str(part).unwrap_or_default();
}
