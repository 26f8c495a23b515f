//! Raw requests to Auto Scaling, and what is read from the answers.

use crate::rig::Rig;

pub(crate) const VERSION: &str = "Version=2011-01-01";

/// Sends an Auto Scaling action in `eu-west-1`.
pub(crate) async fn send(rig: &Rig, action: &str, rest: &str) -> (u16, String) {
    let form = format!("Action={action}&{VERSION}&{rest}");
    rig.form("eu-west-1", &form).await
}

/// The same, for an action that must succeed. Returns the body.
pub(crate) async fn done(rig: &Rig, action: &str, rest: &str) -> String {
    check_done(send(rig, action, rest).await)
}

/// Checks that the answer is an error with this code and these words.
#[track_caller]
pub(crate) fn check_refused((status, body): (u16, String), code: &str, words: &str) {
    assert!(status >= 400, "{body}");
    assert!(body.contains(&format!("<Code>{code}</Code>")), "{body}");
    assert!(body.contains(words), "{body}");
}

/// Checks that the call succeeded. Returns the body.
#[track_caller]
pub(crate) fn check_done((status, body): (u16, String)) -> String {
    assert_eq!(status, 200, "{body}");
    body
}

/// The text of every element `name`.
pub(crate) fn all<'b>(body: &'b str, name: &str) -> Vec<&'b str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = body.split(open.as_str()).skip(1);
    parts
        .filter_map(|part| part.split_once(close.as_str()))
        .map(|(text, _)| text)
        .collect()
}
