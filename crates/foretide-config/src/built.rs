//! Settings that a build without some feature cannot serve.

use super::layer::Setting;
use super::problem::Problem;

/// Refuses target groups in a build that cannot read them; `is_built`: this one can.
pub(super) fn ready(settings: &[Setting], is_built: bool) -> Vec<Problem> {
    const WHAT: &str = "needs the client of Elastic Load Balancing, which this build of foretide \
                        does not have";
    const HINT: &str = "cargo install --path crates/foretide --features target-groups builds one \
                        that has it; or set ready = \"in-service\"";
    let asked = settings.iter().enumerate().filter(|(place, setting)| {
        let is_ready = setting
            .key
            .parts()
            .ends_with(&["load".into(), "ready".into()]);
        let is_asked = is_ready && setting.value.as_str() == Some("target-group");
        let mut later = settings.iter().skip(place + 1);
        is_asked && !is_built && !later.any(|other| other.key == setting.key)
    });
    let problem = |(_, setting): (usize, &Setting)| {
        let what = format!("`{}` = \"target-group\" {WHAT}", setting.key);
        Problem::new(what, setting.place.clone()).with_hint(Some(format!("hint: {HINT}")))
    };
    asked.map(problem).collect()
}
