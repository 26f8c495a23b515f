//! Check of a group's prediction service.

use foretide_config::GroupSettings;
use foretide_domain::{Features, PolicyKind, TaskPriority, TaskType};
use foretide_outbound::Outbound;
use foretide_predict::RemotePredictor;
use foretide_runtime::RuntimeSettings;
use tokio::time::timeout;

use crate::finding::Finding;

/// The features of the documentation's example, which every service accepts.
const EXAMPLE: Features = Features {
    cpu_usage: 45.5,
    memory_usage: 60.2,
    network_traffic: 122.1,
    power_consumption: 35.6,
    num_executed_instructions: 1.2e9,
    execution_time: 0.8,
    energy_efficiency: 0.92,
    task_type: TaskType::Compute,
    task_priority: TaskPriority::High,
};

/// Asks the service once. No finding if the group has no prediction service.
pub(crate) async fn check(settings: &GroupSettings, outbound: &Outbound) -> Option<Finding> {
    const CHECK: &str = "predictor";
    let url = settings.live.predictor.as_ref()?;
    if settings.controller.policy != PolicyKind::Classifier {
        let why = "only policy \"classifier\" asks a prediction service";
        let what = format!("{} is not asked", url.origin());
        return Some(Finding::note(CHECK, what, why));
    }
    let why = "while the predictor does not answer, capacity is held";
    let file = settings.live.predictor_token_file.as_deref();
    let token = match file.map(foretide_files::token).transpose() {
        Ok(token) => token,
        Err(failure) => return Some(Finding::fault(CHECK, failure.in_one_line(), why)),
    };
    let remote = match RemotePredictor::new(url, token, outbound) {
        Ok(remote) => remote,
        Err(error) => return Some(Finding::fault(CHECK, error.to_string(), why)),
    };
    let deadline = RuntimeSettings::default().predict_deadline;
    let what = match timeout(deadline, remote.predict(&EXAMPLE)).await {
        Ok(Ok(_)) => return Some(Finding::fine(CHECK, format!("{} answers", url.origin()))),
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!(
            "prediction service {}: no answer within {} s",
            url.origin(),
            deadline.as_secs()
        ),
    };
    Some(Finding::fault(CHECK, what, why).fix("start it, or take `predictor` out of the group"))
}
