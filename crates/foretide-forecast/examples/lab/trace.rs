//! Trace files and the ten closed-loop cases.

use std::collections::BTreeMap;
use std::path::Path;

/// A case: file stem, step in seconds, days used, warm-up days, and what others reached on it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) step_s: i64,
    pub(crate) days: usize,
    pub(crate) warmup: usize,
    pub(crate) best_peer: f64,
    pub(crate) actions: f64,
}

const fn case(
    name: &'static str,
    step_s: i64,
    days: usize,
    warmup: usize,
    best_peer: f64,
    actions: f64,
) -> Case {
    Case {
        name,
        step_s,
        days,
        warmup,
        best_peer,
        actions,
    }
}

pub(crate) const CASES: [Case; 10] = [
    case("nasa_http_1995", 60, 21, 7, 1.65, 1012.0),
    case("ms_db_app_rps_01", 60, 11, 7, 1.10, 273.0),
    case("ms_db_app_rps_04", 60, 11, 7, 2.27, 417.0),
    case("ms_ingress_04", 60, 11, 7, 1.12, 394.0),
    case("ms_ingress_02", 60, 11, 3, 1.12, 198.0),
    case("twitter_stream_2021", 60, 21, 7, 3.40, 3624.0),
    case("nab_tweets_AMZN", 300, 28, 14, 1.94, 1682.0),
    case("nab_elb_request_count_8c0756", 300, 14, 7, 4.29, 1086.0),
    case("azure_v2_vms_2019", 300, 28, 14, 1.07, 362.0),
    case("bitbrains_vm411", 300, 28, 14, 1.25, 1076.0),
];

/// Demand by step, holes held, and the epoch minute of the first.
pub(crate) struct Trace {
    pub(crate) demand: Vec<f64>,
    pub(crate) epoch_minute: i64,
}

pub(crate) fn read(dir: &Path, case: &Case) -> Result<Trace, String> {
    let path = dir.join(format!("{}.csv", case.name));
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut cells: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let (Some(at), Some(value)) = (fields.next(), fields.next()) else {
            return Err(format!("no value in {line:?}"));
        };
        let at: jiff::Timestamp = at.parse().map_err(|e| format!("{line:?}: {e}"))?;
        let value: f64 = value.parse().map_err(|e| format!("{line:?}: {e}"))?;
        if seen.insert(at.as_second()) {
            let cell = cells
                .entry(at.as_second().div_euclid(case.step_s))
                .or_default();
            cell.0 += value.max(0.0);
            cell.1 += 1.0;
        }
    }
    let first = *cells.keys().next().ok_or("no rows")?;
    let count = case.days as i64 * 86_400 / case.step_s;
    let mut held = 0.0;
    let demand = (first..first + count)
        .map(|k| {
            if let Some((sum, n)) = cells.get(&k) {
                held = sum / n;
            }
            held
        })
        .collect();
    Ok(Trace {
        demand,
        epoch_minute: first * case.step_s / 60,
    })
}
