//! Additive Holt-Winters smoothing with a daily season, scaled out for what comes within minutes.

use foretide_domain::whole_instances;

use super::recent::RecentMax;
use super::{Policy, View};

/// Seasonal smoothing of the capacity that utilisation asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct HoltWinters {
    /// Target utilisation, percent.
    pub target: f64,
    /// Weight of the newest value in the level.
    pub level: f64,
    /// Weight of the newest change in the trend.
    pub trend: f64,
    /// Weight of the newest value in the season.
    pub season: f64,
    /// Length of a season in periods.
    pub season_periods: usize,
    /// Periods ahead over which the largest prediction counts.
    pub ahead: usize,
    /// Seconds over which the largest number wanted counts for scaling in.
    pub stabilisation_s: u32,
}

impl Default for HoltWinters {
    fn default() -> Self {
        Self {
            target: 50.0,
            level: 0.3,
            trend: 0.0,
            season: 0.3,
            season_periods: 1440,
            ahead: 7,
            stabilisation_s: 300,
        }
    }
}

impl HoltWinters {
    pub(super) fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("target", self.target),
            ("level", self.level),
            ("trend", self.trend),
            ("season", self.season),
            ("season_periods", self.season_periods as f64),
            ("ahead", self.ahead as f64),
            ("stabilisation_s", f64::from(self.stabilisation_s)),
        ]
    }

    pub(super) fn start(&self) -> Box<dyn Policy> {
        Box::new(Smoother {
            settings: self.clone(),
            first: Vec::new(),
            model: None,
            recent: RecentMax::default(),
        })
    }
}

struct Model {
    level: f64,
    trend: f64,
    season: Vec<f64>,
    /// Place in the season of the newest value.
    place: usize,
}

impl Model {
    /// Level and season of a full first season; the trend starts flat.
    fn start(first: &[f64]) -> Self {
        let level = first.iter().sum::<f64>() / first.len() as f64;
        Self {
            level,
            trend: 0.0,
            season: first.iter().map(|value| value - level).collect(),
            place: first.len().saturating_sub(1),
        }
    }

    fn learn(&mut self, value: f64, settings: &HoltWinters) {
        self.place = (self.place + 1) % self.season.len().max(1);
        let Some(season) = self.season.get_mut(self.place) else {
            return;
        };
        let expected = self.level + self.trend;
        let level = settings.level * (value - *season) + (1.0 - settings.level) * expected;
        self.trend = settings.trend * (level - self.level) + (1.0 - settings.trend) * self.trend;
        *season = settings.season * (value - level) + (1.0 - settings.season) * *season;
        self.level = level;
    }

    /// The largest prediction from the newest period to `ahead` periods on.
    fn largest(&self, ahead: usize) -> f64 {
        let seasons = self.season.iter().cycle().skip(self.place);
        let steps = 0_u32..;
        let predicted = steps
            .zip(seasons)
            .take(ahead + 1)
            .map(|(step, season)| self.level + f64::from(step) * self.trend + season);
        predicted.fold(f64::NEG_INFINITY, f64::max)
    }
}

struct Smoother {
    settings: HoltWinters,
    first: Vec<f64>,
    model: Option<Model>,
    recent: RecentMax,
}

impl Smoother {
    fn learn(&mut self, value: f64) {
        if let Some(model) = &mut self.model {
            model.learn(value, &self.settings);
            return;
        }
        self.first.push(value);
        if self.first.len() >= self.settings.season_periods.max(1) {
            self.model = Some(Model::start(&self.first));
            self.first = Vec::new();
        }
    }
}

impl Policy for Smoother {
    fn decide(&mut self, view: &View<'_>) -> Option<u32> {
        let mut newest = None;
        for period in view.fresh_periods() {
            if let Some(cpu) = period.cpu {
                let value = period.instances * cpu / self.settings.target;
                self.learn(value);
                newest = Some(value);
            }
        }
        let value = newest?;
        let predicted = self
            .model
            .as_ref()
            .map_or(value, |model| model.largest(self.settings.ahead));
        let want = whole_instances(predicted.max(value));
        let window_s = i64::from(self.settings.stabilisation_s);
        let most = self.recent.push(view.at_s, want, window_s);
        Some(if want > view.desired {
            want
        } else {
            view.desired.min(most)
        })
    }
}
