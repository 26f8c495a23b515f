//! Layers, inheritance and messages, through the door that the commands use.

mod default_file;
mod pace;
mod prometheus;
mod signal;

use std::path::Path;

use foretide_domain::{Mode, Percent, PolicyKind};

use super::*;

fn load(text: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
    let mut sources = Sources::default();
    sources.file(Path::new("etc/foretide.toml"), text.to_owned());
    let variables = variables.iter();
    sources.variables(variables.map(|(name, value)| ((*name).into(), (*value).into())));
    for (key, value) in flags {
        sources.flag("--set", key, value);
    }
    sources.load().map_err(|problems| problems.to_string())
}

#[track_caller]
fn refused(text: &str) -> String {
    load(text, &[], &[]).unwrap_err()
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let file = "[demo]\nseed = 2\ndays = 3\ncapacity_max = 30\n";
    let variables = [
        ("FORETIDE_DEMO__DAYS", "4"),
        ("FORETIDE_DEMO__CAPACITY_MAX", "40"),
        ("HOME", "/"),
    ];
    let demo = load(file, &variables, &[("demo.capacity_max", "50")])
        .unwrap()
        .demo;
    assert_eq!((demo.seed, demo.days), (2, 4));
    assert_eq!((demo.capacity_min, demo.capacity_max), (1, 50));
}

#[test]
fn groups_inherit_what_they_leave_out() {
    let config = load(
        "[defaults]\nmode = \"enforce\"\n[defaults.classifier]\nstreak = 7\n\
         [group.web]\n\
         [group.batch]\npolicy = \"target-tracking\"\nmode = \"observe\"\n\
         [group.batch.classifier]\nstep_out = 2\n",
        &[("FORETIDE_GROUP__WEB__TARGET_UTILISATION", "60%")],
        &[],
    )
    .unwrap();
    let controller = |name: &str| config.groups[name].controller.clone();
    let (web, batch) = (controller("web"), controller("batch"));
    assert_eq!((web.mode, web.classifier.streak), (Mode::Enforce, 7));
    assert_eq!(Some(web.target_utilisation), Percent::new(60.0));
    assert_eq!(batch.mode, Mode::Observe);
    assert_eq!(batch.policy, PolicyKind::TargetTracking);
    let classifier = &batch.classifier;
    assert_eq!((classifier.streak, classifier.step_out), (7, 2));
}

#[test]
fn origins_networks_and_bounds_of_listeners_are_checked_where_they_stand() {
    let page = load(
        "[page]\npublic_origin = \"https://a.example\"\nconnections_per_peer = 8\n",
        &[("FORETIDE_PAGE__TRUSTED_PROXIES", "10.0.0.0/8,fd00::1")],
        &[],
    );
    let page = page.unwrap().page;
    assert_eq!(page.public_origin, "https://a.example".parse().ok());
    assert_eq!(
        (page.connections_per_peer, page.trusted_proxies.len()),
        (8, 2)
    );
    let keys = [
        "page.public_origin",
        "page.connections_per_peer",
        "page.trusted_proxies",
    ];
    assert_eq!(PageSettings::default().changed(&page), keys);
    for (text, why) in [
        (
            "[page]\npublic_origin = \"https://a.example/\"\n",
            "is not an origin",
        ),
        (
            "[page]\npublic_origin = \"a.example\"\n",
            "is not an origin",
        ),
        (
            "[page]\ntrusted_proxies = [\"10.0.0.0/40\"]\n",
            "is not a network",
        ),
        (
            "[serve]\ntrusted_proxies = [\"proxy\"]\n",
            "is not a network",
        ),
        (
            "[page]\nconnections_per_peer = 0\n",
            "`page.connections_per_peer` must be at least 1",
        ),
        (
            "[serve]\nconnections_per_peer = 0\n",
            "`serve.connections_per_peer` must be at least 1",
        ),
    ] {
        let said = refused(text);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn paths_in_a_file_are_relative_to_it_and_others_are_not() {
    let config = load(
        "model = \"a.json\"\n[serve]\ntoken_file = \"/b\"\n",
        &[],
        &[],
    )
    .unwrap();
    assert_eq!(config.model, Some(PathBuf::from("etc/a.json")));
    assert_eq!(config.serve.token_file, Some(PathBuf::from("/b")));
    let config = load("", &[("FORETIDE_MODEL", "a.json")], &[]).unwrap();
    assert_eq!(config.model, Some(PathBuf::from("a.json")));
}

#[test]
fn an_unknown_key_is_refused_with_its_path_and_the_nearest_known_one() {
    assert_eq!(
        refused("[group.web.classifier]\ncooldwn_in = \"300s\"\n"),
        "unknown key `group.web.classifier.cooldwn_in`\n  --> etc/foretide.toml:2:1\n  |\n\
         2 | cooldwn_in = \"300s\"\n  | ^^^^^^^^^^\n  did you mean `cooldown_in`?"
    );
    assert!(refused("[grupo.web]\n").contains("did you mean `group`?"));
    assert!(refused("[serve]\nxyz = 1\n").contains("known here: allow_remote, "));
}

#[test]
fn a_value_of_the_wrong_kind_is_marked_with_what_was_expected() {
    assert_eq!(
        refused("[defaults]\nmode = \"observe\"\ninterval = 10\n"),
        "`defaults.interval`: invalid type: integer `10`, expected a duration with its unit, \
         such as \"180s\", \"5m\" or \"1h30m\"\n  --> etc/foretide.toml:3:12\n  |\n\
         3 | interval = 10\n  |            ^^"
    );
    let message = refused("[defaults]\nmode = \"enforced\"\n");
    assert!(message.contains("unknown variant `enforced`"), "{message}");
    assert!(message.ends_with("did you mean \"enforce\"?"), "{message}");
    let number = refused("[defaults]\nmode = 3\n");
    let choices = "expected one of \"observe\", \"scale-out-only\", \"enforce\"";
    assert!(number.contains(choices), "{number}");
    assert!(refused("[defaults.interval]\nx = 1\n").contains("`defaults.interval`: invalid type"));
    assert!(refused("defaults = 5\n").contains("`defaults` must be a table: [defaults]"));
    assert!(refused("[defaults]\nmode = \n").contains("not TOML"));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let message = refused("[serve]\nlisten = \"here\"\nport = 1\n[demo]\nprice = \"1\"\n");
    for part in ["`serve.listen`", "unknown key `serve.port`", "`demo.price`"] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[test]
fn a_senseless_setting_is_named_in_full_where_it_was_made() {
    let message = refused("[group.web.classifier]\nupper_utilisation = \"40%\"\n");
    assert!(
        message.starts_with(
            "`group.web.classifier.upper_utilisation` must be above target_utilisation and at \
             most 100%\n  --> etc/foretide.toml:2:21"
        ),
        "{message}"
    );
    let inherited = refused("[defaults]\ninterval = \"1ms\"\n[group.web]\n[group.api]\n");
    assert!(inherited.starts_with("`defaults.interval` must be at least 1s"));
    assert_eq!(inherited.matches("-->").count(), 1, "{inherited}");
    assert!(refused("[serve]\nbody_timeout = \"0s\"\n").contains("must be above 0s"));
    assert!(refused("[demo]\ncapacity_min = 200\n").contains("must be at most demo.capacity_max"));
}

#[test]
fn who_serves_is_inherited_and_needs_a_build_that_can_read_it() {
    use foretide_aws::{READS_TARGET_GROUPS, Ready};
    let text = "[defaults.load]\nready = \"target-group\"\n[group.web]\n[group.api.load]\n\
                ready = \"in-service\"\n";
    let loaded = load(text, &[], &[]);
    assert_eq!(loaded.is_ok(), READS_TARGET_GROUPS, "{loaded:?}");
    if let Ok(config) = loaded {
        let ready = |name: &str| config.groups[name].live.collect_settings(name).ready;
        assert_eq!(
            (ready("web"), ready("api")),
            (Ready::TargetGroup, Ready::InService)
        );
        assert_eq!(
            config.groups["web"].live.load, None,
            "no metric of the load"
        );
    }
    let flag = [("defaults.load.ready", "in-service")];
    assert!(load(text, &[], &flag).is_ok(), "the flag has the last word");
    assert!(refused("[defaults.load]\nready = \"elb\"\n").contains("unknown variant `elb`"));
}

#[test]
fn a_build_without_the_client_of_load_balancing_says_so() {
    let text = "[group.web.load]\nready = \"target-group\"\n".to_owned();
    let name = "foretide.toml".to_owned();
    let mut layers = Layers::default();
    layers.add_file(
        &schema::tree(),
        &Rc::new(Source { name, text }),
        Path::new(""),
    );
    assert!(layers.problems.is_empty() && built::ready(&layers.settings, true).is_empty());
    let said = Problems(built::ready(&layers.settings, false)).to_string();
    for part in [
        "`group.web.load.ready` = \"target-group\" needs the client of Elastic Load Balancing",
        "--> foretide.toml:2:9",
        "hint: cargo install --path crates/foretide --features target-groups",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn variables_and_flags_are_checked_like_the_file() {
    let error = |variables: &[(&str, &str)], flags: &[(&str, &str)]| {
        load("[group.web]\n", variables, flags).unwrap_err()
    };
    let message = error(&[("FORETIDE_DEFAULTS__MOD", "observe")], &[]);
    assert!(
        message.contains("did you mean FORETIDE_DEFAULTS__MODE?"),
        "{message}"
    );
    let message = error(&[("FORETIDE_GROUP__WEB__CLASSIFIER__STREAK", "many")], &[]);
    assert!(message.starts_with("`group.web.classifier.streak`: `many` is not a whole number"));
    assert!(message.contains("environment variable FORETIDE_GROUP__WEB__CLASSIFIER__STREAK"));
    assert!(error(&[], &[("serve.allow_remote", "yes")]).contains("is not true or false"));
    assert!(error(&[], &[("serve", "x")]).contains("is a table"));
    assert!(error(&[], &[("serve.lissen", "x")]).contains("did you mean `listen`?"));
    assert!(error(&[], &[("", "x")]).contains("is no name of a key"));
    assert!(
        error(&[("FORETIDE_GROUP__API__MODE", "observe")], &[]).contains("unknown environment")
    );
}

#[test]
fn variables_that_kubernetes_sets_are_not_meant() {
    let variables = [
        ("FORETIDE_SERVICE_HOST", "10.0.0.1"),
        ("FORETIDE_PORT_8000_TCP", "tcp://10.0.0.1:8000"),
        (FILE_VARIABLE, "etc/foretide.toml"),
    ];
    assert!(load("", &variables, &[]).is_ok());
}

#[test]
fn lists_in_variables_are_parted_by_commas() {
    let config = load(
        "",
        &[("FORETIDE_SERVE__HOSTS", "a.example, b.example")],
        &[],
    )
    .unwrap();
    let hosts = ["a.example", "b.example"].map(|name| name.parse().unwrap());
    assert_eq!(config.serve.hosts, hosts);
    assert!(refused("[serve]\nhosts = [\"http://a\"]\n").contains("is not a host name"));
    let bracketed = load("", &[], &[("notify.events", "[\"breaker\"]")]).unwrap_err();
    assert!(
        bracketed.contains("for the file") && bracketed.contains("a,b"),
        "{bracketed}"
    );
}

#[test]
fn the_reference_names_every_key() {
    let text = reference();
    for key in [
        "`upper_utilisation`",
        "## `[group.NAME]`",
        "`price`",
        "`token_file`",
    ] {
        assert!(text.contains(key), "{key}");
    }
}

#[test]
fn what_a_run_would_refuse_is_refused_by_the_check() {
    let controls = refused("[run]\ncontrols = true\n");
    assert!(
        controls.starts_with("`run.controls` needs `run.token_file`"),
        "{controls}"
    );
    assert!(load("[run]\ncontrols = true\ntoken_file = \"t\"\n", &[], &[]).is_ok());
    let twice = refused("[group.api]\n[group.web]\nasg = \"api\"\n");
    let what = "`group.web.asg` is the Auto Scaling group of `group.api`: one table for each";
    assert!(twice.starts_with(what) && twice.contains(":3:7"), "{twice}");
    let elsewhere = "[group.api]\n[group.web]\nasg = \"api\"\nregion = \"eu-west-1\"\n";
    assert!(load(elsewhere, &[], &[]).is_ok());
}

#[test]
fn what_of_run_takes_a_restart_is_named() {
    let run = |text| load(text, &[], &[]).unwrap().run;
    let first = run("");
    let next = "[run]\nlisten = \"127.0.0.1:1\"\ntoken_file = \"t\"\ncontrols = true\n";
    let changed = first.changed(&run(next));
    assert_eq!(changed, ["run.listen", "run.token_file", "run.controls"]);
    assert!(first.changed(&first.clone()).is_empty());
}

/// A bar within a cell ends it, though it stands in backquotes.
#[test]
fn bars_in_the_reference_are_escaped() {
    assert!(reference().contains(r"[xFACTOR \| learned]"));
}

proptest::proptest! {
    /// Whatever stands in the file, the answer is a configuration or a message, never a panic.
    #[test]
    fn no_text_breaks_the_reader(text in "[\\[\\]a-z.=\"0-9 \n%ä]{0,80}") {
        drop(load(&text, &[], &[]));
    }
}

#[test]
fn prices_replace_the_budget_and_the_two_exclude_each_other() {
    let prices = "instance_price = \"0.096 USD/h\"\nviolation_price = \"0.16 USD/min\"\n";
    let ratio = |text: &str, group: &str| {
        let config = load(text, &[], &[]).unwrap();
        config.groups[group].controller.forecast.short_per_instance
    };
    let inherits = format!(
        "[defaults.forecast]\n{prices}[group.web]\n[group.api.forecast]\nbudget = \"1%\"\n"
    );
    assert!((ratio(&inherits, "web").unwrap() - 100.0).abs() < 1e-9);
    assert_eq!(ratio(&inherits, "api"), None, "its own budget counts");
    let message = refused(&format!("[defaults.forecast]\nbudget = \"1%\"\n{prices}"));
    for name in [
        "`defaults.forecast.budget`",
        "`defaults.forecast.violation_price`",
        ":2:1",
    ] {
        assert!(message.contains(name), "{name} is not in {message}");
    }
    let alone = refused("[group.web.forecast]\ninstance_price = \"1 USD/h\"\n");
    assert!(
        alone.contains("needs `group.web.forecast.violation_price`"),
        "{alone}"
    );
    let cheap = refused(
        "[group.web.forecast]\ninstance_price = \"6 USD/h\"\nviolation_price = \"0.1 USD/min\"\n",
    );
    assert!(
        cheap.contains("must be above forecast.instance_price"),
        "{cheap}"
    );
    let mixed = refused(
        "[group.web.forecast]\ninstance_price = \"6 EUR/h\"\nviolation_price = \"9 USD/min\"\n",
    );
    assert!(mixed.contains("in one currency"), "{mixed}");
}

#[test]
fn notifications_are_read_and_their_address_is_shown_nowhere() {
    let config = load(
        "[notify]\nevents = [\"breaker\", \"at-max\"]\nhourly = 5\n",
        &[("FORETIDE_NOTIFY__URL", "https://hooks.example/s3cr3t")],
        &[],
    );
    let config = config.unwrap();
    assert_eq!(config.notify.topics(), "at-max, breaker");
    let shown = format!("{config:?}");
    assert!(
        shown.contains("hooks.example") && !shown.contains("s3cr3t"),
        "{shown}"
    );
    for (text, part) in [
        (
            "url = \"http://hooks.example/s3cr3t\"",
            "http:// is for loopback only",
        ),
        (
            "url = \"ftp://hooks.example/s3cr3t\"",
            "neither https nor http",
        ),
        (
            "url = \"https://a:s3cr3t@hooks.example\"",
            "a name or password in the URL",
        ),
        (
            "urll = \"https://hooks.example/s3cr3t\"",
            "did you mean `url`?",
        ),
        ("url = \"https://hooks.example/s3cr3t", "not TOML"),
        ("url = [\"https://hooks.example/s3cr3t\"]", "invalid type"),
        (
            "url = \"https://hooks.example/s3cr3t\"\nurl_file = \"a\"",
            "`notify.url_file` and `notify.url` exclude each other",
        ),
        ("events = [\"all\"]", "unknown variant `all`"),
        ("hourly = 0", "must be at least 1"),
        (
            "template = \"{{ txt }}\"",
            "`notify.template` is no template",
        ),
        (
            "template = \"hello {{ text }}\"",
            "`notify.template` makes no JSON",
        ),
    ] {
        let message = refused(&format!("[notify]\n{text}\n"));
        assert!(message.contains(part), "{part} is not in {message}");
        assert!(!message.contains("s3cr3t"), "{message}");
    }
    let flag = [("notify.url", "http://hooks.example/s3cr3t")];
    assert!(!load("", &[], &flag).unwrap_err().contains("s3cr3t"));
}

#[test]
fn events_are_read_and_a_wrong_one_is_told_where_it_stands() {
    let text = "[group.web.forecast]\nevents = [\"sale 2026-11-27T08:00Z for 12h x2.5\"]\n";
    assert_eq!(
        load(text, &[], &[]).unwrap().groups["web"]
            .controller
            .calendar
            .len(),
        1
    );
    let message = refused("[group.web.forecast]\nevents = [\"sale for 12h x2.5\"]\n");
    assert!(
        message.contains("no WHEN") && message.contains(":2:"),
        "{message}"
    );
}
