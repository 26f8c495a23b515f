//! Configuration: built-in defaults, then a file, the environment and flags, each with precedence
//! over the layer before, checked as a whole. Unknown keys, numbers without unit and invalid
//! settings are refused, and all of them are reported at once, each with its place.

mod broken;
mod built;
mod calendars;
mod checks;
mod choice;
mod days;
mod discover;
mod event;
mod file_mode;
mod found;
mod group;
mod holidays;
mod key;
mod layer;
mod notify;
mod pace;
mod page;
mod problem;
mod prometheus;
mod quantity;
mod raw;
mod raw_signal;
mod reference;
mod resolve;
mod schema;
mod set;
mod settings;
mod signal;
mod source;
mod starter;

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use days::{DAYS_MAX, days, days_in, hours_ahead};
pub use discover::DiscoverSettings;
pub use file_mode::FileMode;
pub use found::{Discovered, Limited, Refused, TaggedGroup};
pub use group::{GroupSettings, LiveSettings, Reach};
pub use key::Key;
pub use layer::FILE_VARIABLE;
pub use page::PageSettings;
pub use problem::{Problems, masked};
pub use prometheus::{PrometheusLogin, PrometheusSettings};
pub use quantity::{Percentage, Price, Span};
pub use reference::reference;
pub use settings::{Config, DemoSettings, MetricsSettings, RunSettings, ServeSettings};
pub use source::SourceSettings;
pub use starter::{Starter, StarterGroup};

use layer::Layers;
use problem::Source;

/// The default file with every key and its comments.
pub const DEFAULT_FILE: &str = include_str!("../config/default.toml");

/// The sources of a configuration.
#[derive(Debug, Default)]
pub struct Sources {
    file: Option<(Rc<Source>, PathBuf)>,
    variables: Vec<(String, String)>,
    flags: Vec<(String, String, String)>,
}

impl Sources {
    /// Adds the text of the file at `path`; paths in it are relative to its folder.
    pub fn file(&mut self, path: &Path, text: String) {
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        self.file = Some((Rc::new(Source { name, text }), folder));
    }

    /// Adds a text that is of no file, as the file. Paths in it are relative to the working folder.
    pub fn text(&mut self, name: &str, text: String) {
        let name = name.to_owned();
        self.file = Some((Rc::new(Source { name, text }), PathBuf::new()));
    }

    /// Name and text of the file, or of what stands for it.
    pub fn source(&self) -> Option<(&str, &str)> {
        let (source, _) = self.file.as_ref()?;
        Some((&source.name, &source.text))
    }

    /// Adds environment variables; variables of other programs are ignored.
    pub fn variables(&mut self, variables: impl Iterator<Item = (String, String)>) {
        self.variables.extend(variables);
        // The environment has no order; messages do.
        self.variables.sort();
    }

    /// Adds a flag that sets `key`.
    pub fn flag(&mut self, flag: &str, key: &str, value: &dyn fmt::Display) {
        let value = value.to_string();
        self.flags.push((flag.to_owned(), key.to_owned(), value));
    }

    /// Reads and checks all sources.
    ///
    /// # Errors
    /// All problems of the sources.
    pub fn load(&self) -> Result<Config, Problems> {
        resolve::resolve(self.layers(&schema::tree()))
    }

    /// Reads and checks all sources, and adds the groups that a search found. `home` is the region
    /// of groups that name none.
    ///
    /// # Errors
    /// All problems of the sources. A group whose tags cannot be used is no error:
    /// [`Discovered::refused`] names it.
    pub fn load_with(
        &self,
        found: &[TaggedGroup],
        home: Option<&str>,
    ) -> Result<Discovered, Problems> {
        let tree = schema::tree();
        let layers = self.layers(&tree);
        let config = resolve::resolve(layers.clone())?;
        // Groups of an earlier search are let go with the search.
        let found = if config.discover.enabled { found } else { &[] };
        Ok(found::add(config, &layers.settings, &tree, found, home))
    }

    fn layers(&self, tree: &schema::Table) -> Layers {
        let mut layers = Layers::default();
        if let Some((source, folder)) = &self.file {
            layers.add_file(tree, source, folder);
        }
        layers.add_variables(tree, self.variables.iter().cloned());
        for (flag, key, value) in &self.flags {
            layers.add_flag(tree, key, value, flag);
        }
        layers
    }
}

/// The JSON schema with default values.
pub fn json_schema() -> serde_json::Value {
    schema::json(&default_table())
}

/// The default file as settings; a test checks that the file is valid.
fn default_table() -> toml::Table {
    toml::from_str(DEFAULT_FILE).unwrap_or_default()
}

#[cfg(test)]
mod tests;
