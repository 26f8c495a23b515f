//! The answer to a range query, read: the values of one series, or what is wrong with the answer.

use std::collections::BTreeMap;

use foretide_http::{Answer, End};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Problem;
use crate::grid::Part;
use crate::quote::Quote;

/// Most series that a server is asked for; servers before Prometheus 2.53 do not know the parameter
/// and send all. A few are enough to name what is wrong.
pub(crate) const SERIES_ASKED: usize = 10;
/// Most characters of a text of the other side.
const QUOTED_MAX: usize = 300;
/// Most characters of the name of a series.
const SERIES_MAX: usize = 160;
/// Most warnings that are kept.
const WARNINGS_MAX: usize = 8;

/// One series: the value at each time, in milliseconds since the epoch. A NaN or an infinite value
/// is in it as such, since it says that the series exists.
pub(crate) type Series = BTreeMap<i64, f64>;

/// What every answer of Prometheus has around it.
#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    metric: Labels,
    #[serde(default)]
    values: Vec<(f64, String)>,
    histograms: Option<Vec<IgnoredAny>>,
}

type Labels = BTreeMap<String, String>;

/// An answer on its way to a series.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The answer.
    pub(crate) answer: &'a Answer,
    /// What was asked for.
    pub(crate) part: &'a Part,
    /// How to quote the answer.
    pub(crate) quote: Quote<'a>,
}

impl Reading<'_> {
    /// The series of the answer; none if the query has no series in this part.
    pub(crate) fn series(self) -> Result<Option<Series>, Problem> {
        self.check_status()?;
        self.check_end()?;
        let envelope = serde_json::from_slice(&self.answer.body);
        let envelope: Envelope = envelope.map_err(|error| self.unreadable(&error))?;
        let status = self.answer.status;
        if envelope.status == "success" && status.is_success() {
            return self.one_series(envelope);
        }
        if envelope.status == "error" {
            let text = |text: Option<String>| self.text(&text.unwrap_or_default());
            return Err(Problem::Refused {
                status,
                error_type: text(envelope.error_type),
                error: text(envelope.error),
            });
        }
        Err(self.not_prometheus())
    }

    fn text(self, text: &str) -> String {
        self.quote.text(text, QUOTED_MAX)
    }

    /// Statuses whose body need not be read.
    fn check_status(self) -> Result<(), Problem> {
        let status = self.answer.status;
        if status.is_redirection() {
            let to = self.elsewhere();
            return Err(Problem::Redirected { status, to });
        }
        let denied = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        ];
        if denied.contains(&status) {
            return Err(Problem::Denied { status });
        }
        Ok(())
    }

    fn check_end(self) -> Result<(), Problem> {
        let bytes = self.answer.body.len();
        match &self.answer.end {
            End::Whole => Ok(()),
            End::TooLong => Err(Problem::TooLong {
                most: bytes,
                series: self.at_the_beginning(),
            }),
            End::CutOff(why) => {
                let why = self.text(why);
                Err(Problem::CutOff { bytes, why })
            }
        }
    }

    /// Why a body is no answer of Prometheus: something else answered, or the answer is damaged.
    fn unreadable(self, error: &serde_json::Error) -> Problem {
        let encoded = self.answer.headers.get(CONTENT_ENCODING);
        if let Some(encoding) = encoded.filter(|value| value.as_bytes() != b"identity") {
            let encoding = self.text(&String::from_utf8_lossy(encoding.as_bytes()));
            let what = format!("it is compressed ({encoding}), which was not asked for");
            return Problem::Malformed(what);
        }
        if !self.answer.status.is_success() || !self.media_type().contains("json") {
            return self.not_prometheus();
        }
        Problem::Malformed(self.text(&error.to_string()))
    }

    fn not_prometheus(self) -> Problem {
        let content = match self.media_type() {
            text if text.is_empty() => "no media type".to_owned(),
            text => text,
        };
        Problem::NotPrometheus {
            status: self.answer.status,
            content,
        }
    }

    fn media_type(self) -> String {
        let value = self.answer.headers.get(CONTENT_TYPE);
        let text = String::from_utf8_lossy(value.map_or(&[], |it| it.as_bytes())).into_owned();
        let essence = text.split(';').next().unwrap_or_default();
        self.quote.text(&essence.to_ascii_lowercase(), 60)
    }

    /// Where a redirect leads: the origin alone, since path and query may hold a secret.
    fn elsewhere(self) -> String {
        let Some(location) = self.answer.headers.get(LOCATION) else {
            return "nowhere".to_owned();
        };
        let uri: Option<Uri> = location.to_str().ok().and_then(|text| text.parse().ok());
        match uri.as_ref().map(|uri| (uri.scheme_str(), uri.authority())) {
            Some((Some(scheme), Some(authority))) => {
                // What stands before an @ may be a password.
                let host = authority.as_str().rsplit('@').next().unwrap_or_default();
                self.text(&format!("{scheme}://{host}"))
            }
            Some((None, None)) => "another path of the same host".to_owned(),
            _ => "an unreadable address".to_owned(),
        }
    }

    fn one_series(self, envelope: Envelope) -> Result<Option<Series>, Problem> {
        let data = envelope.data;
        let data = data.ok_or_else(|| Problem::Malformed("it has no data".to_owned()))?;
        if data.result_type != "matrix" {
            let found = self.quote.text(&data.result_type, 40);
            let what = format!("its result is a `{found}`, expected a `matrix`");
            return Err(Problem::Malformed(what));
        }
        if data.result.len() > 1 {
            let series = data.result.iter().map(|it| self.named(&it.metric));
            let series: Vec<String> = series.collect();
            // A server that knows the parameter stops there.
            let more = series.len() == SERIES_ASKED;
            return Err(Problem::SeveralSeries { series, more });
        }
        let warnings = envelope.warnings.unwrap_or_default();
        if !warnings.is_empty() {
            let warnings = warnings.iter().take(WARNINGS_MAX);
            let warnings = warnings.map(|text| self.text(text)).collect();
            return Err(Problem::Partial(warnings));
        }
        let Some(found) = data.result.into_iter().next() else {
            return Ok(None);
        };
        if found.histograms.is_some_and(|them| !them.is_empty()) {
            return Err(Problem::Histograms(self.named(&found.metric)));
        }
        self.values(&found.values).map(Some)
    }

    /// The values by their time. Each time was asked for, and none comes twice.
    fn values(self, found: &[(f64, String)]) -> Result<Series, Problem> {
        let mut series = Series::new();
        for (seconds, text) in found {
            let unasked = || Problem::Malformed(format!("it has a value at {seconds}, unasked"));
            let at = rounded_millis(*seconds).ok_or_else(unasked)?;
            if !self.part.has(at) {
                return Err(unasked());
            }
            let value: f64 = text.parse().map_err(|_| {
                Problem::Malformed(format!("`{}` is no number", self.quote.text(text, 40)))
            })?;
            if series.insert(at, value).is_some() {
                let what = format!("it has two values at {seconds}");
                return Err(Problem::Malformed(what));
            }
        }
        Ok(series)
    }

    /// A series as Prometheus writes it: `name{label="value", …}`, shortened.
    fn named(self, labels: &Labels) -> String {
        const NAME: &str = "__name__";
        let pairs = labels.iter().filter(|(label, _)| *label != NAME);
        let pairs: Vec<String> = pairs
            .map(|(label, value)| format!("{label}={value:?}"))
            .collect();
        let name = labels.get(NAME).map_or("", String::as_str);
        let whole = format!("{name}{{{}}}", pairs.join(", "));
        self.quote.text(&whole, SERIES_MAX)
    }

    /// The series of an answer that was not read to its end, by the labels that came.
    fn at_the_beginning(self) -> Vec<String> {
        // A quote within a label's value is escaped, so no value can hold this.
        const METRIC: &str = "\"metric\":";
        let text = String::from_utf8_lossy(&self.answer.body);
        let found = text.match_indices(METRIC).take(SERIES_ASKED);
        let labels = found.filter_map(|(at, _)| {
            let rest = text.get(at + METRIC.len()..)?;
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Labels>();
            values.next()?.ok()
        });
        labels.map(|labels| self.named(&labels)).collect()
    }
}

/// `seconds` in whole milliseconds; none beyond the times that a calendar knows.
pub(crate) fn rounded_millis(seconds: f64) -> Option<i64> {
    const YEARS_10_000: f64 = 3.2e14;
    let millis = (seconds * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole, and far below 2^53: the bound is checked"
    )]
    (millis.abs() < YEARS_10_000).then_some(millis as i64)
}

#[cfg(test)]
mod tests {
    use foretide_http::Credentials;
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    const PART: Part = Part {
        first: 60_000,
        last: 180_000,
        period: 60_000,
    };
    const WHOLE: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":
        {"__name__":"a"},"values":[[60,"1"],[120.000,"NaN"],[180,"3.5"]]}]},"infos":["b"]}"#;

    fn series(status: u16, body: Vec<u8>, end: End) -> Result<Option<Series>, Problem> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body,
            end,
        };
        let reading = Reading {
            answer: &answer,
            part: &PART,
            quote: Quote(&Credentials::None),
        };
        reading.series()
    }

    #[test]
    fn remarks_of_the_server_do_not_spoil_an_answer() {
        let series = series(200, WHOLE.into(), End::Whole).unwrap().unwrap();
        let times: Vec<i64> = series.keys().copied().collect();
        assert_eq!(times, [60_000, 120_000, 180_000]);
        assert!(series[&120_000].is_nan());
    }

    #[test]
    fn times_are_whole_milliseconds() {
        assert_eq!(rounded_millis(1_795_889_126.007), Some(1_795_889_126_007));
        for beyond in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(rounded_millis(beyond), None);
        }
    }

    proptest! {
        /// Whatever comes: no panic, bounded texts, and no time that was not asked for.
        #[test]
        fn no_answer_makes_it_panic(
            status in 100_u16..1000,
            cut in 0..WHOLE.len(),
            at in 0..WHOLE.len(),
            byte: u8,
            noise in proptest::collection::vec(any::<u8>(), 0..200),
            ends in 0_u8..3,
        ) {
            let mut damaged = WHOLE.as_bytes().to_vec();
            damaged[at] = byte;
            let shortened = damaged[..cut].to_vec();
            for body in [damaged, shortened, noise] {
                let end = match ends {
                    0 => End::TooLong,
                    1 => End::CutOff("reset".to_owned()),
                    _ => End::Whole,
                };
                match series(status, body, end) {
                    Ok(found) => {
                        let found = found.unwrap_or_default();
                        prop_assert!(found.keys().all(|at| PART.has(*at)));
                    }
                    Err(problem) => prop_assert!(problem.to_string().len() < 4000),
                }
            }
        }
    }
}
