//! The group that a person means by a name.

use foretide_runtime::GroupKey;
use foretide_terminal::{Exit, Failure};

/// The one of `groups`, those of a store, that `name` means: see [`GroupKey::named`].
///
/// # Errors
/// There is no such group, or `name` may be several; the hint says what to type.
pub fn named(groups: &[GroupKey], name: &str, table: Option<&str>) -> Result<GroupKey, Failure> {
    let several = match GroupKey::named(groups, name, table) {
        Ok(key) => return Ok(key.clone()),
        Err(several) => several,
    };
    let (what, hint) = match several.as_slice() {
        [first, ..] => (
            format!("`{name}` may be each of {}", list(&several)),
            format!("name it with its account, for example {first}"),
        ),
        [] => (
            format!("there is no group `{name}` in the store"),
            if groups.is_empty() {
                "the store knows no group yet".to_owned()
            } else {
                format!("the store knows {}", list(groups))
            },
        ),
    };
    Err(Failure::new(Exit::Usage, what).hint(hint))
}

fn list<K: ToString>(keys: &[K]) -> String {
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_no_group_or_several_is_refused_with_what_to_type() {
        let groups = ["web", "web-asg"].map(|name| GroupKey::new("eu", name));
        let said = |groups: &[GroupKey], name, table| {
            let failure = named(groups, name, table).unwrap_err();
            format!("{}; {}", failure.what, failure.hint.unwrap())
        };
        assert_eq!(
            said(&groups, "web", Some("web-asg")),
            "`web` may be each of eu/web, eu/web-asg; name it with its account, for example eu/web"
        );
        assert_eq!(
            said(&groups, "api", None),
            "there is no group `api` in the store; the store knows eu/web, eu/web-asg"
        );
        assert!(said(&[], "api", None).ends_with("the store knows no group yet"));
        assert_eq!(named(&groups, "front", Some("web")), Ok(groups[0].clone()));
    }
}
