//! Keys that take one word of a list: the words as a file writes them.

use foretide_aws::{Collect, Monitoring, Ready};
use foretide_control::{OnEmpty, OnMissing, OnSuspended};
use foretide_domain::{Mode, PolicyKind};
use foretide_store::LogFormat;
use schemars::JsonSchema;
use serde::Deserialize;

/// As [`Collect`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawCollect {
    Group,
    Instance,
}

/// As [`Monitoring`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawMonitoring {
    Basic,
    Detailed,
}

/// As [`Ready`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawReady {
    InService,
    TargetGroup,
}

/// As [`LogFormat`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawLogFormat {
    Text,
    Json,
}

/// As [`Mode`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawMode {
    Observe,
    ScaleOutOnly,
    Enforce,
}

/// As [`PolicyKind`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawPolicy {
    Forecast,
    TargetTracking,
    Classifier,
}

/// As [`OnMissing`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawOnMissing {
    Hold,
    ScaleOutOnly,
}

/// As [`OnEmpty`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawOnEmpty {
    StartOne,
    Hold,
}

/// As [`OnSuspended`].
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum RawOnSuspended {
    HandsOff,
    Ignore,
}

impl From<RawMode> for Mode {
    fn from(raw: RawMode) -> Self {
        match raw {
            RawMode::Observe => Self::Observe,
            RawMode::ScaleOutOnly => Self::ScaleOutOnly,
            RawMode::Enforce => Self::Enforce,
        }
    }
}

impl From<RawPolicy> for PolicyKind {
    fn from(raw: RawPolicy) -> Self {
        match raw {
            RawPolicy::Classifier => Self::Classifier,
            RawPolicy::TargetTracking => Self::TargetTracking,
            RawPolicy::Forecast => Self::Forecast,
        }
    }
}

impl From<RawOnSuspended> for OnSuspended {
    fn from(raw: RawOnSuspended) -> Self {
        match raw {
            RawOnSuspended::HandsOff => Self::HandsOff,
            RawOnSuspended::Ignore => Self::Ignore,
        }
    }
}

impl From<RawOnMissing> for OnMissing {
    fn from(raw: RawOnMissing) -> Self {
        match raw {
            RawOnMissing::Hold => Self::Hold,
            RawOnMissing::ScaleOutOnly => Self::ScaleOutOnly,
        }
    }
}

impl From<RawOnEmpty> for OnEmpty {
    fn from(raw: RawOnEmpty) -> Self {
        match raw {
            RawOnEmpty::StartOne => Self::StartOne,
            RawOnEmpty::Hold => Self::Hold,
        }
    }
}

impl From<RawCollect> for Collect {
    fn from(raw: RawCollect) -> Self {
        match raw {
            RawCollect::Group => Self::Group,
            RawCollect::Instance => Self::Instance,
        }
    }
}

impl From<RawMonitoring> for Monitoring {
    fn from(raw: RawMonitoring) -> Self {
        match raw {
            RawMonitoring::Basic => Self::Basic,
            RawMonitoring::Detailed => Self::Detailed,
        }
    }
}

impl From<RawReady> for Ready {
    fn from(raw: RawReady) -> Self {
        match raw {
            RawReady::InService => Self::InService,
            RawReady::TargetGroup => Self::TargetGroup,
        }
    }
}

impl From<RawLogFormat> for LogFormat {
    fn from(raw: RawLogFormat) -> Self {
        match raw {
            RawLogFormat::Text => Self::Text,
            RawLogFormat::Json => Self::Json,
        }
    }
}
