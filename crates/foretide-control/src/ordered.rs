//! Orders of an operator: taken at once, carried out with the next look.

use foretide_domain::{Order, Record, Timestamp};

use crate::controller::Controller;
use crate::protocol::Effect;

impl Controller {
    /// Takes an order in. It is saved with it, so that nothing paused goes on after a crash.
    pub(crate) fn ordered(&mut self, order: Order, by: String) -> Vec<Effect> {
        self.state.orders.take(order, &by);
        self.state.cycle.decide_anyway = true;
        vec![
            Effect::Record(Record::Ordered { order, by }),
            Effect::SaveFirst,
        ]
    }

    /// Ends the orders that have had their time.
    pub(crate) fn end_orders(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for order in self.state.orders.expire(now) {
            self.state.cycle.decide_anyway = true;
            effects.push(Effect::Record(Record::OrderEnded(order)));
        }
    }
}
