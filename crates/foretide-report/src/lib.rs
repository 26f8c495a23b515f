//! What a backtest, a forecast and the last days of operation come to: figures, tables for a
//! terminal, and pages that open offline.
//!
//! A page is a rendering of figures that also go out as JSON; it computes none of its own. All
//! pages use one template engine and one chart.

mod backtest;
mod forecast;
mod operations;
mod page;
mod priced;
mod prices;
mod summary;
mod thin;
mod timeline;
mod verdict;

pub use backtest::{print_backtest, render};
pub use forecast::{
    Horizon, LoadHistory, MeasureError, Measured, OutlookMeasured, OutlookRow, Seen, measure,
    measure_outlook, print_forecast, print_outlook, render_forecast,
};
pub use operations::{
    GroupReport, REPORT_VERSION, Recorded, Report, group_report, render_operations, render_text,
};
pub use prices::{PriceFigures, PriceRow};
pub use summary::{
    Curve, CurvePoint, PolicyFigures, SCHEMA_VERSION, SetupFigures, Summary, TraceFigures,
};
pub use timeline::{TimelineOf, file_name, write_csv};
pub use verdict::Suggestion;
