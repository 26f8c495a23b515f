//! The metrics of one instance that the original collects, and the statistics of each.

/// The original's seven metrics of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceMetric {
    /// CPU in percent.
    Cpu,
    /// Bytes received in the period.
    NetworkIn,
    /// Bytes sent in the period.
    NetworkOut,
    /// Bytes read from instance-store volumes.
    DiskRead,
    /// Bytes written to instance-store volumes.
    DiskWrite,
    /// Packets received.
    PacketsIn,
    /// Packets sent.
    PacketsOut,
}

impl InstanceMetric {
    /// All seven, in the original's order.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::NetworkIn,
        Self::NetworkOut,
        Self::DiskRead,
        Self::DiskWrite,
        Self::PacketsIn,
        Self::PacketsOut,
    ];

    /// The metric's name in `CloudWatch`.
    pub const fn cloudwatch_name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::NetworkIn => "NetworkIn",
            Self::NetworkOut => "NetworkOut",
            Self::DiskRead => "DiskReadBytes",
            Self::DiskWrite => "DiskWriteBytes",
            Self::PacketsIn => "NetworkPacketsIn",
            Self::PacketsOut => "NetworkPacketsOut",
        }
    }

    /// The metric's name in the original's records.
    pub const fn original_name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_utilization",
            Self::NetworkIn => "network_in",
            Self::NetworkOut => "network_out",
            Self::DiskRead => "disk_read_bytes",
            Self::DiskWrite => "disk_write_bytes",
            Self::PacketsIn => "network_packets_in",
            Self::PacketsOut => "network_packets_out",
        }
    }

    pub(super) const fn stats(self) -> &'static [InstanceStat] {
        match self {
            Self::NetworkIn | Self::NetworkOut => &[
                InstanceStat::Average,
                InstanceStat::Maximum,
                InstanceStat::Sum,
            ],
            _ => &[InstanceStat::Average, InstanceStat::Maximum],
        }
    }
}

/// The statistics that are read of an instance's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstanceStat {
    Average,
    Maximum,
    Sum,
}
