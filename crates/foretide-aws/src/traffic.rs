//! What sends requests to a group's instances, and whether Foretide can read its health.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::AutoScalingGroup;
use foretide_domain::ReadinessDoubt;
use thiserror::Error;

/// What sends requests to the instances of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficSources {
    /// ARNs of the target groups of Elastic Load Balancing.
    pub target_groups: BTreeSet<String>,
    /// Names of the classic load balancers.
    pub classic: BTreeSet<String>,
    /// ARNs of the target groups of VPC Lattice.
    pub lattice: BTreeSet<String>,
}

impl TrafficSources {
    /// The sources of the SDK's `group`. AWS lists most sources twice: as traffic sources, and in
    /// the older lists of each kind.
    pub(crate) fn of(group: &AutoScalingGroup) -> Self {
        let mut found = Self {
            target_groups: group.target_group_arns().iter().cloned().collect(),
            classic: group.load_balancer_names().iter().cloned().collect(),
            lattice: BTreeSet::new(),
        };
        for source in group.traffic_sources() {
            let Some(identifier) = source.identifier() else {
                continue;
            };
            let kind = match source.r#type() {
                Some("elb") => &mut found.classic,
                Some("elbv2") => &mut found.target_groups,
                Some("vpc-lattice") => &mut found.lattice,
                _ if identifier.contains(":vpc-lattice:") => &mut found.lattice,
                _ if identifier.contains(":targetgroup/") => &mut found.target_groups,
                _ => &mut found.classic,
            };
            kind.insert(identifier.to_owned());
        }
        found
    }

    /// Why the target groups cannot decide who serves; none if they can.
    pub fn doubt(&self) -> Option<ReadinessDoubt> {
        if let Some(name) = self.classic.first().cloned() {
            return Some(ReadinessDoubt::ClassicLoadBalancer { name });
        }
        if let Some(name) = self.lattice.first().cloned() {
            return Some(ReadinessDoubt::VpcLattice { name });
        }
        let none = self.target_groups.is_empty();
        none.then_some(ReadinessDoubt::NoTargetGroup)
    }
}

/// A group whose target groups cannot decide who serves, although its settings ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("group `{group}`: load.ready = \"target-group\" cannot be used: {doubt}")]
pub struct RefusedTraffic {
    /// The group's name.
    pub group: String,
    /// Why.
    pub doubt: ReadinessDoubt,
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::types::TrafficSourceIdentifier;

    use super::*;

    const TARGETS: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/6d0ecf83";
    const LATTICE: &str = "arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-0c2a";

    fn source(identifier: &str, kind: Option<&str>) -> TrafficSourceIdentifier {
        let source = TrafficSourceIdentifier::builder().identifier(identifier);
        source.set_type(kind.map(str::to_owned)).build()
    }

    fn doubt(sources: &[TrafficSourceIdentifier]) -> Option<ReadinessDoubt> {
        let group = AutoScalingGroup::builder().target_group_arns(TARGETS);
        let group = group.set_traffic_sources(Some(sources.to_vec())).build();
        let found = TrafficSources::of(&group);
        assert_eq!(found.target_groups, [TARGETS.to_owned()].into());
        found.doubt()
    }

    #[test]
    fn sources_are_told_apart_by_their_type_or_their_name() {
        assert_eq!(doubt(&[]), None);
        assert_eq!(doubt(&[source(TARGETS, Some("elbv2"))]), None);
        assert_eq!(doubt(&[source(TARGETS, None)]), None);
        let lattice = ReadinessDoubt::VpcLattice {
            name: LATTICE.into(),
        };
        for kind in [None, Some("vpc-lattice")] {
            assert_eq!(doubt(&[source(LATTICE, kind)]), Some(lattice.clone()));
        }
        let classic = ReadinessDoubt::ClassicLoadBalancer { name: "old".into() };
        assert_eq!(doubt(&[source("old", Some("elb"))]), Some(classic));
    }

    #[test]
    fn a_group_without_target_group_and_one_with_a_classic_load_balancer_are_refused() {
        let none = AutoScalingGroup::builder().build();
        let none = TrafficSources::of(&none).doubt();
        assert_eq!(none, Some(ReadinessDoubt::NoTargetGroup));
        let classic = AutoScalingGroup::builder().load_balancer_names("old");
        let refused = RefusedTraffic {
            group: "web".into(),
            doubt: TrafficSources::of(&classic.build()).doubt().unwrap(),
        };
        let said = refused.to_string();
        assert!(
            said.contains("group `web`") && said.contains("`old`"),
            "{said}"
        );
    }
}
