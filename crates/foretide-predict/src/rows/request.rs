//! The body of `POST /predict`: `{"features": …}` with one row or a batch, each row positional or
//! named. Refuses everything else with the place of the first fault. Valid JSON with a wrong value
//! is a 422; what is not JSON, including the tokens `NaN` and `Infinity`, a 400.

use std::fmt;

use foretide_domain::Features;
use foretide_http::Problem;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::place::{Place, Trace};
use super::row::{Draft, Number, Row, finish_positional, read_named};

/// What was asked.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// One row; answered by one object.
    One(Features),
    /// Several rows; answered by a list in their order.
    Batch(Vec<Features>),
}

/// Reads a body.
pub(super) fn parse(body: &[u8]) -> Result<Request, Problem> {
    let trace = Trace::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    json.deserialize_map(Document(&trace))
        .and_then(|request| {
            trace.set(Place::Document);
            json.end().map(|()| request)
        })
        .map_err(|error| problem(&error, trace.get(), body))
}

fn problem(error: &serde_json::Error, place: Place, body: &[u8]) -> Problem {
    let text = error.to_string();
    let valid_json = error.classify() == Category::Data || text.starts_with("number out of range");
    let problem = if valid_json {
        Problem::unprocessable(format!("{place}: {text}"))
    } else if is_at_non_finite(body, error) {
        Problem::bad_request(format!(
            "{place}: not JSON, which has no NaN or Infinity: {text}"
        ))
    } else {
        Problem::bad_request(format!("{place}: not JSON: {text}"))
    };
    match place {
        Place::Document => problem,
        place => problem.at(place.to_string()),
    }
}

/// Whether the word at which the parser stopped is one that other languages print for numbers that
/// JSON does not have. The parser may stand before the word or within it.
fn is_at_non_finite(body: &[u8], error: &serde_json::Error) -> bool {
    let mut lines = body.split(|&byte| byte == b'\n');
    let Some(line) = lines.nth(error.line().saturating_sub(1)) else {
        return false;
    };
    let (before, after) = line.split_at(error.column().min(line.len()));
    let is_other = |byte: &u8| !byte.is_ascii_alphabetic();
    let start = before.iter().rposition(is_other).map_or(0, |at| at + 1);
    let end = after.iter().position(is_other).unwrap_or(after.len());
    let word = [&before[start..], &after[..end]].concat();
    [b"nan".as_slice(), b"inf", b"infinity"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

/// The object around the rows.
struct Document<'t>(&'t Trace);

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Request;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"an object {"features": …}"#)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request, A::Error> {
        let mut request = None;
        while let Some(Key::Features) = map.next_key()? {
            self.0.set(Place::Row(None));
            if request.is_some() {
                return Err(A::Error::custom("given twice"));
            }
            request = Some(map.next_value_seed(Rows(self.0))?);
            self.0.set(Place::Document);
        }
        self.0.set(Place::Row(None));
        request.ok_or_else(|| A::Error::custom("missing"))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Features,
}

/// The value of `features`: a row, or a list of rows.
struct Rows<'t>(&'t Trace);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = Request;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Request, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = Request;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of 9 values, an object with the 9 names, or a list of such rows")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Request, A::Error> {
        read_named(fields, None, self.0).map(Request::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Request, A::Error> {
        let trace = self.0;
        trace.set(Place::Positional {
            row: None,
            index: 0,
        });
        match values.next_element_seed(First(trace))? {
            None => finish_positional(values, Draft::default(), 0, None, trace).map(Request::One),
            Some(Element::Number(first)) => {
                let draft = Draft::beginning_with(first);
                finish_positional(values, draft, 1, None, trace).map(Request::One)
            }
            Some(Element::Row(first)) => {
                let mut rows = vec![first];
                loop {
                    let index = rows.len();
                    trace.set(Place::Row(Some(index)));
                    match values.next_element_seed(Row { index, trace })? {
                        Some(row) => rows.push(row),
                        None => return Ok(Request::Batch(rows)),
                    }
                }
            }
        }
    }
}

/// The first element of the list tells a row from a batch.
struct First<'t>(&'t Trace);

enum Element {
    Number(f64),
    Row(Features),
}

impl<'de> DeserializeSeed<'de> for First<'_> {
    type Value = Element;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Element, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for First<'_> {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of at least 0, or a row")
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Element, E> {
        Number.visit_f64(value).map(Element::Number)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Element, E> {
        Number.visit_u64(value).map(Element::Number)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Element, E> {
        Number.visit_i64(value).map(Element::Number)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Element, A::Error> {
        finish_positional(values, Draft::default(), 0, Some(0), self.0).map(Element::Row)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Element, A::Error> {
        read_named(fields, Some(0), self.0).map(Element::Row)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use foretide_domain::{TaskPriority, TaskType};

    use super::*;
    use crate::rows::MAX_BATCH_ROWS;

    const POSITIONAL: &str =
        r#"[45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]"#;
    const NAMED: &str = r#"{"task_priority": "high", "cpu_usage": 45.5, "memory_usage": 60.2,
        "network_traffic": 122.1, "power_consumption": 35.6, "task_type": "compute",
        "num_executed_instructions": 1.2e9, "execution_time": 0.8, "energy_efficiency": 0.92}"#;

    const FEATURES: Features = Features {
        cpu_usage: 45.5,
        memory_usage: 60.2,
        network_traffic: 122.1,
        power_consumption: 35.6,
        num_executed_instructions: 1.2e9,
        execution_time: 0.8,
        energy_efficiency: 0.92,
        task_type: TaskType::Compute,
        task_priority: TaskPriority::High,
    };

    fn around(features: &str) -> String {
        format!(r#"{{"features": {features}}}"#)
    }

    #[track_caller]
    fn check(features: &str, expected: &Request) {
        assert_eq!(&parse(around(features).as_bytes()).unwrap(), expected);
    }

    /// Status, field and part of the detail of what `body` is refused with.
    #[track_caller]
    fn check_refused(body: &[u8], status: u16, field: Option<&str>, detail: &str) {
        let problem = parse(body).unwrap_err();
        let shown = format!("{problem:?}");
        assert_eq!(
            problem.status(),
            StatusCode::from_u16(status).unwrap(),
            "{shown}"
        );
        assert_eq!(problem.field(), field, "{shown}");
        assert!(problem.detail().contains(detail), "{shown}");
    }

    #[track_caller]
    fn check_value(index: usize, value: &str, status: u16, field: &str, detail: &str) {
        let mut values = ["1", "1", "1", "1", "1", "1", "1", r#""io""#, r#""low""#];
        values[index] = value;
        let body = around(&format!("[{}]", values.join(",")));
        check_refused(body.as_bytes(), status, Some(field), detail);
    }

    #[test]
    fn both_forms_of_a_row_mean_the_same_alone_and_in_a_batch() {
        check(POSITIONAL, &Request::One(FEATURES));
        check(NAMED, &Request::One(FEATURES));
        check(&format!("[{NAMED}]"), &Request::Batch(vec![FEATURES]));
        check(
            &format!("[{POSITIONAL}, {NAMED}, {POSITIONAL}]"),
            &Request::Batch(vec![FEATURES; 3]),
        );
        check(
            &format!("[{NAMED}, {POSITIONAL}]"),
            &Request::Batch(vec![FEATURES; 2]),
        );
    }

    #[test]
    fn a_wrong_number_is_named_by_index_and_feature() {
        let cpu = "features[0] (cpu_usage)";
        check_value(
            0,
            "-1",
            422,
            cpu,
            "floating point `-1.0`, expected a number of at least 0",
        );
        check_value(0, "-0.5", 422, cpu, "`-0.5`");
        check_value(0, "true", 422, cpu, "boolean `true`, expected a number");
        check_value(0, "null", 422, cpu, "null, expected a number");
        check_value(
            0,
            r#""45.5""#,
            422,
            cpu,
            r#"string "45.5", expected a number"#,
        );
        check_value(0, "1e400", 422, cpu, "number out of range");
        let memory = "features[1] (memory_usage)";
        check_value(1, "-1", 422, memory, "`-1.0`");
        check_value(1, "true", 422, memory, "boolean `true`");
        check_value(1, "null", 422, memory, "null");
        check_value(1, "[]", 422, memory, "sequence");
        check_value(1, "{}", 422, memory, "map");
        check_value(1, "-1e400", 422, memory, "number out of range");
        check_value(1, &"9".repeat(400), 422, memory, "number out of range");
    }

    #[test]
    fn a_wrong_category_is_answered_with_the_choices() {
        let task_type = "features[7] (task_type)";
        check_value(
            7,
            r#""gpu""#,
            422,
            task_type,
            "`gpu`, expected one of: compute, io, network",
        );
        check_value(7, r#""""#, 422, task_type, "compute, io, network");
        check_value(7, "7", 422, task_type, "integer `7`, expected the name");
        let priority = "features[8] (task_priority)";
        check_value(
            8,
            r#""urgent""#,
            422,
            priority,
            "`urgent`, expected one of: high, low, medium",
        );
        check_value(8, "null", 422, priority, "null");
    }

    #[test]
    fn tokens_for_numbers_that_json_has_not_are_said_to_be_so() {
        for token in ["NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "-NaN"] {
            check_value(
                3,
                token,
                400,
                "features[3] (power_consumption)",
                "no NaN or Infinity",
            );
            check_value(
                0,
                token,
                400,
                "features[0] (cpu_usage)",
                "no NaN or Infinity",
            );
        }
    }

    #[test]
    fn a_row_of_the_wrong_length_says_both_lengths() {
        for (features, field, detail) in [
            ("[]", "features", "0 values, expected 9: cpu_usage"),
            ("[1, 2]", "features", "2 values, expected 9"),
            (
                r#"[1,1,1,1,1,1,1,"io","low",0]"#,
                "features",
                "10 values, expected 9",
            ),
            (
                r#"[[1,1,1,1,1,1,1,"io"]]"#,
                "features[0]",
                "8 values, expected 9",
            ),
            ("[[]]", "features[0]", "0 values, expected 9"),
        ] {
            check_refused(around(features).as_bytes(), 422, Some(field), detail);
        }
    }

    #[test]
    fn named_rows_lack_nothing_and_hold_nothing_else() {
        let unknown = NAMED.replace("execution_time", "executiontime");
        let twice = NAMED.replace("execution_time", "cpu_usage");
        let lacking = NAMED.replace(r#""execution_time": 0.8, "#, "");
        let negative = NAMED.replace("60.2", "-60.2");
        for (row, place, detail) in [
            (
                &unknown,
                "",
                "unknown field `executiontime`, expected one of `cpu_usage`",
            ),
            (&twice, ".cpu_usage", "given twice"),
            (&lacking, ".execution_time", "missing"),
            (&negative, ".memory_usage", "-60.2"),
        ] {
            let alone = around(row);
            check_refused(
                alone.as_bytes(),
                422,
                Some(&format!("features{place}")),
                detail,
            );
            let third = around(&format!("[{NAMED}, {POSITIONAL}, {row}]"));
            let field = format!("features[2]{place}");
            check_refused(third.as_bytes(), 422, Some(&field), detail);
        }
        check_refused(
            br#"{"features": {}}"#,
            422,
            Some("features.cpu_usage"),
            "missing",
        );
    }

    #[test]
    fn the_document_is_an_object_with_features_once() {
        for (body, field, detail) in [
            ("{}", Some("features"), "missing"),
            ("[]", None, "invalid type: sequence, expected an object"),
            ("7", None, "integer `7`"),
            (
                r#"{"feature": []}"#,
                None,
                "unknown field `feature`, expected `features`",
            ),
            (
                r#"{"features": null}"#,
                Some("features"),
                "null, expected a list of 9 values",
            ),
            (r#"{"features": "x"}"#, Some("features"), "string"),
        ] {
            check_refused(body.as_bytes(), 422, field, detail);
        }
        let twice = format!(r#"{{"features": {POSITIONAL}, "features": {POSITIONAL}}}"#);
        check_refused(twice.as_bytes(), 422, Some("features"), "given twice");
        let extra = format!(r#"{{"features": {POSITIONAL}, "x": 1}}"#);
        check_refused(extra.as_bytes(), 422, None, "unknown field `x`");
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        for body in [
            "",
            "{",
            "cpu=45",
            r#"{"features": [1, "#,
            r"{'features': []}",
            "\u{feff}{}",
            r#"{"features": [01]}"#,
        ] {
            let problem = parse(body.as_bytes()).unwrap_err();
            assert_eq!(
                problem.status(),
                StatusCode::BAD_REQUEST,
                "{body}: {problem:?}"
            );
            assert!(problem.detail().contains("not JSON"), "{body}: {problem:?}");
        }
        let trailing = format!("{} x", around(POSITIONAL));
        check_refused(trailing.as_bytes(), 400, None, "trailing characters");
        let not_utf8 = around(POSITIONAL).replace("compute", "c\u{1}");
        check_refused(
            not_utf8.as_bytes(),
            400,
            Some("features[7] (task_type)"),
            "control character",
        );
        let mut not_utf8 = around(POSITIONAL).into_bytes();
        let at = not_utf8.windows(7).position(|w| w == b"compute").unwrap();
        not_utf8[at] = 0xff;
        check_refused(&not_utf8, 400, Some("features[7] (task_type)"), "unicode");
    }

    #[test]
    fn a_batch_is_bounded() {
        let rows = |count: usize| around(&format!("[{}]", vec![POSITIONAL; count].join(",")));
        assert!(parse(rows(MAX_BATCH_ROWS).as_bytes()).is_ok());
        let body = rows(MAX_BATCH_ROWS + 1);
        check_refused(
            body.as_bytes(),
            422,
            Some("features"),
            "more than 1024 rows",
        );
    }

    #[test]
    fn deep_nesting_is_refused_without_descending() {
        for open in ["[", r#"{"features":"#] {
            let problem = parse(around(&open.repeat(100_000)).as_bytes()).unwrap_err();
            assert_eq!(
                problem.status(),
                StatusCode::UNPROCESSABLE_ENTITY,
                "{problem:?}"
            );
        }
        let beyond_the_ninth = around(&format!(
            r#"[1,1,1,1,1,1,1,"io","low",{}"#,
            "[".repeat(100_000)
        ));
        check_refused(
            beyond_the_ninth.as_bytes(),
            400,
            Some("features"),
            "not JSON",
        );
    }
}
