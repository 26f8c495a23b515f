//! What is read of a group beside its description, while it matters: launches and targets.

use std::collections::BTreeSet;

use foretide_domain::{CallFailure, Timestamp};

use crate::activity::LaunchActivity;
use crate::clients::AwsClients;
use crate::targets::TargetHealth;

/// What to read of one group.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Start of the launches to read.
    pub(crate) launches_since: Option<Timestamp>,
    /// ARNs of the target groups to read.
    pub(crate) target_groups: Option<BTreeSet<String>>,
}

/// The answers. None for what was not read, and for launches that cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) launches: Option<Vec<LaunchActivity>>,
    pub(crate) targets: Option<Result<TargetHealth, CallFailure>>,
}

impl Wanted {
    pub(crate) const fn is_nothing(&self) -> bool {
        self.launches_since.is_none() && self.target_groups.is_none()
    }

    /// Reads it for `group`, both at the same time.
    pub(crate) async fn read(self, clients: &AwsClients, group: &str) -> Beside {
        let launches = async {
            let since = self.launches_since?;
            clients.read_launches(group, since).await.ok()
        };
        let targets = async {
            let target_groups = self.target_groups.as_ref()?;
            Some(clients.read_targets(target_groups).await)
        };
        let (launches, targets) = tokio::join!(launches, targets);
        Beside { launches, targets }
    }
}
