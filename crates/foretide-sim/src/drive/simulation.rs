//! A controller on a group through a whole case, step by step: what the demo shows and tests check.

use foretide_control::{ConfigError, ControllerConfig};
use foretide_domain::{Record, Timestamp};

use super::{Driver, Predict, reading};
use crate::backtest::{Case, Run, signal_settings};
use crate::faults::FaultPlan;
use crate::peers::{Peer, View};
use crate::score::Score;
use crate::world::{Step, World};

/// The shipping controller on a simulated group.
#[derive(Debug)]
pub struct Simulation<'c, 'p> {
    run: Run<'c>,
    driver: Driver<'p>,
}

impl<'c, 'p> Simulation<'c, 'p> {
    /// At t = 0, which is the start of the case's trace. Metric delay and lead time are the
    /// configuration's, as they are for a live controller: it is not told the world's. The signals
    /// are those of the case.
    ///
    /// # Errors
    /// Where the controller's settings make no sense.
    pub fn new(
        case: &'c Case,
        mut config: ControllerConfig,
        predict: &'p Predict<'p>,
        faults: Option<&FaultPlan>,
    ) -> Result<Self, ConfigError> {
        // The signals are those of the case: others would be missing for ever.
        config.signals = signal_settings(case.signals(), &config);
        config.validate()?;
        let start = case.trace().start();
        let request_count = case.setup().request_count;
        let faults = faults.map(FaultPlan::start);
        Ok(Self {
            run: Run::new(case, None),
            driver: Driver::new(config, (start, start), request_count, predict, faults)
                .with_signals(case.signals().to_vec()),
        })
    }

    /// At the end of the case's warm-up, through which `past` decided. The controller starts there:
    /// it finds the group as it is then, and what was published is history to it. Settings are as
    /// for [`Simulation::new`].
    ///
    /// # Errors
    /// Where the controller's settings make no sense.
    pub fn after(
        past: &Peer,
        case: &'c Case,
        mut config: ControllerConfig,
        predict: &'p Predict<'p>,
    ) -> Result<Self, ConfigError> {
        config.signals = signal_settings(case.signals(), &config);
        config.validate()?;
        let mut run = Run::new(case, None);
        let mut policy = past.start(case.peak());
        while run.world().at_s() < case.scoring_from_s() {
            run.advance(|world| {
                let wanted = policy.decide(&View::of(world));
                wanted.is_some_and(|desired| world.set_desired(desired))
            });
        }
        let epoch = case.trace().start();
        let start = reading::at(epoch, run.world().at_s());
        let request_count = case.setup().request_count;
        let driver = Driver::new(config, (epoch, start), request_count, predict, None)
            .with_signals(case.signals().to_vec());
        Ok(Self { run, driver })
    }

    /// Advances by one step; none at the end of the trace. Records go to `sink`.
    pub fn advance(&mut self, sink: &mut dyn FnMut(Timestamp, Record)) -> Option<Step> {
        let driver = &mut self.driver;
        self.run.advance(|world| driver.step(world, sink))
    }

    /// The world, between two steps.
    pub const fn world(&self) -> &World {
        self.run.world()
    }

    /// The world, to change what happens to its instances between two steps.
    pub const fn world_mut(&mut self) -> &mut World {
        self.run.world_mut()
    }

    /// The controller and its effects, between two steps.
    pub const fn driver(&self) -> &Driver<'p> {
        &self.driver
    }

    /// The score up to now; final at the end of the trace.
    pub fn score(&self) -> Score {
        self.run.score()
    }
}
