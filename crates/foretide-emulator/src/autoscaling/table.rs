//! The table of operations: the name of each, whether it changes anything, and what carries it out.
//!
//! The type of an operation's input is the list of its parameters: another parameter is an error
//! that names it.

use serde_json::Value;

use super::call::Call;
use super::{
    activities, groups, hooks, instances, launch_configurations, policies, refreshes, scheduled,
    tags, warm_pool,
};
use crate::error::ApiError;
use crate::query::read;

/// One operation.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) run: fn(&mut Call<'_>, &Value) -> Result<Value, ApiError>,
    /// Whether the operation changes anything: an operator's group refuses it.
    pub(super) writes: bool,
}

macro_rules! is_write {
    (reads) => {
        false
    };
    (writes) => {
        true
    };
}

macro_rules! operations {
    ($($name:literal $kind:ident $handler:path;)*) => {
        /// All operations, in alphabetical order.
        pub(super) const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            run: |call, input| $handler(call, read(input)?),
            writes: is_write!($kind),
        }),*];
    };
}

operations! {
    "BatchDeleteScheduledAction" writes scheduled::delete_all;
    "BatchPutScheduledUpdateGroupAction" writes scheduled::put_all;
    "CancelInstanceRefresh" writes refreshes::cancel;
    "CompleteLifecycleAction" writes hooks::complete;
    "CreateAutoScalingGroup" writes groups::create;
    "CreateLaunchConfiguration" writes launch_configurations::create;
    "CreateOrUpdateTags" writes tags::put;
    "DeleteAutoScalingGroup" writes groups::delete;
    "DeleteLaunchConfiguration" writes launch_configurations::delete;
    "DeleteLifecycleHook" writes hooks::delete;
    "DeletePolicy" writes policies::delete;
    "DeleteScheduledAction" writes scheduled::delete;
    "DeleteTags" writes tags::delete;
    "DeleteWarmPool" writes warm_pool::delete;
    "DescribeAutoScalingGroups" reads groups::describe;
    "DescribeAutoScalingInstances" reads instances::describe;
    "DescribeInstanceRefreshes" reads refreshes::describe;
    "DescribeLaunchConfigurations" reads launch_configurations::describe;
    "DescribeLifecycleHooks" reads hooks::describe;
    "DescribePolicies" reads policies::describe;
    "DescribeScalingActivities" reads activities::describe;
    "DescribeScheduledActions" reads scheduled::describe;
    "DescribeTags" reads tags::describe;
    "DescribeWarmPool" reads warm_pool::describe;
    "EnterStandby" writes instances::enter_standby;
    "ExecutePolicy" writes policies::execute;
    "ExitStandby" writes instances::exit_standby;
    "PutLifecycleHook" writes hooks::put;
    "PutScalingPolicy" writes policies::put;
    "PutScheduledUpdateGroupAction" writes scheduled::put;
    "PutWarmPool" writes warm_pool::put;
    "ResumeProcesses" writes groups::resume;
    "SetDesiredCapacity" writes groups::set_desired;
    "SetInstanceHealth" writes instances::set_health;
    "SetInstanceProtection" writes instances::protect;
    "StartInstanceRefresh" writes refreshes::start;
    "SuspendProcesses" writes groups::suspend;
    "TerminateInstanceInAutoScalingGroup" writes instances::terminate;
    "UpdateAutoScalingGroup" writes groups::update;
}
