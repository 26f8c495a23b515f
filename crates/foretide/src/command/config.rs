//! `foretide config`: the default file, the schema, the reference, the limits, and a check.

use foretide_config as config;
use foretide_terminal::{Exit, Failure};

use crate::cli::{ConfigCommand, ConfigFlags};

use super::{Context, input, remote};

/// Runs it.
pub(crate) fn run(
    command: &ConfigCommand,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    match command {
        ConfigCommand::Default => write!(context.out, "{}", config::DEFAULT_FILE)?,
        ConfigCommand::Reference => write!(context.out, "{}", config::reference())?,
        ConfigCommand::Limits => write!(context.out, "{}", foretide_limits::document())?,
        ConfigCommand::Schema => {
            let schema = serde_json::to_string_pretty(&config::json_schema());
            let schema = schema.map_err(|error| Failure::of(Exit::Internal, &error))?;
            writeln!(context.out, "{schema}")?;
        }
        ConfigCommand::Check { file } => check(file.as_ref(), flags, context)?,
        ConfigCommand::Push(args) => remote::push(args, flags, context)?,
        ConfigCommand::Pull(args) => remote::pull(args, context)?,
        ConfigCommand::Diff(args) => remote::diff(args, flags, context)?,
    }
    Ok(())
}

fn check(
    file: Option<&std::path::PathBuf>,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let mut flags = flags.clone();
    flags.config = file.cloned().or(flags.config);
    let (sources, path) = input::sources(&flags)?;
    let config = input::load(&sources)?;
    let name = match &path {
        Some(path) => path.display().to_string(),
        None => "no file, the built-in defaults".into(),
    };
    let groups = config.groups.len();
    let word = if groups == 1 { "group" } else { "groups" };
    writeln!(context.out, "ok: {name}; {groups} {word}")?;
    for (name, group) in &config.groups {
        let (mode, policy) = (group.controller.mode, group.controller.policy);
        writeln!(context.out, "  {name}: {mode}, policy {policy}")?;
    }
    Ok(())
}
