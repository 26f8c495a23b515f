//! Files that several commands read: configuration, model, token, trace.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use foretide_classifier::Model;
use foretide_server::Token;
use foretide_sim::{ReadOptions, Trace, TraceError, read_trace};

use crate::cli::ConfigFlags;
use crate::config::{Config, FILE_VARIABLE, GroupSettings, Problems, Sources, masked};
use crate::failure::{Exit, Failure};

/// Read where no file is named, if it is there.
const FILE_HERE: &str = "foretide.toml";
/// No configuration is larger; a wrong file may be.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The file and the environment as sources, with the flags `--set`; and which file it was.
pub(crate) fn sources(flags: &ConfigFlags) -> Result<(Sources, Option<PathBuf>), Failure> {
    let mut sources = Sources::default();
    let path = config_file(flags);
    if let Some(path) = &path {
        sources.file(path, read_config(path)?);
    }
    sources.variables(variables()?.into_iter());
    for setting in &flags.set {
        let Some((key, value)) = setting.split_once('=') else {
            let what = format!("--set {}: expected KEY=VALUE", masked(setting));
            return Err(Failure::new(Exit::Usage, what)
                .hint("for example: --set defaults.target_utilisation=60%"));
        };
        sources.flag(&format!("--set {setting}"), key, &value);
    }
    Ok((sources, path))
}

/// The settings of a group of the configuration; of `[defaults]` where none is named.
pub(crate) fn settings_of<'c>(
    name: Option<&str>,
    config: &'c Config,
) -> Result<&'c GroupSettings, Failure> {
    let Some(name) = name else {
        return Ok(&config.defaults);
    };
    config.groups.get(name).ok_or_else(|| {
        let known: Vec<&str> = config.groups.keys().map(String::as_str).collect();
        let what = format!("no group `{name}` in the configuration");
        Failure::new(Exit::Config, what).hint(match known.as_slice() {
            [] => "it has no groups; `foretide config default` shows how one is written".to_owned(),
            known => format!("groups there: {}", known.join(", ")),
        })
    })
}

fn config_file(flags: &ConfigFlags) -> Option<PathBuf> {
    let named = std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty());
    let here = || Some(PathBuf::from(FILE_HERE)).filter(|path| path.exists());
    let named = flags.config.clone().or_else(|| named.map(PathBuf::from));
    named.or_else(here)
}

/// Foretide's variables. Others may hold what is no text; ours must not.
fn variables() -> Result<Vec<(String, String)>, Failure> {
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("FORETIDE_")) else {
            continue;
        };
        match value.into_string() {
            Ok(value) => variables.push((name.to_owned(), value)),
            Err(_) if name == FILE_VARIABLE => {}
            Err(_) => {
                let what = format!("environment variable {name} is not UTF-8");
                return Err(Failure::new(Exit::Config, what));
            }
        }
    }
    Ok(variables)
}

fn read_config(path: &Path) -> Result<String, Failure> {
    let hint = "`foretide config default > foretide.toml` makes one";
    let length =
        fs::metadata(path).map_err(|error| Failure::unreadable(path, &error).hint(hint))?;
    if length.len() > FILE_BYTES_MAX {
        let what = format!("{} is no configuration: over 1 MiB", path.display());
        return Err(Failure::new(Exit::Config, what));
    }
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let what = format!("{} is no configuration: not UTF-8", path.display());
            Err(Failure::new(Exit::Config, what))
        }
        Err(error) => Err(Failure::unreadable(path, &error)),
    }
}

/// Checks the whole.
pub(crate) fn load(sources: &Sources) -> Result<Config, Failure> {
    sources.load().map_err(|problems| refused(&problems))
}

fn refused(problems: &Problems) -> Failure {
    Failure::new(Exit::Config, problems.to_string())
        .hint("`foretide config default` shows every key, `foretide config check` checks a file")
}

/// The model file, or the built-in model where none is named.
pub(crate) fn model(path: Option<&Path>) -> Result<Model, Failure> {
    let Some(path) = path else {
        return Model::built_in().map_err(|error| Failure::of(Exit::Internal, &error));
    };
    let bytes = fs::read(path).map_err(|error| {
        Failure::unreadable(path, &error).hint("`foretide train --out FILE` makes a model file")
    })?;
    Model::from_bytes(&bytes).map_err(|error| {
        let what = format!("{} is no model that can be used", path.display());
        Failure::new(Exit::Data, what).because(&error).hint(
            "`foretide train --out FILE` makes a model file; without one the built-in is used",
        )
    })
}

/// The token that the file holds; line ends around it are the editor's.
pub(crate) fn token(path: &Path) -> Result<Token, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
    Token::new(text.trim()).map_err(|error| {
        let what = format!("{} holds no token that can be used", path.display());
        Failure::new(Exit::Config, what)
            .because(&error)
            .hint(format!("openssl rand -hex 32 > {}", path.display()))
    })
}

/// A trace file.
pub(crate) fn trace(path: &Path, column: Option<&str>) -> Result<Trace, Failure> {
    let file = File::open(path).map_err(|error| Failure::unreadable(path, &error))?;
    let options = ReadOptions {
        column: column.map(str::to_owned),
        step_s: None,
    };
    let name = path.display().to_string();
    read_trace(&name, BufReader::new(file), &options).map_err(|error| {
        let exit = match error {
            TraceError::Unreadable { .. } => Exit::NoInput,
            _ => Exit::Data,
        };
        let failure = Failure::of(exit, &error);
        match error {
            TraceError::NoColumn { .. } => failure.hint("--column NAME picks the column"),
            _ => failure,
        }
    })
}
