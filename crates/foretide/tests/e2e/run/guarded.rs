//! Whom the page answers beside a running loop, and who may read what the loop writes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::Room;
use crate::contract::assert_kept;
use crate::crowd::{ask, assert_probed, assert_problem};

use super::page::{GROUP, LISTEN, TOKEN, address};
use super::rig::{Aws, Running, busy, quick};

const PAUSE: &str = r#"{"order":"pause","for_s":60}"#;

/// A page that takes orders, with further settings.
fn room(page: &str) -> Room {
    let room = Room::new();
    let token = room.write("token", TOKEN);
    fs::set_permissions(token, Permissions::from_mode(0o600)).unwrap();
    let run = "[run]\ncontrols = true\ntoken_file = \"token\"\n";
    let group = quick("web", "observe", "1s");
    room.write("foretide.toml", format!("{run}{page}{group}"));
    room
}

#[test]
fn slow_clients_keep_no_prober_from_the_page() {
    let aws = Aws::of(vec![busy("web")]);
    let room = room("");
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    assert_probed(&page, "/api/v1/groups/web/orders");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}

/// `/api/v1/stream` is left out: it never ends, and schemathesis reads an answer to its end.
#[test]
fn the_page_keeps_to_its_document() {
    let aws = Aws::of(vec![busy("web")]);
    let room = room("");
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_kept(
        &page,
        &["--exclude-path=/api/v1/stream", "--header", &bearer],
    );
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
}

#[test]
fn a_path_that_is_no_text_is_a_problem() {
    let aws = Aws::of(vec![busy("web")]);
    let room = room("");
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    for (request, status) in [
        ("GET /api/v1/groups/%ff", 400),
        ("GET /api/v1/groups/%ff/at?time=0", 400),
        ("POST /api/v1/groups/%ff/orders", 400),
        ("GET /api/v1/groups/%C3%28", 400),
        ("GET /api/v1/groups/%zz", 404),
        ("GET /api/v1/groups/%", 404),
        ("GET /api/v1/groups/a%2", 404),
        ("GET /api/v1/%ff", 404),
        ("GET /%ff", 404),
        ("GET /api/v1/groups/web?from=%ff", 422),
        ("GET /api/v1/groups/web?%ff=1", 422),
        ("GET /api/v1/groups/web?points=%", 422),
        ("GET /api/v1/groups/web/at?time=%zz", 422),
        ("GET /api/v1/groups/web/at?%ff", 422),
        ("DELETE /api/v1/groups/%ff", 405),
        ("OPTIONS *", 404),
    ] {
        assert_problem(&ask(&page, request, &bearer, PAUSE), status);
    }
}

#[test]
fn an_order_with_two_tokens_or_of_another_page_is_refused() {
    let aws = Aws::of(vec![busy("web")]);
    let room = room("[page]\npublic_origin = \"https://scaler.example\"\n");
    let mut run = Running::start(&room, &aws, &LISTEN);
    let page = address(&mut run);
    run.until("eu-west-1/web: PREDICTION");
    let port = page.rsplit(':').next().unwrap();
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    let orders = format!("POST {GROUP}/orders");
    let give = |headers: &str| ask(&page, &orders, &format!("{bearer}{headers}"), PAUSE);
    for origin in [
        "null".to_owned(),
        "http://127.0.0.1".to_owned(),
        "http://127.0.0.1:1".to_owned(),
        format!("https://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://evil.example:{port}"),
        "http://scaler.example".to_owned(),
        "https://scaler.example:8443".to_owned(),
        "https://scaler.example.evil.example".to_owned(),
        format!("http://127.0.0.1:{port}/"),
        String::new(),
    ] {
        let answer = give(&format!("Origin: {origin}\r\n"));
        assert_problem(&answer, 403);
    }
    let own = format!("Origin: http://{page}\r\n");
    assert_problem(&give(&format!("{own}Origin: null\r\n")), 403);
    assert_problem(&give(&bearer), 400);
    assert_problem(
        &give("Authorization: Bearer wrong-wrong-wrong-wrong\r\n"),
        400,
    );
    for headers in ["", &own, "Origin: https://scaler.example\r\n"] {
        let answer = give(headers);
        assert!(answer.starts_with("HTTP/1.1 202 "), "{headers}: {answer}");
    }
}

fn mode(room: &Room, name: &str) -> u32 {
    let metadata = fs::metadata(room.path(name)).unwrap();
    metadata.permissions().mode() & 0o7777
}

#[test]
fn log_and_metrics_are_not_for_everybody_and_what_is_there_keeps_its_mode() {
    let aws = Aws::of(vec![busy("web")]);
    let files = ["output/ec2_monitor.log", "output/ec2_metrics_data.json"];
    for (setting, expected) in [("", 0o640), ("file_mode = \"0600\"\n", 0o600)] {
        let room = Room::new();
        let group = quick("web", "observe", "1s");
        room.write("foretide.toml", format!("[run]\n{setting}{group}"));
        let mut run = Running::start(&room, &aws, &[]);
        run.until("PREDICTION");
        run.stop("TERM");
        assert_eq!(files.map(|file| mode(&room, file)), [expected; 2]);
        fs::set_permissions(room.path(files[0]), Permissions::from_mode(0o644)).unwrap();
        let mut run = Running::start(&room, &aws, &[]);
        run.until("PREDICTION");
        run.stop("TERM");
        assert_eq!(files.map(|file| mode(&room, file)), [0o644, expected]);
    }
    let room = Room::new();
    for (wrong, why) in [
        ("0666", "others"),
        ("0750", "execute"),
        ("4640", "execute"),
        ("0440", "owner"),
        ("rw-r-----", "octal"),
        ("", "octal"),
    ] {
        let setting = format!("run.file_mode={wrong}");
        room.fails(
            &["run", "--group", "web", "--set", &setting],
            78,
            &["run.file_mode", why],
        );
    }
}

#[test]
fn a_token_that_others_may_write_is_warned_of_at_the_start() {
    let aws = Aws::of(vec![busy("web")]);
    let room = room("");
    fs::set_permissions(room.path("token"), Permissions::from_mode(0o666)).unwrap();
    let mut run = Running::start(&room, &aws, &LISTEN);
    run.until("eu-west-1/web: PREDICTION");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    let warning = printed.lines().find(|line| line.starts_with("warning: "));
    let warning = warning.unwrap_or_else(|| panic!("{printed}"));
    assert!(
        warning.contains("token") && warning.contains("chmod go-w"),
        "{warning}"
    );
}
