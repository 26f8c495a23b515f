//! What the metrics say of each signal of a group, CPU included. The label is the signal's name in
//! the configuration. Groups without signals have none of these.

use std::fmt;

use foretide_domain::{SignalFigures, SignalStanding};
use prometheus_client::encoding::DescriptorEncoder;

use super::encoding::gauges;
use super::group_metrics::Group;

type Gauge = (
    &'static str,
    &'static str,
    fn(&SignalFigures) -> Option<f64>,
);

const GAUGES: [Gauge; 6] = [
    (
        "foretide_group_signal_value",
        "Newest value of the signal, in the unit of its metric",
        |signal| signal.value,
    ),
    (
        "foretide_group_signal_age_seconds",
        "Time since the end of the signal's newest period, when it was decided last",
        |signal| Some(signal.age?.as_secs_f64()),
    ),
    (
        "foretide_group_signal_load_instances",
        "Instances that the signal's newest load keeps fully busy",
        |signal| Some(signal.load?.get() / 100.0),
    ),
    (
        "foretide_group_signal_asked_instances",
        "Capacity that the signal asks for alone",
        |signal| Some(f64::from(signal.asks)),
    ),
    (
        "foretide_group_signal_fresh",
        "1 while the signal is judged by a fresh value",
        |signal| {
            let fresh = signal.standing == SignalStanding::Fresh;
            Some(f64::from(u8::from(fresh)))
        },
    ),
    (
        "foretide_group_signal_binding",
        "1 for the signal that the newest decision went by",
        |signal| Some(f64::from(u8::from(signal.binds))),
    ),
];

/// The gauges of the signals of all groups.
pub(super) fn encode(
    groups: &[Group],
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), fmt::Error> {
    for (name, help, of) in GAUGES {
        let values = groups.iter().flat_map(|group| {
            let signals = group.signals.iter();
            signals
                .filter_map(move |signal| Some((group.with("signal", &signal.name), of(signal)?)))
        });
        gauges(encoder, name, help, values)?;
    }
    Ok(())
}
