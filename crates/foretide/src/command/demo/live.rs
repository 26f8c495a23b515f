//! A demo on a terminal: virtual time passes at a set speed while a view shows what happens.

use std::time::Duration;

use foretide_domain::Record;
use foretide_sim::{STEP_S, Simulation};

use crate::clock::Stopwatch;
use crate::command::Context;
use crate::failure::{Exit, Failure};
use crate::stop::Stop;

use super::End;
use super::frame::{Frame, View};
use super::plan::Plan;
use super::records::Records;
use super::screen::{Key, Screen};

/// Between two pictures: 30 a second look smooth.
const PICTURE: Duration = Duration::from_millis(33);
/// After a pause of the process, such as a closed lid, time does not catch up by more than this.
const CATCH_UP: Duration = Duration::from_millis(500);
/// Bounds of the speed, in virtual seconds a second.
const SPEEDS: std::ops::RangeInclusive<u32> = 1..=1_000_000;

/// Runs to the end, or until the viewer has seen enough.
pub(crate) fn run(
    plan: &Plan,
    speed: u32,
    simulation: &mut Simulation<'_, '_>,
    records: &mut Records,
    stop: &Stop,
    context: &mut Context<'_>,
) -> Result<End, Failure> {
    let cannot_draw = |error: std::io::Error| {
        Failure::new(Exit::Io, "cannot draw on the terminal")
            .because(&error)
            .hint("--plain prints lines instead")
    };
    let screen = Screen::take(context.terminal.colour).map_err(cannot_draw)?;
    let mut show = Show {
        view: View::new(plan),
        screen,
        pace: Pace::new(speed),
    };
    loop {
        if let Err(stopped) = stop.check() {
            records.finish()?;
            return Err(stopped);
        }
        if !show.advance(simulation, records) {
            return Ok(End::Whole);
        }
        records.check()?;
        show.draw(simulation).map_err(cannot_draw)?;
        match show.screen.key(PICTURE).map_err(cannot_draw)? {
            Some(Key::Interrupt) => {
                records.finish()?;
                return Err(Failure::silent(Exit::Interrupted));
            }
            Some(Key::Quit) => return Ok(End::Left),
            Some(key) => show.pace.press(key),
            None => {}
        }
    }
}

/// How fast virtual time passes.
struct Pace {
    watch: Stopwatch,
    speed: u32,
    paused: bool,
    to_the_end: bool,
    /// Virtual seconds that have passed and are not yet simulated.
    owed_s: f64,
}

impl Pace {
    fn new(speed: u32) -> Self {
        Self {
            watch: Stopwatch::start(),
            speed,
            paused: false,
            to_the_end: false,
            owed_s: 0.0,
        }
    }

    fn press(&mut self, key: Key) {
        match key {
            Key::Pause => self.paused = !self.paused,
            Key::Faster => self.speed = (self.speed.saturating_mul(2)).min(*SPEEDS.end()),
            Key::Slower => self.speed = (self.speed / 2).max(*SPEEDS.start()),
            Key::End => self.to_the_end = true,
            Key::Quit | Key::Interrupt => {}
        }
    }

    /// Virtual seconds to simulate now.
    fn due_s(&mut self) -> f64 {
        let passed = self.watch.lap().min(CATCH_UP);
        if self.to_the_end {
            return f64::INFINITY;
        }
        if !self.paused {
            self.owed_s += passed.as_secs_f64() * f64::from(self.speed);
        }
        self.owed_s
    }
}

struct Show {
    view: View,
    screen: Screen,
    pace: Pace,
}

impl Show {
    /// Simulates what is due; false at the end of the trace.
    fn advance(&mut self, simulation: &mut Simulation<'_, '_>, records: &mut Records) -> bool {
        let mut due_s = self.pace.due_s();
        let step_s = STEP_S as f64;
        while due_s >= step_s {
            let view = &mut self.view;
            let step = simulation.advance(&mut |at, record: Record| {
                view.note(at, &record);
                records.add(at, &record);
            });
            let Some(step) = step else {
                return false;
            };
            self.view.observe(&step);
            due_s -= step_s;
        }
        self.pace.owed_s = due_s;
        true
    }

    fn draw(&mut self, simulation: &Simulation<'_, '_>) -> std::io::Result<()> {
        let (columns, rows) = Screen::size();
        let frame = Frame {
            columns,
            rows,
            speed: self.pace.speed,
            paused: self.pace.paused,
            score: simulation.score(),
            bounds: simulation.world().bounds(),
        };
        let lines = self.view.draw(&frame);
        self.screen.show(&lines)
    }
}
