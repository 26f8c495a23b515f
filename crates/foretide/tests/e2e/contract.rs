//! Both services against the OpenAPI documents that they serve, as schemathesis sees them: every
//! operation, with requests that fit the document and requests that do not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Room;

/// What schemathesis is told, whatever the service. The deterministic mode takes its seed from the
/// operations and remembers nothing between runs; failing cases are not made smaller, so that a run
/// takes seconds.
const ARGS: [&str; 11] = [
    "--checks=all",
    "--mode=all",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=60",
    "--generation-deterministic",
    "--no-shrink",
    "--suppress-health-check=all",
    "--workers=1",
    "--request-timeout=10",
    "--no-color",
    "--warnings=off",
];

/// What a schema cannot say: a window of more than seven days beyond the page's memory is refused,
/// whose start and end are each as the document wants them. Every other check holds everywhere; the
/// phase `stateful` has nothing to do, since no answer leads to another operation.
const EXCEPTIONS: &str = r#"
[[operations]]
include-name = "GET /api/v1/groups/{id}"

[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "422"]
"#;

/// The program. Without it the test fails where `CI` is set; elsewhere the test says that it was
/// skipped.
fn schemathesis() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let env = std::env::var_os("TEST_PYTHON_ENV").map_or_else(default, PathBuf::from);
    let program = env.join("bin/schemathesis");
    let found = program.exists();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "no {}",
        program.display()
    );
    if !found {
        let what = format!("skipped: no {}", program.display());
        drop(writeln!(std::io::stderr(), "{what}"));
    }
    found.then_some(program)
}

/// Holds the service at `address` against its document.
#[track_caller]
pub(crate) fn assert_kept(address: &str, args: &[&str]) {
    let Some(program) = schemathesis() else {
        return;
    };
    let room = Room::new();
    room.write("schemathesis.toml", EXCEPTIONS);
    let output = Command::new(program)
        .args(["run", &format!("http://{address}/openapi.json")])
        .args(ARGS)
        .args(args)
        .current_dir(room.path(""))
        .env_clear()
        .output()
        .unwrap();
    let [out, error] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(output.status.success(), "{out}\n{error}");
}
