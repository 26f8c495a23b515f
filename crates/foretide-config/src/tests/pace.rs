//! Pace limits as files, variables and flags write them.

use std::time::Duration;

use foretide_control::{AtMost, PaceLimits};

use super::*;

#[test]
fn pace_limits_are_a_text_or_a_list_in_every_layer_and_the_larger_of_each_kind_counts() {
    let config = load(
        "[defaults]\nscale_out = { at_most = \"50 %\", per = \"2m\" }\n\
         [group.web.scale_in]\nat_most = [\"10%\", \"3\", \"30 %\"]\nstabilisation = \"5m\"\n\
         [group.api]\nscale_out = { at_most = \"unlimited\" }\n",
        &[("FORETIDE_GROUP__API__SCALE_IN__AT_MOST", "20 %, 2")],
        &[("group.api.scale_in.per", "24h")],
    );
    let config = config.unwrap();
    let of = |name: &str| config.groups[name].controller.pace;
    let at_most = |percent, instances| AtMost { percent, instances };
    let (web, api) = (of("web"), of("api"));
    assert_eq!(web.scale_out.at_most, at_most(Some(50.0), None));
    assert_eq!(web.scale_out.per, Duration::from_mins(2), "inherited");
    assert_eq!(web.scale_in.at_most, at_most(Some(30.0), Some(3)));
    assert_eq!(web.scale_in.per, PaceLimits::default().scale_in.per);
    assert_eq!(web.stabilisation, Duration::from_mins(5));
    assert_eq!(api.scale_out.at_most, AtMost::UNLIMITED);
    assert_eq!(api.scale_out.per, Duration::from_mins(2));
    assert_eq!(api.scale_in.at_most, at_most(Some(20.0), Some(2)));
    assert_eq!(api.scale_in.per, Duration::from_hours(24));
}

#[test]
fn a_pace_limit_without_sense_is_refused_where_it_stands() {
    for (text, why) in [
        ("at_most = \"0 %\"", "expected a percentage above 0 %"),
        ("at_most = \"0\"", "a number of instances from 1"),
        (
            "at_most = [\"100 %\", \"four\"]",
            "invalid value: string \"four\"",
        ),
        ("at_most = [\"unlimited\", \"4\"]", "string \"unlimited\""),
        ("at_most = []", "invalid length 0"),
        ("at_most = 4", "invalid type: integer `4`"),
        ("at_most = \"-4\"", "or \"unlimited\""),
        (
            "per = \"59s\"",
            "`defaults.scale_out.per` must be from 1m to 24h",
        ),
        (
            "per = \"25h\"",
            "`defaults.scale_out.per` must be from 1m to 24h",
        ),
        (
            "stabilisation = \"1m\"",
            "unknown key `defaults.scale_out.stabilisation`",
        ),
    ] {
        let said = refused(&format!("[defaults.scale_out]\n{text}\n"));
        assert!(said.contains(why) && said.contains(":2:"), "{said}");
    }
    let long = refused("[group.web.scale_in]\nstabilisation = \"2h\"\n");
    let why = "`group.web.scale_in.stabilisation` must be at most 1h";
    assert!(long.starts_with(why) && long.contains(":2:17"), "{long}");
}
