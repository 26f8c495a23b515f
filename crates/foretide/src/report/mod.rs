//! What a backtest leaves on disk: a summary for machines, timelines as CSV, a report for people.
//!
//! All three are renderings of one [`Summary`]; none computes a figure of its own.

mod html;
mod summary;
mod timeline;

pub(crate) use html::{ForecastSeries, render, render_forecast};
pub(crate) use summary::{
    Curve, CurvePoint, PolicyFigures, SCHEMA_VERSION, SetupFigures, Summary, TraceFigures,
};
pub(crate) use timeline::{TimelineOf, file_name, write_csv};
