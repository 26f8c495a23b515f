//! Elastic Load Balancing: the health of targets. It speaks the Query protocol.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::emulator::{Emulator, State};
use crate::error::ApiError;
use crate::query::{self, Form, read};
use crate::target_health::{NOT_REGISTERED, TargetHealth, targets};
use crate::targets::name_of;

pub(crate) const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";
pub(crate) const VERSION: &str = "2015-12-01";
/// The only operation.
const DESCRIBE: &str = "DescribeTargetHealth";
/// Port of every target.
const PORT: u16 = 80;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Describe {
    target_group_arn: String,
    #[serde(default)]
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Target {
    id: String,
    #[serde(default)]
    port: Option<u32>,
}

/// The emulated operations.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    std::iter::once(DESCRIBE)
}

/// Runs the operation that `form` names and renders the answer.
pub(crate) fn call(emulator: &Emulator, form: &Form, number: u64) -> Result<String, ApiError> {
    if form.action != DESCRIBE {
        return Err(ApiError::action(&form.action));
    }
    let input: Describe = read(&form.input)?;
    let result = emulator.with(|state, now| {
        for group in state.groups.values_mut() {
            group.advance(now);
        }
        describe(state, &input)
    })?;
    Ok(query::answer(DESCRIBE, NAMESPACE, &result, number))
}

fn describe(state: &State, input: &Describe) -> Result<Value, ApiError> {
    let name = name_of(&input.target_group_arn);
    let attached = state.groups.values().flat_map(|group| {
        let own = group.spec.target_groups.iter();
        own.map(move |target_group| (group, target_group))
    });
    let attached: Vec<_> = attached
        .filter(|(_, target_group)| Some(target_group.name.as_str()) == name)
        .collect();
    if attached.is_empty() {
        let message = "One or more target groups not found";
        return Err(ApiError::new(400, "TargetGroupNotFound", message));
    }
    let all = attached.into_iter();
    let all = all.flat_map(|(group, target_group)| targets(group, target_group));
    let all: Vec<(String, TargetHealth)> = all.collect();
    let shown: Vec<Value> = if input.targets.is_empty() {
        all.iter().map(|(id, health)| show(id, *health)).collect()
    } else {
        let asked = input.targets.iter().map(|target| {
            let same_port = target.port.is_none_or(|port| port == u32::from(PORT));
            let known = all.iter().find(|(id, _)| *id == target.id && same_port);
            show(
                &target.id,
                known.map_or(NOT_REGISTERED, |(_, health)| *health),
            )
        });
        asked.collect()
    };
    Ok(json!({"TargetHealthDescriptions": shown}))
}

fn show(id: &str, health: TargetHealth) -> Value {
    json!({
        "Target": {"Id": id, "Port": PORT},
        "HealthCheckPort": PORT.to_string(),
        "TargetHealth": {
            "State": health.state,
            "Reason": health.reason,
            "Description": health.description,
        },
    })
}

#[cfg(test)]
mod tests {
    use foretide_domain::Timestamp;

    use super::*;
    use crate::scenario::{GroupSpec, Scenario};
    use crate::targets::{TargetGroupSpec, arn};

    /// Two groups, both behind `front`, and the first one also behind `back`.
    fn emulator() -> Emulator {
        let target_group = |name: &str| TargetGroupSpec {
            name: name.into(),
            ..TargetGroupSpec::default()
        };
        let group = |name: &str, target_groups: &[&str]| GroupSpec {
            name: name.into(),
            target_groups: target_groups
                .iter()
                .map(|name| target_group(name))
                .collect(),
            ..GroupSpec::default()
        };
        let scenario = Scenario {
            groups: vec![
                group("blue", &["front", "back"]),
                group("green", &["front"]),
            ],
            ..Scenario::default()
        };
        Emulator::new(&scenario, || Timestamp::from_seconds(1_000_000_200)).unwrap()
    }

    fn run(name: &str, rest: &str) -> Result<String, ApiError> {
        let arn = arn("eu-west-1", name);
        let form = format!("Action={DESCRIBE}&Version={VERSION}&TargetGroupArn={arn}{rest}");
        let form = Form::parse(form.as_bytes()).unwrap();
        call(&emulator(), &form, 1)
    }

    #[test]
    fn a_target_group_has_the_instances_of_every_group_behind_it() {
        let healthy = |name| run(name, "").unwrap().matches("<State>healthy").count();
        assert_eq!((healthy("front"), healthy("back")), (4, 2));
        let named = run("back", "&Targets.member.1.Id=i-1&Targets.member.1.Port=80").unwrap();
        assert!(named.contains("<Reason>Target.NotRegistered"), "{named}");
        assert_eq!(named.matches("<member>").count(), 1);
    }

    #[test]
    fn what_is_not_there_or_not_known_is_refused() {
        assert_eq!(run("side", "").unwrap_err().code, "TargetGroupNotFound");
        let unknown = run("front", "&Include.member.1=All").unwrap_err();
        assert!(unknown.message.contains("the parameter Include"));
        let other = Form::parse(b"Action=DescribeLoadBalancers&Version=2015-12-01").unwrap();
        let error = call(&emulator(), &other, 1).unwrap_err();
        assert_eq!(error.code, "InvalidAction");
    }
}
