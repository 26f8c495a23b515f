//! What is asked of a source that is not CloudWatch.

use foretide_prometheus::PromQuery;

/// A signal that a Prometheus server measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// The signal's name.
    pub signal: String,
    /// The name of the server's table.
    pub server: String,
    /// What is asked.
    pub query: PromQuery,
}
