//! A configuration in Systems Manager, as moto plays it: pushed, compared, pulled, run, and gone.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::Room;

use super::moto::{Moto, python};
use super::rig::{Aws, Running, SECRETS, busy};

const PLACE: &str = "ssm:/foretide/test";
const FILE: &str = "[defaults]\ninterval = \"1s\"\nmetric_delay = \"0s\"\n\
                    [group.web]\npolicy = \"target-tracking\"\n";

/// Runs a command with Systems Manager at `moto`: exit code and everything printed.
fn ran(room: &Room, moto: &Moto, args: &[&str]) -> (i32, String) {
    let mut command: Command = room.process();
    command
        .args(args)
        .env("AWS_ENDPOINT_URL", moto.url())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(SECRETS);
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

/// A wrong file is not pushed, and neither is a secret in plain text.
fn refused(room: &Room, moto: &Moto) {
    let secret = "[notify]\nurl = \"https://hooks.example/T0/s3cr3t\"\n";
    let wrong = "[group.web]\npolcy = \"forecast\"\n";
    for (text, expected) in [(wrong, 78), (secret, 64)] {
        room.write("wrong.toml", text);
        let push = ["config", "push", PLACE, "--yes", "--config", "wrong.toml"];
        let (code, said) = ran(room, moto, &push);
        assert_eq!(code, expected, "{said}");
        assert!(!said.contains("s3cr3t"), "{said}");
    }
}

#[test]
fn a_configuration_is_pushed_whole_and_a_run_follows_it_and_survives_without() {
    let Some(python) = python() else { return };
    let room = Room::new();
    room.write("foretide.toml", FILE);
    let moto = Moto::start(python);
    let (code, said) = ran(&room, &moto, &["config", "check", "--config", PLACE]);
    assert_eq!(code, 66, "{said}");
    assert!(said.contains("has no configuration yet"), "{said}");
    assert!(
        said.contains("hint: `foretide config push ssm:/foretide/test`"),
        "{said}"
    );
    let (code, said) = ran(&room, &moto, &["config", "push", PLACE]);
    assert_eq!(code, 64, "without a terminal nobody agrees: {said}");
    let (code, said) = ran(
        &room,
        &moto,
        &["config", "push", PLACE, "--yes", "--secret"],
    );
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("+ group.web.policy = \"target-tracking\""),
        "{said}"
    );
    assert!(
        said.contains("ssm:/foretide/test version 1 counts"),
        "{said}"
    );
    let (_, said) = ran(&room, &moto, &["config", "diff", PLACE]);
    assert_eq!(said, "no setting differs\n");
    refused(&room, &moto);

    let aws = Aws::of(vec![busy("web")]);
    let systems = [("AWS_ENDPOINT_URL_SSM", moto.url())];
    let systems = systems.each_ref().map(|(name, url)| (*name, url.as_str()));
    let args = ["--config", PLACE];
    let mut run = Running::start_with(&room, &aws.endpoint, &args, &systems);
    run.until("eu-west-1/web: Scale out 2 → 4");
    room.write(
        "foretide.toml",
        FILE.replace("target-tracking", "classifier"),
    );
    let (_, said) = ran(&room, &moto, &["config", "push", PLACE, "--yes"]);
    assert!(said.contains("version 2 counts"), "{said}");
    run.signal("HUP");
    run.until("configuration taken anew: 0 added, 1 changed, 0 removed");
    // The third answer: the decisions before it are in the store.
    for _ in 0..3 {
        run.until("eu-west-1/web: PREDICTION");
    }
    let explained = room.done(&["explain", "web"]);
    assert!(
        explained.contains("ssm:/foretide/test version 2"),
        "{explained}"
    );
    run.stop("TERM");
    let kept = room.path("output/config-ssm.toml");
    let mode = std::fs::metadata(kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "parameters may be secrets");
    let (_, pulled) = ran(&room, &moto, &["config", "pull", PLACE]);
    assert!(
        pulled.starts_with("# ssm:/foretide/test version 2\n"),
        "{pulled}"
    );

    drop(moto);
    let mut run = Running::start_with(&room, &aws.endpoint, &args, &systems);
    run.until_all(&[
        "the last good configuration is used: ssm:/foretide/test version 2",
        "eu-west-1/web: PREDICTION",
    ]);
    run.stop("TERM");
}
