//! Configuration: built-in defaults, then a file, the environment and flags, each with precedence
//! over the layer before, checked as a whole. Unknown keys, numbers without unit and invalid
//! settings are refused, and all of them are reported at once, each with its place.

mod checks;
mod choice;
mod event;
mod file_mode;
mod group;
mod holidays;
mod key;
mod layer;
mod notify;
mod page;
mod problem;
mod quantity;
mod raw;
mod reference;
mod resolve;
mod schema;
mod set;
mod settings;

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use file_mode::FileMode;
pub use group::{GroupSettings, LiveSettings, Reach};
pub use key::Key;
pub use layer::FILE_VARIABLE;
pub use page::PageSettings;
pub use problem::{Problems, masked};
pub use quantity::{Percentage, Price, Span};
pub use reference::reference;
pub use settings::{Config, DemoSettings, MetricsSettings, RunSettings, ServeSettings};

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
        let tree = schema::tree();
        let mut layers = Layers::default();
        if let Some((source, folder)) = &self.file {
            layers.add_file(&tree, source, folder);
        }
        layers.add_variables(&tree, self.variables.iter().cloned());
        for (flag, key, value) in &self.flags {
            layers.add_flag(&tree, key, value, flag);
        }
        resolve::resolve(layers)
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
