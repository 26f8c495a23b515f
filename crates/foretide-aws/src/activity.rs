//! Reads launches by `DescribeScalingActivities`.

use aws_sdk_autoscaling::types::{Activity, ScalingActivityStatusCode};
use foretide_domain::{CallFailure, Launch, Timestamp};

use crate::clients::{AwsClients, Turn};

const OPERATION: &str = "DescribeScalingActivities";
/// The start of a launch's description. Then follows `: i-…`, ` from warm pool: i-…` or a reason.
const LAUNCHING: &str = "Launching a new EC2 instance";
/// Longest status message, in characters; the rest is cut. AWS's messages have up to about 400.
const MESSAGE_MAX: usize = 500;
/// Activities a page, newest first: the service's limit.
const PAGE: i32 = 100;
/// Most pages read: 500 launches since the previous cycle. The newest of them suffice.
const PAGES_MAX: usize = 5;

/// One launch, under way or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchActivity {
    /// Identifies the launch in every reading. The instance does not: an instance that returns to a
    /// warm pool is launched again later.
    pub id: u64,
    /// The instance's id; none if the activity does not name the instance.
    pub instance: Option<String>,
    /// Start of the launch.
    pub started: Timestamp,
    /// End of the launch; none while the launch is under way.
    pub end: Option<ActivityEnd>,
    /// The service's status message: for a failed launch, the cause.
    pub status_message: Option<String>,
}

/// The end of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActivityEnd {
    /// Time of the end.
    pub at: Timestamp,
    /// Whether the instance came into service.
    pub succeeded: bool,
}

impl LaunchActivity {
    /// The status message of a failed launch, cut to fit one line; none if the launch succeeded.
    fn failure(&self) -> Option<String> {
        let failed = self.end.is_some_and(|end| !end.succeeded);
        let message = self.status_message.as_ref().filter(|_| failed)?;
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        Some(message.chars().take(MESSAGE_MAX).map(shown).collect())
    }

    /// The launch as a domain value; none while the launch is under way.
    pub fn launch(&self) -> Option<Launch> {
        self.end.map(|end| Launch {
            id: self.id,
            started: self.started,
            ended: end.at,
            succeeded: end.succeeded,
            message: self.failure(),
        })
    }
}

impl AwsClients {
    /// The launches of `group` that began at or after `since`, newest first.
    ///
    /// # Errors
    /// The call failed after its retries.
    pub async fn read_launches(
        &self,
        group: &str,
        since: Timestamp,
    ) -> Result<Vec<LaunchActivity>, CallFailure> {
        let mut launches = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let request = self
                .autoscaling
                .describe_scaling_activities()
                .auto_scaling_group_name(group)
                .max_records(PAGE)
                .set_next_token(token);
            let answer = self.call(Turn::Spare, OPERATION, request.send()).await?;
            let page = answer.activities.unwrap_or_default();
            let older = page
                .last()
                .and_then(started)
                .is_none_or(|oldest| oldest < since);
            launches.extend(
                page.iter()
                    .filter_map(read)
                    .filter(|launch| launch.started >= since),
            );
            token = answer.next_token;
            if older || token.is_none() {
                break;
            }
        }
        Ok(launches)
    }
}

/// The launch that `activity` describes; none if `activity` is of another kind or incomplete.
fn read(activity: &Activity) -> Option<LaunchActivity> {
    let description = activity.description()?;
    // An instance that fills a warm pool does not come into service.
    if !description.starts_with(LAUNCHING) || description.contains("into warm pool") {
        return None;
    }
    let instance = description
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(|word| word.starts_with("i-"))
        .map(str::to_owned);
    let succeeded = match activity.status_code()? {
        ScalingActivityStatusCode::Successful => Some(true),
        ScalingActivityStatusCode::Failed => Some(false),
        _ => None,
    };
    let ended = activity.end_time().and_then(|at| at.to_millis().ok());
    let end = succeeded.zip(ended).map(|(succeeded, at)| ActivityEnd {
        at: Timestamp::from_millis(at),
        succeeded,
    });
    Some(LaunchActivity {
        id: launch_id(activity.activity_id()?),
        instance,
        started: started(activity)?,
        end,
        status_message: activity.status_message().map(str::to_owned),
    })
}

fn started(activity: &Activity) -> Option<Timestamp> {
    let at = activity.start_time()?.to_millis().ok()?;
    Some(Timestamp::from_millis(at))
}

/// A number for `name`: FNV-1a, 64 bits, the same in every run.
pub(crate) fn launch_id(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_autoscaling::primitives::DateTime;

    use super::*;

    fn activity(description: &str, status: &str) -> Activity {
        Activity::builder()
            .activity_id("a-1")
            .auto_scaling_group_name("web")
            .description(description)
            .status_code(status.into())
            .start_time(DateTime::from_secs(100))
            .end_time(DateTime::from_secs(280))
            .build()
    }

    #[test]
    fn a_launch_is_named_by_its_activity_and_tells_its_instance() {
        let launch = read(&activity(
            "Launching a new EC2 instance: i-0abc",
            "Successful",
        ))
        .unwrap();
        assert_eq!(launch.instance.as_deref(), Some("i-0abc"));
        assert_eq!(launch.id, launch_id("a-1"));
        assert_eq!(launch.launch().unwrap().duration().as_secs(), 180);
    }

    #[test]
    fn filling_a_warm_pool_is_no_launch_and_leaving_it_is_one() {
        let filling = "Launching a new EC2 instance into warm pool: i-0abc";
        assert_eq!(read(&activity(filling, "Successful")), None);
        let leaving = "Launching a new EC2 instance from warm pool: i-0abc";
        let launch = read(&activity(leaving, "Successful")).unwrap();
        assert_eq!(launch.instance.as_deref(), Some("i-0abc"));
    }

    #[test]
    fn a_failed_launch_without_an_instance_is_told() {
        let text =
            "Launching a new EC2 instance.  Status Reason: We currently do not have capacity";
        let launch = read(&activity(text, "Failed")).unwrap();
        assert_eq!(
            (launch.instance.clone(), launch.id),
            (None, launch_id("a-1"))
        );
        assert!(!launch.launch().unwrap().succeeded);
    }

    #[test]
    fn a_launch_that_failed_has_awss_message_without_control_characters() {
        let status = |status_message: &str, succeeded| {
            let launch = LaunchActivity {
                status_message: Some(status_message.to_owned()),
                ..read(&activity("Launching a new EC2 instance: i-0abc", "Failed")).unwrap()
            };
            let end = launch.end.map(|end| ActivityEnd { succeeded, ..end });
            LaunchActivity { end, ..launch }.launch().unwrap().message
        };
        assert_eq!(
            status("no\n\u{1b}[2J room", false).as_deref(),
            Some("no  [2J room")
        );
        assert_eq!(status("fine", true), None, "control: it succeeded");
        let long = status(&"x".repeat(9000), false).unwrap();
        assert_eq!(long.len(), MESSAGE_MAX);
    }

    #[test]
    fn other_activities_and_unfinished_launches_are_no_ends() {
        assert_eq!(
            read(&activity("Terminating EC2 instance: i-0abc", "Successful")),
            None
        );
        let open = read(&activity(
            "Launching a new EC2 instance: i-0abc",
            "PreInService",
        ))
        .unwrap();
        assert_eq!(open.launch(), None);
    }
}
