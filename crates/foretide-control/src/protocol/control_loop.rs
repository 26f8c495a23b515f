//! The loop that runs a controller: carries its effects out and hands it what happens.

use std::collections::VecDeque;

use foretide_domain::Timestamp;

use super::{Effect, Event, Snapshot};
use crate::config::ControllerConfig;
use crate::controller::Controller;

/// What carries a controller's effects out: AWS and a store, a simulated group, a journal.
pub trait Outside {
    /// Carries out one effect at `now`. `controller` is the one that asked for it.
    fn carry_out(&mut self, effect: Effect, controller: &Controller, now: Timestamp);

    /// The next thing that has happened by `now`. It is asked for once all effects are carried
    /// out, until there is nothing more.
    fn next_event(&mut self, now: Timestamp) -> Option<Event>;

    /// A controller that takes the place of this one, after a crash. It is asked for before every
    /// event and after every effect: the crashed controller's effects and event are lost.
    fn restarted(&mut self, _lost: &VecDeque<Effect>, _now: Timestamp) -> Option<ControlLoop> {
        None
    }

    /// Whether effects can be carried out at present; where they cannot, they wait.
    fn is_up(&self) -> bool {
        true
    }
}

/// A controller with the effects that are still to be carried out.
#[derive(Clone, Debug)]
pub struct ControlLoop {
    controller: Controller,
    effects: VecDeque<Effect>,
}

impl ControlLoop {
    /// A controller with `config`, which must be valid, that goes on from `snapshot`.
    pub fn new(config: ControllerConfig, snapshot: Snapshot, now: Timestamp) -> Self {
        let (controller, effects) = Controller::resume(config, snapshot, now);
        Self {
            controller,
            effects: effects.into(),
        }
    }

    /// The controller.
    pub const fn controller(&self) -> &Controller {
        &self.controller
    }

    /// Hands `event` to the controller; carries out what it asks for.
    pub fn tell(&mut self, event: Event, outside: &mut impl Outside, now: Timestamp) {
        self.effects.extend(self.controller.handle(event, now));
        self.run(outside, now);
    }

    /// Carries out every effect and hands in every event, until neither is left. Effects are
    /// carried out in their order, all of them before the next event.
    pub fn run(&mut self, outside: &mut impl Outside, now: Timestamp) {
        loop {
            while outside.is_up()
                && let Some(effect) = self.effects.pop_front()
            {
                outside.carry_out(effect, &self.controller, now);
                self.restart(outside, now);
            }
            let Some(event) = outside.next_event(now) else {
                return;
            };
            if !self.restart(outside, now) {
                self.effects.extend(self.controller.handle(event, now));
            }
        }
    }

    fn restart(&mut self, outside: &mut impl Outside, now: Timestamp) -> bool {
        let restarted = outside.restarted(&self.effects, now);
        let is_restarted = restarted.is_some();
        if let Some(restarted) = restarted {
            *self = restarted;
        }
        is_restarted
    }
}
