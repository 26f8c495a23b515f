//! Signals: presets, inheritance, messages.

use foretide_control::Carries;

use super::load;
use crate::Config;

fn loaded(text: &str) -> Result<Config, String> {
    load(text, &[], &[])
}

const BACKLOG: &str = "[[group.jobs.signal]]\nname = \"backlog\"\npreset = \"sqs-backlog\"\n\
                       dimensions = [\"QueueName=jobs\"]\nacceptable_latency = \"100s\"\n\
                       message_time = \"2s\"\n";

#[test]
fn a_preset_names_the_metric_and_what_an_instance_carries() {
    let config = loaded(BACKLOG).unwrap();
    let group = &config.groups["jobs"];
    let [signal] = group.controller.signals.list.as_slice() else {
        panic!("{group:?}");
    };
    assert_eq!(
        (signal.name.as_str(), signal.carries),
        ("backlog", Carries::PerInstance(50.0))
    );
    let metric = &group.live.signals[0].metric;
    assert_eq!(metric.metric, "ApproximateNumberOfMessagesVisible");
    assert_eq!(
        metric.dimensions,
        [("QueueName".to_owned(), "jobs".to_owned())]
    );
    assert_eq!(group.live.metric_options().billed().further, 1);
}

#[test]
fn a_group_inherits_signals_key_by_key_and_may_leave_one_out() {
    let text = "[[defaults.signal]]\nname = \"memory\"\npreset = \"memory\"\n\
                [[group.a.signal]]\nname = \"memory\"\ntarget = 50.0\n\
                [[group.b.signal]]\nname = \"memory\"\nenabled = false\n[group.c]\n";
    let config = loaded(text).unwrap();
    let carries = |group: &str| {
        let list = &config.groups[group].controller.signals.list;
        list.first().map(|signal| signal.carries)
    };
    assert_eq!(carries("a"), Some(Carries::Target(50.0)));
    assert_eq!(carries("b"), None);
    assert_eq!(carries("c"), Some(Carries::Target(70.0)));
    assert!(config.groups["c"].live.signals[0].of_group);
}

#[test]
fn every_error_is_said_at_once_with_its_place() {
    let text = "[[group.web.signal]]\nname = \"a\"\nnamespace = \"N\"\n\
                [[group.web.signal]]\nname = \"b\"\npreset = \"alb-latency\"\n\
                dimensions = [\"LoadBalancer=app/web/1\"]\n\
                [[group.web.signal]]\npreset = \"memory\"\n\
                [[group.web.signal]]\nname = \"b\"\npreset = \"memory\"\n\
                [[group.web.signal]]\nname = \"c\"\npreset = \"memory\"\nexpression = \"up\"\n\
                [[group.web.signal]]\nname = \"d\"\npreset = \"memory\"\nsource = \"graphite\"\n";
    let refused = loaded(text).unwrap_err();
    for why in [
        "needs a name",
        "there already",
        "unknown key `group.web.signal.c.expression`",
        "unknown variant `graphite`, expected `cloudwatch` or `prometheus`",
    ] {
        assert!(refused.contains(why), "{why}: {refused}");
    }
    let text = &text[..text.find("[[group.web.signal]]\npreset").unwrap()];
    let refused = loaded(text).unwrap_err();
    assert!(
        refused.contains("`group.web.signal.a` names no metric"),
        "{refused}"
    );
    assert!(
        refused.contains("`group.web.signal.b` needs out_above"),
        "{refused}"
    );
    assert!(
        refused.contains("foretide.toml:3") && refused.contains("foretide.toml:7"),
        "{refused}"
    );
}

const QUEUE: &str = "[prometheus.main]\nurl = \"https://prometheus.example\"\n\
                     [[group.jobs.signal]]\nname = \"queue\"\nsource = \"prometheus\"\n\
                     server = \"main\"\nquery = \"sum(queue_length)\"\nper_instance = 50.0\n";

#[test]
fn a_signal_of_prometheus_is_a_query_to_a_server_and_no_metric_of_cloudwatch() {
    let config = loaded(QUEUE).unwrap();
    let group = &config.groups["jobs"];
    let [source] = group.live.sources.as_slice() else {
        panic!("{group:?}");
    };
    assert_eq!(
        (source.signal.as_str(), source.server.as_str()),
        ("queue", "main")
    );
    assert_eq!(source.query.text(), "sum(queue_length)");
    assert_eq!(source.query.period(), std::time::Duration::from_secs(60));
    assert_eq!(group.controller.signals.list.len(), 1);
    assert_eq!(group.live.metric_options().billed().further, 0);
}

#[test]
fn what_is_wrong_with_a_signal_of_prometheus_is_said_with_what_to_do() {
    for (from, to, why) in [
        ("server = \"main\"\n", "", "needs a server"),
        ("query = \"sum(queue_length)\"\n", "", "needs a query"),
        (
            "server = \"main\"",
            "server = \"other\"",
            "names the server `other`, which has no table",
        ),
        ("sum(queue_length)", " ", "has a query that cannot be asked"),
        (
            "per_instance",
            "stat = \"Sum\"\nper_instance",
            "has keys of CloudWatch",
        ),
        (
            "source = \"prometheus\"\n",
            "preset = \"memory\"\n",
            "has server or query",
        ),
        ("per_instance = 50.0", "per_instance = 0.0", "above 0"),
    ] {
        let refused = loaded(&QUEUE.replace(from, to)).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(refused.contains("group.jobs.signal.queue"), "{refused}");
    }
}

#[test]
fn the_classifier_refuses_signals_by_name() {
    let refused = loaded(&format!("[group.jobs]\npolicy = \"classifier\"\n{BACKLOG}"));
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("`group.jobs.signal.backlog` is not known to policy"),
        "{refused}"
    );
}

#[test]
fn a_variable_and_a_flag_set_a_key_of_a_signal_that_the_file_names() {
    let variables = [("FORETIDE_GROUP__JOBS__SIGNAL__BACKLOG__WEIGHT", "3")];
    let flags = [("group.jobs.signal.backlog.per_instance", "7")];
    let text = BACKLOG.replace("acceptable_latency = \"100s\"\nmessage_time = \"2s\"\n", "");
    let config = load(&text, &variables, &flags).unwrap();
    let signal = &config.groups["jobs"].controller.signals.list[0];
    assert!((signal.weight - 3.0).abs() < 1e-9);
    assert_eq!(signal.carries, Carries::PerInstance(7.0));
}

#[test]
fn a_single_table_is_written_as_well() {
    let text = "[group.web.signal.memory]\npreset = \"memory\"\n";
    assert_eq!(loaded(text).unwrap().groups["web"].live.signals.len(), 1);
}

#[test]
fn the_eleventh_signal_is_refused_and_the_tenth_is_not() {
    let table = |n: u32| format!("[[group.web.signal]]\nname = \"s{n}\"\npreset = \"memory\"\n");
    let text = |count: u32| (0..count).map(table).collect::<String>();
    let config = loaded(&text(10)).unwrap();
    assert_eq!(config.groups["web"].live.signals.len(), 10);
    let refused = loaded(&text(11)).unwrap_err();
    assert!(refused.contains("at most 10 are read"), "{refused}");
}
