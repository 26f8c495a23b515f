//! What operators do to one instance that they name, by its ordinal.

use super::World;
use super::boot::Boot;

impl World {
    /// Moves the instance `ordinal` into standby (`into`) or back into service. Desired capacity
    /// stays: see [`Self::move_desired`]. Returns whether the instance was there to move.
    pub fn stand(&mut self, ordinal: u64, into: bool) -> bool {
        let so_far = self.so_far();
        self.fleet.stand(ordinal, into, &so_far)
    }

    /// Protects the instance `ordinal` from scale-in, or ends its protection. Returns whether the
    /// instance is in service or standby.
    pub fn protect_one(&mut self, ordinal: u64, protected: bool) -> bool {
        self.fleet.change(ordinal, |one| one.protected = protected)
    }

    /// Sets the health of the instance `ordinal`. Returns whether the instance is in service or
    /// standby.
    pub fn set_health(&mut self, ordinal: u64, healthy: bool) -> bool {
        self.fleet.change(ordinal, |one| one.healthy = healthy)
    }

    /// Whether instances launched from now on are protected from scale-in.
    pub const fn protect_new(&mut self, protected: bool) {
        self.config.life.protected = protected;
    }

    /// Ends the wait of an instance that is pending or drains: a pending one comes into service at
    /// the next step, or fails if not `succeeds`. Returns whether the instance waited.
    pub fn end_wait(&mut self, ordinal: u64, succeeds: bool) -> bool {
        self.fleet.end_wait(ordinal, succeeds, self.at_s)
    }

    /// Adds `instances` times an instance's capacity units to desired capacity. Returns false, and
    /// changes nothing, where this would leave the bounds.
    pub fn move_desired(&mut self, instances: i64) -> bool {
        let weight = i64::from(self.config.life.weight.max(1));
        let wanted = i64::from(self.desired).saturating_add(instances.saturating_mul(weight));
        match u32::try_from(wanted) {
            Ok(wanted) if self.config.bounds.contains(wanted) => {
                self.desired = wanted;
                true
            }
            _ => false,
        }
    }

    /// Sets the capacity units of each instance.
    pub const fn set_weight(&mut self, weight: u32) {
        self.config.life.weight = weight;
    }

    /// Sets the boot time of launches from now on, and the draining time of terminations.
    pub const fn set_waits(&mut self, boot_s: u32, drain_s: u32) {
        self.config.boot = Boot::Constant { seconds: boot_s };
        self.config.life.drain_s = drain_s;
    }

    /// Launches and terminates what desired capacity asks for now, and lets every change that is
    /// due happen, without waiting for the step to begin.
    pub fn settle(&mut self) {
        self.reconcile();
        let so_far = self.so_far();
        let life = &self.config.life;
        self.fleet.advance(self.at_s, &so_far, life, &mut self.bill);
    }
}

#[cfg(test)]
mod tests {
    use foretide_domain::Bounds;

    use super::super::{InstanceState, Life, WorldConfig};
    use super::*;

    fn world(boot_s: u32) -> World {
        World::new(WorldConfig {
            bounds: Bounds::new(1, 5).unwrap(),
            unit: 100.0,
            boot: Boot::Constant { seconds: boot_s },
            launch_failure: 0.0,
            delay_s: 60,
            period_s: 60,
            seed: 1,
            scoring_from_s: 0,
            initial: 3,
            life: Life::default(),
        })
    }

    fn step(world: &mut World) {
        world.begin_step();
        world.finish_step(100.0);
    }

    fn state(world: &World, ordinal: u64) -> InstanceState {
        let mut all = world.instances();
        all.find(|one| one.ordinal == ordinal).unwrap().state
    }

    #[test]
    fn a_named_instance_stands_by_and_comes_back() {
        let mut world = world(60);
        assert!(world.stand(1, true) && !world.stand(1, true) && !world.stand(9, true));
        assert!(world.move_desired(-1));
        step(&mut world);
        assert_eq!(state(&world, 1), InstanceState::Standby);
        assert_eq!((world.in_service(), world.desired()), (2, 2));
        assert!(world.stand(1, false) && world.move_desired(1));
        step(&mut world);
        assert_eq!((world.in_service(), world.pending()), (3, 0));
    }

    #[test]
    fn desired_capacity_is_not_moved_beyond_the_bounds() {
        let mut world = world(60);
        assert!(!world.move_desired(-3) && !world.move_desired(3) && !world.move_desired(i64::MAX));
        assert_eq!(world.desired(), 3);
        assert!(world.move_desired(-2), "control");
    }

    #[test]
    fn protection_and_health_are_of_the_named_instance_alone() {
        let mut world = world(60);
        assert!(world.protect_one(0, true) && !world.protect_one(9, true));
        assert!(world.set_health(1, false));
        world.set_desired(2);
        step(&mut world);
        let left = |world: &World, ordinal| state(world, ordinal) == InstanceState::Gone;
        assert!(!left(&world, 0) && left(&world, 1) && !left(&world, 2));
    }

    #[test]
    fn a_wait_ends_when_it_is_told_to() {
        let mut world = world(600);
        world.set_desired(5);
        step(&mut world);
        assert!(world.end_wait(3, true) && world.end_wait(4, false) && !world.end_wait(0, true));
        step(&mut world);
        assert_eq!(world.in_service(), 4);
        assert_eq!(state(&world, 4), InstanceState::Gone);
    }

    #[test]
    fn a_world_that_boots_in_no_time_settles_at_once() {
        let mut world = world(0);
        world.set_desired(5);
        world.settle();
        assert_eq!(world.in_service(), 5);
    }
}
