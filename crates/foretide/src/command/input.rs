//! Files that several commands read: configuration, model, token, trace.

use std::io::{self, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use foretide_classifier::Model;
use foretide_server::Token;
use foretide_sim::{CaseError, ReadOptions, Trace, TraceError, read_trace};

use crate::cli::ConfigFlags;
use crate::failure::{Exit, Failure};
use crate::file;
use crate::output::warn;
use crate::shell::Command;
use foretide_config::{Config, FILE_VARIABLE, GroupSettings, Problems, Sources, masked};

/// Read where no file is named, if it is there.
const FILE_HERE: &str = "foretide.toml";

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
    file::text(path, file::CONFIGURATION).map_err(|failure| match failure.exit {
        Exit::NoInput => failure.or_hint("`foretide config default > foretide.toml` makes one"),
        _ => failure,
    })
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
    let bytes = file::bytes(path, file::MODEL)
        .map_err(|failure| failure.or_hint("`foretide train --out FILE` makes a model file"))?;
    Model::from_bytes(&bytes).map_err(|error| {
        let what = format!("{} is no model that can be used", path.display());
        Failure::new(Exit::Data, what).because(&error).hint(
            "`foretide train --out FILE` makes a model file; without one the built-in is used",
        )
    })
}

/// The token of a file that a service begins with. Warns on standard error if others may write it.
pub(crate) fn token_warned(path: &Path) -> Result<Token, Failure> {
    let token = token(path)?;
    if let Some(Exposed { what, mend }) = exposed(path) {
        warn(&format!("{what}: {EXPOSED_WHY}; `{mend}` ends that"));
    }
    Ok(token)
}

/// What is wrong with a token's file that others may write, and the command that mends it.
pub(crate) struct Exposed {
    pub(crate) what: String,
    pub(crate) mend: String,
}

/// Why that matters.
pub(crate) const EXPOSED_WHY: &str = "whoever writes that file chooses the token";

/// Whether others than the owner may write the file of a token. Nothing is said of a file that
/// cannot be looked at: reading it says more.
pub(crate) fn exposed(path: &Path) -> Option<Exposed> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & OTHERS_WRITE != 0).then(|| Exposed {
        what: format!(
            "others than its owner may write {} (mode {:04o})",
            path.display(),
            mode & 0o7777
        ),
        mend: Command::of("chmod go-w").path(path).to_string(),
    })
}

/// Permission bits of group and others to write.
const OTHERS_WRITE: u32 = 0o022;

/// The token that the file holds; line ends around it are the editor's.
pub(crate) fn token(path: &Path) -> Result<Token, Failure> {
    let text = file::text(path, file::TOKEN)?;
    Token::new(text.trim()).map_err(|error| {
        let what = format!("{} holds no token that can be used", path.display());
        Failure::new(Exit::Config, what).because(&error).hint(
            Command::of("openssl rand -hex 32")
                .into_file(path)
                .to_string(),
        )
    })
}

/// Where the load that an instance serves cannot be given.
pub(crate) const NO_UNIT: &str =
    "a trace whose load is above 0 for more than a hundredth of its time tells it";

/// A trace that cannot be simulated: its own fault, or that of a flag.
pub(crate) fn no_case(error: &CaseError, hint: &str) -> Failure {
    let exit = match error {
        CaseError::BadSetting { .. } => Exit::Usage,
        CaseError::NoUnit { .. } | CaseError::NothingScored { .. } => Exit::Data,
    };
    Failure::of(exit, error).hint(hint)
}

/// A trace file.
pub(crate) fn trace(path: &Path, column: Option<&str>) -> Result<Trace, Failure> {
    let file = file::open(path, file::TRACE)?;
    let options = ReadOptions {
        column: column.map(str::to_owned),
        step_s: None,
    };
    let name = path.display().to_string();
    read_trace(&name, BufReader::new(file), &options).map_err(|error| {
        let exit = match error {
            // Read it was, but what stands there is no text, or has no lines.
            TraceError::Unreadable { ref source, .. }
                if source.kind() != io::ErrorKind::InvalidData =>
            {
                Exit::NoInput
            }
            _ => Exit::Data,
        };
        let failure = Failure::of(exit, &error);
        match error {
            TraceError::NoColumn { .. } | TraceError::SeveralSeries { .. } => {
                failure.hint("--column NAME picks the column")
            }
            TraceError::NoTrace { .. } => {
                failure.hint("cells are parted by commas; of the AWS CLI take --output json")
            }
            TraceError::NoDatapoints { .. } => failure.hint(
                "do --start-time and --end-time, the region and the dimensions fit the metric?",
            ),
            _ => failure,
        }
    })
}
