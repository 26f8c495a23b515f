//! The list of limits, `docs/limits.md`: every input, how much of it is read, and the test that
//! tries to exceed the limit. Figures come from the constants that the program itself uses, where
//! these are public.

use std::fmt::Write as _;

use foretide_aws::ANSWER_BYTES_MAX;
use foretide_calendar::{CALENDAR_BYTES_MAX, EVENTS_MAX, OCCURRENCES_MAX, RULES_MAX};
use foretide_files::{self as file, Kind};
use foretide_http::ServeConfig;
use foretide_predict::MAX_BATCH_ROWS;
use foretide_sim::MAX_CELLS;
use foretide_store::Retention;

const HEAD: &str = "\
# Limits

<!-- Made by `foretide config limits`; a test compares. -->

Foretide reads at most so much of every input. Each limit has a test, named in the last column.
";

const FILES: &str = "
## Files

A file that the command line or the configuration names must be a regular file. A pipe, a device, a
socket or a directory is refused by name with exit code 66, and Foretide never waits for one. That
includes the pipe of `<(command)`: write the output to a file first. One pipe is read, under the
same limits: that at `/dev/stdin`, as in `cat load.csv | foretide trace /dev/stdin`.
";

const ANSWERS: &str = "
## Answers of other services

The limit on answers of AWS holds for CloudWatch, Auto Scaling, STS, SSO, the container's
credentials endpoint and instance metadata. It does not hold for what the AWS SDK reads itself:
`~/.aws/config`, `~/.aws/credentials`, the web identity token file, and the output of a
`credential_process`. Compressed answers are not inflated.
";

const REQUESTS: &str = "
## Requests

`foretide serve` and the page of `foretide run` and `foretide demo` share the limits on requests,
except where a row names one of the two. The keys are those of `serve`; the page has
`page.connections_per_peer` and the other values as shown. Statuses are those of HTTP.
";

const STORE: &str = "
## The store

Each value that is read from the store has a range, and each row has a checksum. A row that fails
either is an error that names the table, the row and the column. `foretide doctor` lists such rows.
";

/// What a calendar beyond its limits does.
const KEPT: &str = "the events of the last good reading stay in force";

/// One input.
#[derive(Clone)]
struct Row {
    input: &'static str,
    limit: String,
    beyond: String,
    /// The key of the configuration that changes it; empty where none does.
    key: &'static str,
    test: &'static str,
}

/// The whole document.
#[must_use]
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    for (section, rows) in [
        (FILES, [files(), tables()].concat()),
        (ANSWERS, answers()),
        (REQUESTS, [requests(), asked()].concat()),
        (STORE, store()),
    ] {
        text.push_str(section);
        text.push_str("\n| input | at most | beyond | key | test |\n|---|---|---|---|---|\n");
        for row in rows {
            let Row {
                input,
                limit,
                beyond,
                key,
                test,
            } = row;
            let key = if key.is_empty() {
                String::new()
            } else {
                format!("`{key}`")
            };
            // Writing to a string cannot fail.
            writeln!(text, "| {input} | {limit} | {beyond} | {key} | `{test}` |").ok();
        }
    }
    text
}

/// A kind of file as a whole.
fn file(input: &'static str, kind: Kind) -> Row {
    Row {
        input,
        limit: bytes(kind.bytes_max),
        beyond: format!("exit code {}", kind.wrong.code()),
        key: "",
        test: "a_file_that_is_too_long_is_refused_by_every_command",
    }
}

fn files() -> Vec<Row> {
    vec![
        Row {
            limit: "none is read".into(),
            beyond: "exit code 66".into(),
            test: "what_is_no_regular_file_is_refused_by_every_command",
            ..file("pipe, device, socket or directory", file::CONFIGURATION)
        },
        file("configuration", file::CONFIGURATION),
        file("token file", file::TOKEN),
        Row {
            test: "a_password_is_one_line_of_a_bounded_file_and_is_not_shown",
            ..file("password file", file::PASSWORD)
        },
        file(
            "file with the address of the webhook",
            file::WEBHOOK_ADDRESS,
        ),
        Row {
            test: "authorities_that_cannot_be_used_are_refused_at_the_start",
            ..file(
                "certificate authorities (`AWS_CA_BUNDLE`)",
                file::AUTHORITIES,
            )
        },
        Row {
            beyond: KEPT.into(),
            test: "a_reading_that_fails_keeps_the_last_good_one_and_says_so",
            ..file("calendar (`forecast.calendars`)", file::CALENDAR)
        },
        Row {
            limit: format!("{EVENTS_MAX}, {RULES_MAX} and {OCCURRENCES_MAX}"),
            beyond: KEPT.into(),
            test: "a_calendar_that_is_none_or_too_large_is_refused",
            ..file(
                "calendar: events, rules, and occurrences in nine weeks",
                file::CALENDAR,
            )
        },
        file("scenario of the emulator", file::SCENARIO),
        file("model", file::MODEL),
        file("trace, in any form", file::TRACE),
        file("what an interrupted `pull` left", file::TRACE),
        file("labelled rows (`train --csv`)", file::LABELLED_ROWS),
    ]
}

/// What is within traces and labelled rows.
fn tables() -> Vec<Row> {
    const TRACE: &str = "a_stray_timestamp_or_an_endless_line_cannot_fill_the_memory";
    let csv = foretide_classifier::CsvLimits::default();
    let part = |input, limit: String, test| Row {
        limit,
        test,
        ..file(input, file::TRACE)
    };
    vec![
        part("trace: one line", "64 KiB".into(), TRACE),
        part(
            "trace: one record, line ends in quotes included",
            "128 KiB".into(),
            TRACE,
        ),
        part(
            "trace: JSON of the AWS CLI",
            "128 MiB".into(),
            "json_without_end_is_read_up_to_the_limit",
        ),
        part("trace: cells of its step", MAX_CELLS.to_string(), TRACE),
        part(
            "labelled rows: their number",
            csv.rows.to_string(),
            "what_is_read_is_bounded",
        ),
        part(
            "labelled rows: one row",
            bytes(csv.row_bytes as u64),
            "a_row_without_end_is_read_up_to_the_limit",
        ),
    ]
}

fn answers() -> Vec<Row> {
    let row = |input, limit: String, beyond, test| row(input, limit, beyond, "", test);
    vec![
        row(
            "answer of AWS",
            bytes(ANSWER_BYTES_MAX as u64),
            "the call fails, as for an unreadable answer",
            "an_answer_in_chunks_without_end_is_read_up_to_the_limit",
        ),
        row(
            "answer of AWS to a write",
            bytes(ANSWER_BYTES_MAX as u64),
            "the write counts as carried out",
            "a_write_whose_answer_has_no_end_counts_as_carried_out",
        ),
        row(
            "credentials over HTTP",
            bytes(ANSWER_BYTES_MAX as u64),
            "there are no credentials",
            "credentials_without_end_are_read_up_to_the_limit",
        ),
        row(
            "answer of a prediction service (`predictor`)",
            "16 KiB".into(),
            "there is no prediction",
            "an_answer_of_a_predictor_without_end_is_read_up_to_the_limit",
        ),
        row(
            "answer of Prometheus",
            bytes(foretide_prometheus::ANSWER_BYTES_MAX as u64),
            "the reading fails, and names the series that came",
            "an_answer_without_end_is_read_up_to_the_limit",
        ),
        row(
            "periods of one reading from Prometheus",
            "704000".into(),
            "nothing is asked",
            "a_question_for_too_many_periods_is_not_sent",
        ),
        row(
            "answer with a calendar (`forecast.calendars`)",
            bytes(CALENDAR_BYTES_MAX as u64),
            KEPT,
            "a_calendar_is_read_from_an_address",
        ),
        row(
            "answer of a webhook",
            "status only".into(),
            "the body is not read",
            "the_body_of_a_webhooks_answer_is_not_read",
        ),
    ]
}

fn row(
    input: &'static str,
    limit: impl Into<String>,
    beyond: &str,
    key: &'static str,
    test: &'static str,
) -> Row {
    Row {
        input,
        limit: limit.into(),
        beyond: beyond.to_owned(),
        key,
        test,
    }
}

/// What every service has.
fn requests() -> Vec<Row> {
    let serve = ServeConfig::default();
    let seconds = |span: std::time::Duration| format!("{} s", span.as_secs());
    vec![
        row(
            "head of a request",
            "16 KiB",
            "431",
            "",
            "a_head_that_is_too_long_is_refused",
        ),
        row(
            "time for the head of a request, and between two",
            seconds(serve.header_timeout),
            "the connection is closed",
            "serve.header_timeout",
            "slow_heads_and_idle_connections_are_cut_off",
        ),
        row(
            "body of `POST /predict`",
            bytes(serve.body_limit_bytes as u64),
            "413",
            "",
            "the_sender_of_a_huge_body_reads_the_refusal",
        ),
        row(
            "rows of `POST /predict`",
            MAX_BATCH_ROWS.to_string(),
            "422",
            "",
            "a_batch_that_is_too_long_is_refused",
        ),
        row(
            "time for the body of a request",
            seconds(serve.body_timeout),
            "408",
            "serve.body_timeout",
            "slow_bodies_are_told_so",
        ),
        row(
            "connections at a time",
            serve.max_connections.to_string(),
            "the connection that waited longest is closed; while all are answered, 503",
            "serve.max_connections",
            "while_every_connection_is_busy_probes_are_answered_and_the_rest_may_come_later",
        ),
        row(
            "connections of one peer beyond loopback",
            serve.connections_per_peer.to_string(),
            "429",
            "serve.connections_per_peer",
            "one_peer_is_bound_and_a_trusted_proxy_is_not",
        ),
        row(
            "connections beyond those, for `/health` and `/ready`",
            "32",
            "the connection that waited longest is closed",
            "",
            "slow_clients_keep_no_prober_out",
        ),
    ]
}

/// What one service has.
fn asked() -> Vec<Row> {
    vec![
        row(
            "body of an order on the page",
            "1 KiB",
            "413",
            "",
            "an_order_that_is_too_long_is_refused",
        ),
        row(
            "history that the page reads from the store at once",
            "7 days",
            "422",
            "",
            "more_than_seven_days_of_history_are_refused",
        ),
        row(
            "load of the past that the page has in memory, a group",
            "14 days, ten minutes a value",
            "the oldest is dropped",
            "",
            "two_weeks_are_kept_whatever_comes",
        ),
        row(
            "points of history, and characters of a group's id",
            "2000 and 2304",
            "422",
            "",
            "a_group_id_and_a_number_of_points_that_are_too_large_are_refused",
        ),
        row(
            "body of a request to `foretide emulator`",
            "1 MiB",
            "413",
            "",
            "a_request_that_is_too_long_for_the_emulator_is_refused",
        ),
        row(
            "parameters of a form to `foretide emulator`",
            "20,000, of 24 levels",
            "400",
            "",
            "malformed_paths_and_floods_are_refused",
        ),
        row(
            "policies, scheduled actions, hooks and tags of an emulated group",
            "50, 125, 50 and 50",
            "400",
            "",
            "limits_hold",
        ),
        row(
            "custom metrics of the emulator, and their points",
            "10,000 and 500,000",
            "400",
            "",
            "a_flood_of_metrics_or_points_is_refused",
        ),
    ]
}

/// The store of `foretide run`.
fn store() -> Vec<Row> {
    vec![
        row(
            "one value of the store",
            "64 MiB",
            "exit code 65",
            "",
            "a_value_longer_than_any_that_is_written_is_named_and_not_read",
        ),
        row(
            "a column of a row",
            "the range of its type",
            "exit code 65",
            "",
            "every_column_of_every_table_that_is_changed_from_outside_is_told",
        ),
        row(
            "size of the store",
            bytes(Retention::default().bytes_max),
            "older rows are removed sooner",
            "",
            "a_store_that_uses_too_much_keeps_less",
        ),
    ]
}

/// A number of bytes in the largest unit that holds it whole.
fn bytes(number: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if number >> shift > 0 && number.trailing_zeros() >= shift {
            return format!("{} {unit}", number >> shift);
        }
    }
    format!("{number} bytes")
}
