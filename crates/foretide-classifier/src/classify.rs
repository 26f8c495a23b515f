//! The original's two classifications of a workload: which resource dominates, how urgent it is.

use foretide_domain::{TaskPriority, TaskType};

/// The group's size and the bounds it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Instances that the metrics stand for.
    pub instance_count: u32,
    /// Lower bound of the desired capacity.
    pub min_capacity: u32,
    /// Upper bound of the desired capacity.
    pub max_capacity: u32,
}

/// The dominant resource of CPU percent, memory percent and network MiB/s, compared as bare
/// numbers as the original does. Ties prefer compute, then network.
pub fn task_type(cpu: f64, memory: f64, network: f64) -> TaskType {
    if cpu >= network.max(memory) {
        TaskType::Compute
    } else if network >= cpu.max(memory) {
        TaskType::Network
    } else {
        TaskType::Io
    }
}

/// Urgency by the largest of CPU percent, memory percent and twice the network's MiB/s (at most
/// 100), and by where the group stands in its bounds. The original's branch for a group at its
/// maximum says what the last one says anyway and is left out.
pub fn task_priority(cpu: f64, memory: f64, network: f64, group: &Group) -> TaskPriority {
    let intensity = cpu.max(memory).max((network * 2.0).min(100.0));
    let at_minimum = group.instance_count <= group.min_capacity;
    if intensity > 80.0 || (at_minimum && intensity > 60.0) {
        TaskPriority::High
    } else if intensity > 50.0 {
        TaskPriority::Medium
    } else {
        TaskPriority::Low
    }
}
