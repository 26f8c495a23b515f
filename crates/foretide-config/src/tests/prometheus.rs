//! Tables of Prometheus servers.

use std::path::PathBuf;
use std::time::Duration;

use super::default_file::{assert_keys, uncommented};
use super::{load, refused};
use crate::{PrometheusLogin, schema};

#[test]
fn a_server_is_read_with_its_secret_and_its_authority() {
    let text = "[prometheus.main]\nurl = \"https://prometheus.example/base\"\n\
                token_file = \"token\"\nca_file = \"ca.pem\"\ntimeout = \"30s\"\n\
                [prometheus.\"other one\"]\nurl = \"http://127.0.0.1:9090\"\nuser = \"a\"\n\
                password_file = \"password\"\n";
    let variable = ("FORETIDE_PROMETHEUS__OTHER_ONE__TIMEOUT", "2s");
    let flag = ("prometheus.main.timeout", "40s");
    let servers = load(text, &[variable], &[flag]).unwrap().prometheus;
    let main = &servers["main"];
    assert_eq!(main.url.to_string(), "https://prometheus.example");
    let token = PathBuf::from("etc/token");
    assert_eq!(main.login, PrometheusLogin::Token(token));
    assert_eq!(main.ca_file, Some(PathBuf::from("etc/ca.pem")));
    assert_eq!(main.timeout, Duration::from_secs(40));
    let other = &servers["other one"];
    let (user, file) = ("a".to_owned(), PathBuf::from("etc/password"));
    assert_eq!(other.login, PrometheusLogin::Password { user, file });
    assert_eq!(other.timeout, Duration::from_secs(2));
}

/// A variable of a server is not one of a group of the same name, nor the other way round.
#[test]
fn names_of_servers_and_of_groups_are_apart() {
    let text = "[prometheus.main]\nurl = \"https://a.example\"\n[group.web]\n";
    for unknown in [
        "FORETIDE_PROMETHEUS__WEB__URL",
        "FORETIDE_GROUP__MAIN__MODE",
    ] {
        let refused = load(text, &[(unknown, "https://b.example")], &[]).unwrap_err();
        assert!(
            refused.contains("unknown environment variable"),
            "{refused}"
        );
    }
}

#[test]
fn what_contradicts_itself_or_does_nothing_is_refused() {
    let url = "url = \"https://a.example\"\n";
    for (keys, said) in [
        ("", "`prometheus.main.url` is missing"),
        ("timeout = \"5s\"\n", "`prometheus.main.url` is missing"),
        (
            "url = \"http://a.example\"\ntoken_file = \"t\"\n",
            "`prometheus.main.url` must be https:// beside `token_file`",
        ),
        (
            "url = \"http://a.example\"\nca_file = \"c\"\n",
            "`prometheus.main.ca_file` does nothing for http://",
        ),
        ("url = \"https://a.example?k=s3cr3t\"\n", "put no `?`"),
        (
            &format!("{url}token_file = \"t\"\nuser = \"a\"\npassword_file = \"p\"\n"),
            "`prometheus.main.token_file` cannot be combined with",
        ),
        (
            &format!("{url}user = \"a\"\n"),
            "`prometheus.main.user` needs `password_file` beside it",
        ),
        (
            &format!("{url}password_file = \"p\"\n"),
            "`prometheus.main.password_file` needs `user` beside it",
        ),
        (
            &format!("{url}user = \"a:b\"\npassword_file = \"p\"\n"),
            "`prometheus.main.user` must have 1 to 1024 bytes",
        ),
        (
            &format!("{url}timeout = \"0s\"\n"),
            "`prometheus.main.timeout` must be above 0s and at most 2m",
        ),
        (
            &format!("{url}timeout = \"121s\"\n"),
            "`prometheus.main.timeout` must be above 0s and at most 2m",
        ),
        (
            &format!("{url}token = \"t\"\n"),
            "did you mean `token_file`?",
        ),
    ] {
        let refused = refused(&format!("[prometheus.main]\n{keys}"));
        assert!(refused.contains(said), "{said}: {refused}");
        assert!(!refused.contains("s3cr3t"), "{refused}");
    }
    let missing = refused("[defaults]\n[prometheus.main]\n");
    assert!(missing.contains("etc/foretide.toml:2:"), "{missing}");
    let twins = refused(&format!("[prometheus.a-b]\n{url}[prometheus.a_b]\n{url}"));
    let said = "Prometheus servers `a-b` and `a_b` cannot be told apart";
    assert!(twins.contains(said), "{twins}");
}

#[test]
fn the_examples_of_the_default_file_have_every_key() {
    let tree = schema::tree();
    let Some(schema::Node::Table(servers)) = tree.get("prometheus") else {
        panic!("{tree:?}");
    };
    let Some(schema::Node::Table(server)) = servers.any.as_deref() else {
        panic!("{servers:?}");
    };
    let file: toml::Table = toml::from_str(&uncommented()).unwrap();
    // A token and a password exclude each other, so it takes both examples.
    let mut both = toml::Table::new();
    for (_, example) in file["prometheus"].as_table().unwrap() {
        both.extend(example.as_table().unwrap().clone());
    }
    assert_keys("prometheus", server, &both);
}
