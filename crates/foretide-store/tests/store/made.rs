//! Makes entries to store.

use std::sync::Arc;
use std::time::Duration;

use foretide_control::{Controller, ControllerConfig, SavedState};
use foretide_domain::{
    Bounds, BytesPerSecond, Class, ClassifierRule, Datapoint, Decision, Explanation, Features,
    GroupState, Guard, Inputs, LifecycleCounts, Load, Memory, Mode, Percent, Plan, PolicyKind,
    Proposal, Record, Rule, Staleness, SuspendedProcesses, TaskPriority, TaskType, Timestamp,
};
use foretide_runtime::{Batch, Entry, GroupKey, StateToKeep, What};

pub(crate) fn key() -> GroupKey {
    GroupKey::new("eu-west-1", "web")
}

/// A second of 2026-11-23.
pub(crate) fn second(count: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_392_000 + count)
}

pub(crate) fn state(at: Timestamp) -> SavedState {
    let (controller, _) = Controller::new(ControllerConfig::default(), at);
    controller.saved_state().clone()
}

pub(crate) fn entry(at: Timestamp, what: What) -> Arc<Entry> {
    Arc::new(Entry {
        group: Some(key()),
        at,
        what,
    })
}

pub(crate) fn batch(entries: Vec<Arc<Entry>>) -> Batch {
    Batch {
        entries,
        states: Vec::new(),
    }
}

pub(crate) fn with_state(mut batch: Batch, at: Timestamp) -> Batch {
    batch.states.push(StateToKeep {
        group: key(),
        at,
        state: Arc::new(state(at)),
    });
    batch
}

pub(crate) fn bounds() -> Bounds {
    Bounds::new(1, 3).unwrap()
}

pub(crate) fn plan(before: u32, desired: u32) -> Plan {
    Plan {
        desired,
        expected_desired: before,
        expected_bounds: bounds(),
    }
}

pub(crate) fn point(start: Timestamp, cpu: f64) -> Datapoint {
    Datapoint {
        start,
        period: Duration::from_secs(60),
        cpu: Percent::new(cpu),
        instances: 2.0,
        network_in: BytesPerSecond::new(1000.5),
        network_out: None,
        memory: Percent::new(1.0 / 3.0),
        demand: Some(12.25),
        unaccounted: None,
    }
}

/// A reading of a group.
pub(crate) fn group(desired: u32, in_service: u32) -> GroupState {
    GroupState {
        desired,
        ..GroupState::at_rest(bounds(), in_service)
    }
}

pub(crate) fn features() -> Features {
    Features {
        cpu_usage: 45.5,
        memory_usage: 60.2,
        network_traffic: 122.1,
        power_consumption: 35.6,
        num_executed_instructions: 1_200_000_000.0,
        execution_time: 0.8,
        energy_efficiency: 0.92,
        task_type: TaskType::Compute,
        task_priority: TaskPriority::High,
    }
}

fn inputs(before: u32, class: Class) -> Inputs {
    Inputs {
        desired: before,
        bounds: bounds(),
        counts: LifecycleCounts {
            in_service: before,
            ..LifecycleCounts::default()
        },
        group_age: Duration::from_millis(100),
        suspended: SuspendedProcesses::default(),
        refreshing: false,
        refresh_unknown: false,
        cpu: Percent::new(45.5),
        load: Load::new(91.0),
        instances: Some(2.0),
        data_age: Some(Duration::from_secs(70)),
        fresh: true,
        staleness: Staleness::Fresh,
        signals: Vec::new(),
        signal_forecast: None,
        event: None,
        coverage: Some(1.0),
        unaccounted: None,
        starting: 0,
        memory: Percent::new(60.2).map(Memory::Estimated),
        features: Some(features()),
        forecast: None,
        class: Some((class, 0.875)),
        streak: 30,
        streak_datapoints: 6,
        streak_needed: None,
        cooldown_left: Duration::ZERO,
        settings: None,
        orders: foretide_domain::Orders::default(),
        pace: foretide_domain::PaceFigures::default(),
        headroom: foretide_domain::Headroom::NONE,
        start_wait_left: None,
        breaker_open: false,
        health: foretide_domain::Verdict::default(),
        hours: foretide_domain::Hours::default(),
        week: foretide_domain::Hours::default(),
        baseline: None,
    }
}

/// A decision of policy `classifier` at a group of `before` instances.
pub(crate) fn decision(
    at: Timestamp,
    before: u32,
    class: Class,
    desired: Option<u32>,
    bound_by: Option<Guard>,
) -> Decision {
    let (wanted, rule) = match class {
        Class::ScaleOut => (Some(before + 1), ClassifierRule::ScaleOut),
        Class::ScaleIn => (Some(before - 1), ClassifierRule::ScaleIn),
        Class::Hold => (None, ClassifierRule::Hold),
    };
    Decision {
        at,
        desired,
        next_look: at.plus(Duration::from_millis(9970)),
        explanation: Explanation {
            mode: Mode::Enforce,
            policy: PolicyKind::Classifier,
            inputs: inputs(before, class),
            proposal: Proposal::new(wanted, Rule::Classifier(rule)),
            steps: Vec::new(),
            bound_by,
        },
    }
}

pub(crate) fn decided(decision: Decision) -> What {
    What::Record(Record::Decided(Box::new(decision)))
}
