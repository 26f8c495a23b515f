//! Who serves where a group's target groups decide: their part of a reading of the group.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CallFailure, FailureKind, Launch};

/// The part of a group's reading that comes from its target groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// Launches whose instance became healthy in all target groups since the previous reading. Each
    /// ends at that time, and each is listed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub launches: Vec<Launch>,
    /// Why every instance in service counts as ready; none while the target groups decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<ReadinessDoubt>,
}

/// Why a group's target groups do not decide who serves, although the configuration asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "doubt")]
pub enum ReadinessDoubt {
    /// The health of the targets cannot be read.
    Unread {
        /// What AWS answered.
        failure: CallFailure,
    },
    /// A classic load balancer is attached to the group.
    ClassicLoadBalancer {
        /// Its name.
        name: String,
    },
    /// A target group of VPC Lattice is attached to the group.
    VpcLattice {
        /// Its ARN.
        name: String,
    },
    /// No target group is attached to the group.
    NoTargetGroup,
    /// Every instance is unhealthy. A load balancer then sends requests to all of them.
    AllUnhealthy,
}

impl ReadinessDoubt {
    /// Whether both have the same cause; texts of AWS are not compared.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unread { failure: a }, Self::Unread { failure: b }) => a.kind == b.kind,
            (a, b) => a == b,
        }
    }

    /// The next step of a person.
    pub const fn next_step(&self) -> &'static str {
        match self {
            Self::Unread { failure } if matches!(failure.kind, FailureKind::Denied) => {
                "allow elasticloadbalancing:DescribeTargetHealth (docs/iam.md), or set \
                 load.ready = \"in-service\""
            }
            Self::Unread { .. } => "`foretide doctor` shows AWS's answer",
            Self::ClassicLoadBalancer { .. } | Self::VpcLattice { .. } | Self::NoTargetGroup => {
                "attach target groups of Elastic Load Balancing alone, or set load.ready = \
                 \"in-service\""
            }
            Self::AllUnhealthy => "see why the health checks of the target groups fail",
        }
    }
}

impl fmt::Display for ReadinessDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread { failure } => {
                write!(f, "the health of the targets cannot be read: {failure}")
            }
            Self::ClassicLoadBalancer { name } => write!(
                f,
                "Foretide does not read the health of classic load balancers, and `{name}` is \
                 attached to the group"
            ),
            Self::VpcLattice { name } => write!(
                f,
                "Foretide does not read the health of VPC Lattice, and its target group `{name}` \
                 is attached to the group"
            ),
            Self::NoTargetGroup => f.write_str("no target group is attached to the group"),
            Self::AllUnhealthy => f.write_str(
                "no instance is healthy in all target groups, and load balancers then send \
                 requests to all",
            ),
        }
    }
}
