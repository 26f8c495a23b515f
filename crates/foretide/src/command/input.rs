//! Inputs that several commands share: the configuration from its sources, and a service's token.

use std::path::{Path, PathBuf};

use foretide_config::{
    Config, Discovered, FILE_VARIABLE, GroupSettings, Limited, Problems, Refused, Sources, masked,
};
use foretide_connect::Found;
use foretide_files::{self as files, CONFIGURATION, EXPOSED_WHY, Exposed};
use foretide_http::Token;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::clock;
use crate::output::warn;

use super::remote;

/// File that is read if no file is named and this file exists.
const FILE_HERE: &str = "foretide.toml";

/// The sources: file, environment and flags `--set`. Also returns the path of the file.
pub(crate) fn sources(flags: &ConfigFlags) -> Result<(Sources, Option<PathBuf>), Failure> {
    let mut sources = Sources::default();
    let path = config_file(flags);
    if let Some(path) = &path {
        match remote::place(path)? {
            Some(place) => {
                let remote = remote::text(&place)?;
                sources.text(&remote.name(), remote.text);
            }
            None => sources.file(path, read_config(path)?),
        }
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

/// The settings of a group of the configuration, or of `[defaults]` if none is named.
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

/// The Auto Scaling group of the table `name`, where there is a configuration with such a table. A
/// store may be read where its configuration is not: then the names of AWS stand alone.
pub(super) fn asg_of_table(name: &str, flags: &ConfigFlags) -> Option<String> {
    let config = load(&sources(flags).ok()?.0).ok()?;
    config.asg_of_table(name).map(str::to_owned)
}

pub(crate) fn config_file(flags: &ConfigFlags) -> Option<PathBuf> {
    let named = std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty());
    let here = || Some(PathBuf::from(FILE_HERE)).filter(|path| path.exists());
    let named = flags.config.clone().or_else(|| named.map(PathBuf::from));
    named.or_else(here)
}

/// Foretide's environment variables. They must be UTF-8; other variables need not.
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
    files::text(path, CONFIGURATION).map_err(|failure| match failure.exit {
        Exit::NoInput => failure.or_hint("`foretide config default > foretide.toml` makes one"),
        _ => failure,
    })
}

/// Loads and checks the configuration.
pub(crate) fn load(sources: &Sources) -> Result<Config, Failure> {
    let config = sources.load().map_err(|problems| refused(&problems))?;
    expanded(config)
}

/// The configuration with the occurrences of events that recur by a rule.
fn expanded(mut config: Config) -> Result<Config, Failure> {
    config.expand_rules(clock::now()).map_err(|what| {
        Failure::new(Exit::Config, what).hint("give the rule a later START, or an end by UNTIL")
    })?;
    Ok(config)
}

/// Loads and checks the configuration, with the groups that a search found. Also returns what a
/// person should know of them, a sentence each: groups whose tags cannot be used, modes that are
/// not allowed, connections that could not be searched.
pub(crate) fn load_with(
    sources: &Sources,
    found: &Found,
) -> Result<(Config, Vec<String>), Failure> {
    let Discovered {
        config,
        refused: left_alone,
        limited,
    } = discovered(sources, found)?;
    let left_alone = left_alone.iter().map(
        |Refused {
             group, problems, ..
         }| {
            let why = problems.to_string().replace('\n', " ");
            format!("group {group} is left alone, because its tags cannot be used: {why}")
        },
    );
    let unsearched = found.failures.iter();
    let unsearched = unsearched.map(|(label, why)| {
        format!("{label} could not be searched for groups, those known stay: {why}")
    });
    let limited = limited.iter().map(Limited::to_string);
    let said = left_alone.chain(limited).chain(unsearched).collect();
    Ok((config, said))
}

/// Loads and checks the configuration, with the groups that a search found.
pub(crate) fn discovered(sources: &Sources, found: &Found) -> Result<Discovered, Failure> {
    let loaded = sources.load_with(&found.tagged(), found.home.as_deref());
    let mut loaded = loaded.map_err(|problems| refused(&problems))?;
    loaded.config = expanded(loaded.config)?;
    Ok(loaded)
}

fn refused(problems: &Problems) -> Failure {
    Failure::new(Exit::Config, problems.to_string())
        .hint("`foretide config default` shows every key, `foretide config check` checks a file")
}

/// The token from a service's token file. Warns on standard error if other users may write the
/// file.
pub(crate) fn token_warned(path: &Path) -> Result<Token, Failure> {
    let token = files::token(path)?;
    if let Some(Exposed { what, fix }) = files::exposed(path) {
        warn(&format!("{what}: {EXPOSED_WHY}; `{fix}` ends that"));
    }
    Ok(token)
}
