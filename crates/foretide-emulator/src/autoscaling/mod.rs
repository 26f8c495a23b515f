//! EC2 Auto Scaling's Query protocol: form in, XML out.

mod shapes;

use foretide_domain::Timestamp;
use quick_xml::se::to_string_with_root;
use serde::Serialize;

use crate::emulator::{Emulator, State};
use crate::error::ApiError;
use crate::form::Form;
use crate::group::Group;
use crate::http::request_id;
use shapes::{
    Activity, AutoScalingGroup, Instance, InstanceRefresh, List, ScalingPolicy, ScheduledAction,
    WarmPool,
};

const NAMESPACE: &str = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
const VERSION: &str = "2011-01-01";

/// The emulated operations.
pub(crate) const OPERATIONS: [&str; 7] = [
    "DescribeAutoScalingGroups",
    "DescribeInstanceRefreshes",
    "DescribePolicies",
    "DescribeScalingActivities",
    "DescribeScheduledActions",
    "DescribeWarmPool",
    "SetDesiredCapacity",
];

/// Runs one call and renders the answer.
pub(crate) fn call(
    emulator: &Emulator,
    action: &str,
    form: Result<&Form, &ApiError>,
    number: u64,
) -> Result<String, ApiError> {
    let form = form.map_err(Clone::clone)?;
    if form.get("Version") != Some(VERSION) {
        return Err(ApiError::action(action));
    }
    emulator.with(|state, now| match action {
        "DescribeAutoScalingGroups" => render(action, number, &groups(state, form, now)?),
        "DescribeInstanceRefreshes" => render(action, number, &refreshes(state, form, now)?),
        "DescribePolicies" => render(action, number, &policies(state, form, now)?),
        "DescribeScalingActivities" => render(action, number, &activities(state, form, now)?),
        "DescribeScheduledActions" => render(action, number, &scheduled(state, form, now)?),
        "DescribeWarmPool" => render(action, number, &warm_pool(state, form, now)?),
        "SetDesiredCapacity" => {
            let desired = form.number("DesiredCapacity")?;
            let desired =
                desired.ok_or_else(|| ApiError::validation("DesiredCapacity is required"))?;
            let group = named(state, form, now)?;
            if let Some(operator) = &group.spec.operator {
                let message = format!("the group can be changed by its operator {operator} only");
                return Err(ApiError::new(403, "AccessDenied", message));
            }
            group.set_desired(desired, form.flag("HonorCooldown"), now)?;
            Ok(envelope(action, "", number))
        }
        other => Err(ApiError::action(other)),
    })
}

/// Renders an error.
pub(crate) fn error(error: &ApiError, number: u64) -> String {
    let body = shapes::ErrorResponse {
        xmlns: NAMESPACE,
        error: shapes::ErrorBody {
            kind: error.fault(),
            code: error.code,
            message: &error.message,
        },
        request_id: request_id(number),
    };
    // Rendering text fields cannot fail; an empty body would show as a malformed answer.
    to_string_with_root("ErrorResponse", &body).unwrap_or_default()
}

fn render(action: &str, number: u64, result: &impl Serialize) -> Result<String, ApiError> {
    let failed = |_| ApiError::new(500, "InternalFailure", "the answer could not be rendered");
    let result = to_string_with_root(&format!("{action}Result"), result).map_err(failed)?;
    Ok(envelope(action, &result, number))
}

fn envelope(action: &str, result: &str, number: u64) -> String {
    let id = request_id(number);
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\">{result}<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// The group that the call names.
///
/// # Errors
/// There is no such group.
fn named<'s>(state: &'s mut State, form: &Form, now: Timestamp) -> Result<&'s mut Group, ApiError> {
    let name = form.required("AutoScalingGroupName")?;
    state
        .group(name, now)
        .ok_or_else(|| ApiError::validation("AutoScalingGroup name not found - null"))
}

/// The groups that the call names; all groups if it names none.
fn optional<'s>(
    state: &'s mut State,
    form: &Form,
    now: Timestamp,
) -> Result<Vec<&'s mut Group>, ApiError> {
    if form.get("AutoScalingGroupName").is_some() {
        return named(state, form, now).map(|group| vec![group]);
    }
    let mut all: Vec<&mut Group> = state.groups.values_mut().collect();
    for group in &mut all {
        group.advance(now);
    }
    Ok(all)
}

fn groups(state: &mut State, form: &Form, now: Timestamp) -> Result<shapes::Groups, ApiError> {
    let mut names: Vec<String> = form
        .list("AutoScalingGroupNames")
        .into_iter()
        .map(String::from)
        .collect();
    if names.is_empty() {
        names = state.groups.keys().cloned().collect();
    }
    names.sort();
    names.dedup();
    names.retain(|name| state.groups.contains_key(name));
    let (names, next_token) = form.page(50, 100)?.cut(names);
    let mut member = Vec::with_capacity(names.len());
    for name in names {
        member.extend(
            state
                .group(&name, now)
                .map(|group| AutoScalingGroup::of(group)),
        );
    }
    Ok(shapes::Groups {
        groups: List { member },
        next_token,
    })
}

fn activities(
    state: &mut State,
    form: &Form,
    now: Timestamp,
) -> Result<shapes::Activities, ApiError> {
    let mut all = Vec::new();
    for group in optional(state, form, now)? {
        all.extend(
            group
                .roster
                .activities()
                .map(|activity| Activity::of(group, activity)),
        );
    }
    all.sort_by(|a: &Activity, b| b.start_time.cmp(&a.start_time));
    let (member, next_token) = form.page(100, 100)?.cut(all);
    Ok(shapes::Activities {
        activities: List { member },
        next_token,
    })
}

fn policies(state: &mut State, form: &Form, now: Timestamp) -> Result<shapes::Policies, ApiError> {
    let mut all = Vec::new();
    for group in optional(state, form, now)? {
        all.extend(
            group
                .spec
                .policies
                .iter()
                .map(|policy| ScalingPolicy::of(&group.spec.name, policy)),
        );
    }
    let (member, next_token) = form.page(50, 100)?.cut(all);
    Ok(shapes::Policies {
        policies: List { member },
        next_token,
    })
}

fn scheduled(
    state: &mut State,
    form: &Form,
    now: Timestamp,
) -> Result<shapes::Scheduled, ApiError> {
    let mut all = Vec::new();
    for group in optional(state, form, now)? {
        let actions = group.spec.scheduled_actions.iter();
        all.extend(actions.map(|action| ScheduledAction::of(&group.spec.name, action)));
    }
    let (member, next_token) = form.page(50, 100)?.cut(all);
    Ok(shapes::Scheduled {
        actions: List { member },
        next_token,
    })
}

fn refreshes(
    state: &mut State,
    form: &Form,
    now: Timestamp,
) -> Result<shapes::Refreshes, ApiError> {
    let group = named(state, form, now)?;
    let refresh = group.spec.refreshing.then(|| InstanceRefresh::of(group));
    let (member, next_token) = form.page(50, 100)?.cut(refresh.into_iter().collect());
    Ok(shapes::Refreshes {
        refreshes: List { member },
        next_token,
    })
}

fn warm_pool(state: &mut State, form: &Form, now: Timestamp) -> Result<WarmPool, ApiError> {
    let group = named(state, form, now)?;
    let Some(size) = group.spec.warm_pool else {
        return Ok(WarmPool {
            configuration: None,
            instances: List { member: Vec::new() },
            next_token: None,
        });
    };
    let all = (0..size.min(1000))
        .map(|place| Instance::warm(&group.spec.name, place))
        .collect();
    let (member, next_token) = form.page(50, 50)?.cut(all);
    Ok(WarmPool {
        configuration: Some(shapes::WarmPoolConfiguration::default()),
        instances: List { member },
        next_token,
    })
}
