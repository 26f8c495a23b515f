//! A configuration in Systems Manager: read by every command that is told `--config ssm:/…`,
//! pushed, pulled and compared.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretide_aws::{AwsClients, AwsConfig};
use foretide_config::Reach;
use foretide_connect::{check_credentials, connect};
use foretide_files::{CONFIGURATION, outbound_of_process, text as file_text};
use foretide_parameters::{
    Difference, Parts, Place, READS_SYSTEMS_MANAGER, Set, TransferError, differences,
};
use foretide_terminal::shell::visible;
use foretide_terminal::{Exit, Failure};
use tokio::sync::mpsc;

use crate::cli::ConfigFlags;
use crate::output::warn;

use super::args::{PushArgs, RemoteArgs};
use super::output::whole_at;
use super::{Context, input};

/// Time between two looks at the version that counts; up to a third is added, so that replicas do
/// not ask together.
const EVERY: Duration = Duration::from_secs(60);
/// The last configuration that a run took, in the run's folder.
const LAST_GOOD: &str = "config-ssm.toml";

/// A configuration with its name, which has the version.
pub(crate) struct Remote {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The place that `path` is meant as; none if it is a file.
pub(crate) fn place(path: &Path) -> Result<Option<Place>, Failure> {
    let text = path.to_string_lossy();
    if !Place::is_meant_by(&text) {
        return Ok(None);
    }
    named(&text).map(Some)
}

fn named(text: &str) -> Result<Place, Failure> {
    let place = text
        .parse()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    if READS_SYSTEMS_MANAGER {
        return Ok(place);
    }
    let what = format!("{place}: this build has no client of Systems Manager");
    Err(Failure::new(Exit::Config, what).hint(
        "packages have it; from source: cargo install --path crates/foretide --features \
         parameter-store",
    ))
}

/// The configuration that counts at `place`. If it cannot be read, the last one that a run in this
/// folder took.
pub(crate) fn text(place: &Place) -> Result<Remote, Failure> {
    let failure = match fetch(place) {
        Ok(set) => return whole(place, &set),
        Err(failure) => failure,
    };
    let kept = last_good(&state_folder());
    let Ok(text) = file_text(&kept, CONFIGURATION) else {
        return Err(failure);
    };
    let (head, _) = text.split_once('\n').unwrap_or_default();
    let name = head
        .strip_prefix("# ")
        .filter(|it| it.starts_with(&place.to_string()));
    let Some(name) = name.map(str::to_owned) else {
        return Err(failure);
    };
    let why = failure.in_one_line();
    warn(&format!(
        "{why}; the last good configuration is used: {name}"
    ));
    Ok(Remote { name, text })
}

fn whole(place: &Place, set: &Set) -> Result<Remote, Failure> {
    let text = set.parts.text();
    Ok(Remote {
        name: format!("{place} version {}", set.version),
        text: text.map_err(|error| Failure::of(Exit::Data, &error))?,
    })
}

/// Keeps what a run took, for a start at which Systems Manager cannot be reached. Before the first
/// start there is no folder yet; the first look at the version, a minute later, keeps it then.
pub(crate) fn keep(output: &Path, name: &str, text: &str) {
    if !output.exists() {
        return;
    }
    let path = last_good(output);
    let content = format!("# {name}\n{text}");
    if let Err(failure) = whole_at(&path, content.as_bytes()) {
        warn(&failure.in_one_line());
    }
}

fn last_good(folder: &Path) -> PathBuf {
    folder.join(LAST_GOOD)
}

/// The folder of a run before its configuration is known: systemd's, or the default one.
fn state_folder() -> PathBuf {
    let systemd = std::env::var_os("STATE_DIRECTORY").map(PathBuf::from);
    systemd.unwrap_or_else(|| PathBuf::from("output"))
}

fn fetch(place: &Place) -> Result<Set, Failure> {
    away(async |clients| foretide_parameters::read(clients, place).await)
}

/// Runs `work` over a connection, on a thread of its own: the caller may be part of a loop.
fn away<T: Send>(
    work: impl AsyncFnOnce(&AwsClients) -> Result<T, TransferError> + Send,
) -> Result<T, Failure> {
    let connected = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::new(Exit::Unavailable, "cannot start the connection").because(&error)
            })?;
        runtime.block_on(async {
            let aws = AwsConfig {
                outbound: outbound_of_process()?,
                ..AwsConfig::default()
            };
            let connection = connect(&aws, &Reach::default()).await?;
            check_credentials(&connection).await?;
            work(&connection.clients)
                .await
                .map_err(|error| failed(&error))
        })
    };
    std::thread::scope(|scope| scope.spawn(connected).join())
        .unwrap_or_else(|_| Err(Failure::new(Exit::Internal, "the connection broke off")))
}

fn failed(error: &TransferError) -> Failure {
    match error {
        TransferError::Call { .. } => Failure::of(Exit::Unavailable, error)
            .hint("docs/iam.md has the permissions on ssm: for reading, and for a push"),
        TransferError::Empty { place } => {
            Failure::of(Exit::NoInput, error).hint(format!("`foretide config push {place}`"))
        }
        TransferError::Race { .. } => Failure::of(Exit::Unavailable, error).hint("push again"),
        TransferError::Dangling { .. } | TransferError::Parts { .. } => {
            Failure::of(Exit::Data, error).hint("push the configuration again")
        }
    }
}

/// The file that is pushed or compared, checked.
fn local(flags: &ConfigFlags) -> Result<String, Failure> {
    let (sources, _) = input::sources(flags)?;
    input::load(&sources)?;
    let Some((_, text)) = sources.source() else {
        return Err(
            Failure::new(Exit::NoInput, "there is no configuration file")
                .hint("--config FILE names one; `foretide init` writes one"),
        );
    };
    Ok(text.to_owned())
}

/// What differs between the place and the file; everything if nothing was pushed yet.
fn differing(place: &Place, text: &str) -> Result<Vec<Difference>, Failure> {
    let set = away(async |clients| {
        let found = foretide_parameters::current(clients, place).await?;
        match found {
            Some(_) => foretide_parameters::read(clients, place).await.map(Some),
            None => Ok(None),
        }
    })?;
    let before = match set {
        Some(set) => whole(place, &set)?.text,
        None => String::new(),
    };
    differences(&before, text).map_err(|error| Failure::of(Exit::Data, &error))
}

fn show(differences: &[Difference], context: &mut Context<'_>) -> io::Result<()> {
    for Difference { key, before, after } in differences {
        for (mark, value) in [('-', before), ('+', after)] {
            if let Some(value) = value {
                writeln!(context.out, "{mark} {} = {}", visible(key), visible(value))?;
            }
        }
    }
    if differences.is_empty() {
        writeln!(context.out, "no setting differs")?;
    }
    Ok(())
}

/// `foretide config diff`.
pub(crate) fn diff(
    args: &RemoteArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let place = named(&args.place)?;
    let differing = differing(&place, &local(flags)?)?;
    Ok(show(&differing, context)?)
}

/// `foretide config pull`.
pub(crate) fn pull(args: &RemoteArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let place = named(&args.place)?;
    let Remote { name, text } = whole(&place, &fetch(&place)?)?;
    write!(context.out, "# {name}\n{text}")?;
    Ok(())
}

/// `foretide config push`.
pub(crate) fn push(
    args: &PushArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let place = named(&args.place)?;
    let text = local(flags)?;
    let parts = Parts::of(&text).map_err(|error| {
        Failure::of(Exit::Data, &error).hint("a parameter of Systems Manager has at most 4 KiB")
    })?;
    let differing = differing(&place, &text)?;
    show(&differing, context)?;
    if differing.is_empty() {
        return Ok(());
    }
    if !args.yes && !agreed(&place, context)? {
        return Err(
            Failure::new(Exit::Usage, "nothing was pushed").hint("--yes pushes without asking")
        );
    }
    let secret = args.secret;
    let pushed =
        away(async |clients| foretide_parameters::push(clients, &place, &parts, secret).await)?;
    if let Some(why) = pushed.not_removed {
        warn(&format!("an old version was not removed: {why}"));
    }
    writeln!(context.out, "{place} version {} counts", pushed.version)?;
    Ok(())
}

fn agreed(place: &Place, context: &mut Context<'_>) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(context.out, "push to {place}? [no]: ")?;
    context.out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_lowercase().starts_with('y'))
}

/// Whether the configuration is one of Systems Manager.
pub(crate) fn is_meant(flags: &ConfigFlags) -> bool {
    let path = input::config_file(flags);
    path.is_some_and(|path| Place::is_meant_by(&path.to_string_lossy()))
}

/// Tells whenever another version counts; never, if the configuration is a file.
pub(crate) fn watched(flags: &ConfigFlags) -> Result<mpsc::Receiver<()>, Failure> {
    let path = input::config_file(flags);
    let place = path.map(|path| place(&path)).transpose()?;
    Ok(match place.flatten() {
        Some(place) => watch(place),
        None => mpsc::channel(1).1,
    })
}

/// Looks at the version that counts, and tells when it is another one.
fn watch(place: Place) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    let jitter = Duration::from_millis(u64::from(std::process::id() % 20) * 1000);
    tokio::spawn(async move {
        let mut known = None;
        loop {
            tokio::time::sleep(EVERY + jitter).await;
            let asked = place.clone();
            let looked = tokio::task::spawn_blocking(move || {
                away(async |clients| foretide_parameters::current(clients, &asked).await)
            });
            // A look that fails is repeated; what holds goes on.
            let Ok(Ok(found)) = looked.await else {
                continue;
            };
            // The first look may find a version that came after the start.
            if found != known && sender.send(()).await.is_err() {
                return;
            }
            known = found;
        }
    });
    receiver
}
