//! A demo on a terminal: virtual time passes at a set speed, and a full-screen view shows the
//! group.

use std::time::Duration;

use foretide_domain::Record;
use foretide_sim::{STEP_S, Simulation};
use foretide_terminal::screen::{Key, Screen};
use foretide_terminal::{Exit, Failure, Terminal};

use crate::frame::{Frame, View};
use crate::pace::Pace;
use crate::plan::Plan;
use crate::process::{End, Process};
use crate::told::Told;

/// Time between two pictures: 30 a second look smooth.
const PICTURE: Duration = Duration::from_millis(33);

/// Runs the demo to its end, or until the viewer quits.
pub(crate) fn run(
    plan: &Plan,
    speed: u32,
    simulation: &mut Simulation<'_, '_>,
    told: &mut Told<'_>,
    process: &mut dyn Process,
    terminal: &Terminal,
) -> Result<End, Failure> {
    let cannot_draw = |error: std::io::Error| {
        Failure::new(Exit::Io, "cannot draw on the terminal")
            .because(&error)
            .hint("--plain prints lines instead")
    };
    let screen = Screen::take(terminal.colour).map_err(cannot_draw)?;
    let mut show = Show {
        view: View::new(plan, told.page.says()),
        screen,
        pace: Pace::new(speed),
    };
    process.start();
    loop {
        if let Err(stopped) = process.stopped() {
            told.records.finish()?;
            return Err(stopped);
        }
        if !show.advance(simulation, told, process.lap()) {
            return Ok(End::Whole);
        }
        told.records.check()?;
        show.draw(simulation).map_err(cannot_draw)?;
        match show.screen.key(PICTURE).map_err(cannot_draw)? {
            Some(Key::Interrupt) => {
                told.records.finish()?;
                return Err(Failure::silent(Exit::Interrupted));
            }
            Some(Key::Quit) => return Ok(End::Left),
            Some(key) => show.pace.press(key),
            None => {}
        }
    }
}

struct Show {
    view: View,
    screen: Screen,
    pace: Pace,
}

impl Show {
    /// Simulates the steps that are due after the time `passed`. Returns false at the end of the
    /// load.
    fn advance(
        &mut self,
        simulation: &mut Simulation<'_, '_>,
        told: &mut Told<'_>,
        passed: Duration,
    ) -> bool {
        let mut due_s = self.pace.due_s(passed);
        let step_s = STEP_S as f64;
        while due_s >= step_s {
            let view = &mut self.view;
            let step = simulation.advance(&mut |at, record: Record| {
                view.note(at, &record);
                told.note(at, &record);
            });
            let Some(step) = step else {
                return false;
            };
            told.observe(&step);
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
