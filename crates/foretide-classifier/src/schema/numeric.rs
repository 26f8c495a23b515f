//! The numbers that a column may hold: seven features and the original's four interactions of them.

use foretide_domain::Features;

/// Keeps the original's ratios finite where the denominator is zero.
const RATIO_EPSILON: f64 = 1e-5;

/// A number, in the order of the original's scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numeric {
    CpuUsage,
    MemoryUsage,
    NetworkTraffic,
    PowerConsumption,
    NumExecutedInstructions,
    ExecutionTime,
    EnergyEfficiency,
    CpuMemProduct,
    CpuNetworkRatio,
    PowerPerCpu,
    ExecutionPerInstruction,
}

impl Numeric {
    pub(crate) const ALL: [Self; 11] = [
        Self::CpuUsage,
        Self::MemoryUsage,
        Self::NetworkTraffic,
        Self::PowerConsumption,
        Self::NumExecutedInstructions,
        Self::ExecutionTime,
        Self::EnergyEfficiency,
        Self::CpuMemProduct,
        Self::CpuNetworkRatio,
        Self::PowerPerCpu,
        Self::ExecutionPerInstruction,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CpuUsage => "cpu_usage",
            Self::MemoryUsage => "memory_usage",
            Self::NetworkTraffic => "network_traffic",
            Self::PowerConsumption => "power_consumption",
            Self::NumExecutedInstructions => "num_executed_instructions",
            Self::ExecutionTime => "execution_time",
            Self::EnergyEfficiency => "energy_efficiency",
            Self::CpuMemProduct => "cpu_mem_product",
            Self::CpuNetworkRatio => "cpu_network_ratio",
            Self::PowerPerCpu => "power_per_cpu",
            Self::ExecutionPerInstruction => "execution_per_instruction",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|number| number.name() == name)
    }

    /// The seven features that are numbers, with their names.
    pub(super) fn raw_of(f: &Features) -> [(&'static str, f64); 7] {
        [
            (Self::CpuUsage.name(), f.cpu_usage),
            (Self::MemoryUsage.name(), f.memory_usage),
            (Self::NetworkTraffic.name(), f.network_traffic),
            (Self::PowerConsumption.name(), f.power_consumption),
            (
                Self::NumExecutedInstructions.name(),
                f.num_executed_instructions,
            ),
            (Self::ExecutionTime.name(), f.execution_time),
            (Self::EnergyEfficiency.name(), f.energy_efficiency),
        ]
    }

    /// Every number, at the index that is its discriminant.
    pub(super) fn all_of(f: &Features) -> [f64; 11] {
        [
            f.cpu_usage,
            f.memory_usage,
            f.network_traffic,
            f.power_consumption,
            f.num_executed_instructions,
            f.execution_time,
            f.energy_efficiency,
            f.cpu_usage * f.memory_usage,
            f.cpu_usage / (f.network_traffic + RATIO_EPSILON),
            f.power_consumption / (f.cpu_usage + RATIO_EPSILON),
            f.execution_time / (f.num_executed_instructions + 1.0),
        ]
    }

    /// Mean and population standard deviation over rows; the deviation is 1 where it would be 0 or
    /// not finite, so that scaling by it is harmless.
    pub(super) fn moments<'a>(
        self,
        rows: impl Iterator<Item = &'a Features> + Clone,
    ) -> (f64, f64) {
        let values = rows.map(|row| Self::all_of(row)[self as usize]);
        let count = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let deviation = (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        let usable = deviation.is_finite() && deviation > 0.0;
        (mean, if usable { deviation } else { 1.0 })
    }
}
