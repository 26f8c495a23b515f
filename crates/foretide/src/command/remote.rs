//! A configuration in Systems Manager. Every command reads it with `--config ssm:/…`; `foretide
//! config` pushes it, pulls it and compares it with a file.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use foretide_aws::{AwsClients, AwsConfig};
use foretide_config::{Reach, Sources};
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
use super::output::private_at;
use super::{Context, input};

/// Time between two readings of the version that counts; up to a third is added, so that replicas
/// do not ask together.
const EVERY: Duration = Duration::from_secs(60);
/// The last configuration that a run took, in the run's folder.
const LAST_GOOD: &str = "config-ssm.toml";

/// A configuration of Systems Manager.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    place: Place,
    version: u32,
    pub(crate) text: String,
}

impl Remote {
    fn of(place: &Place, set: &Set) -> Result<Self, Failure> {
        let text = set.parts.text();
        Ok(Self {
            place: place.clone(),
            version: set.version,
            text: text.map_err(|error| Failure::of(Exit::Data, &error))?,
        })
    }

    /// What [`Self::name`] gave, with the text; none if `name` is of another place.
    fn named(place: &Place, name: &str, text: &str) -> Option<Self> {
        let version = name.strip_prefix(&format!("{place} version "))?;
        Some(Self {
            place: place.clone(),
            version: version.parse().ok()?,
            text: text.to_owned(),
        })
    }

    /// Its place and version.
    pub(crate) fn name(&self) -> String {
        format!("{} version {}", self.place, self.version)
    }
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
        Ok(set) => return Remote::of(place, &set),
        Err(failure) => failure,
    };
    let kept = last_good(&state_folder());
    let Ok(text) = file_text(&kept, CONFIGURATION) else {
        return Err(failure);
    };
    let (head, _) = text.split_once('\n').unwrap_or_default();
    let name = head.strip_prefix("# ");
    let remote = name.and_then(|name| Remote::named(place, name, &text));
    let Some(remote) = remote else {
        return Err(failure);
    };
    let (why, name) = (failure.in_one_line(), remote.name());
    warn(&format!(
        "{why}; the last good configuration is used: {name}"
    ));
    Ok(remote)
}

/// The configuration of Systems Manager in `sources`, if that is where they are from.
pub(crate) fn read_into(sources: &Sources, flags: &ConfigFlags) -> Result<Option<Remote>, Failure> {
    let place = input::config_file(flags).map(|path| place(&path));
    let place = place.transpose()?.flatten();
    Ok(place
        .zip(sources.source())
        .and_then(|(place, (name, text))| Remote::named(&place, name, text)))
}

/// Keeps what a run took, for a start at which Systems Manager cannot be reached. Only its owner
/// may read it: parameters may be secrets.
pub(crate) fn keep(output: &Path, remote: &Remote) {
    let (name, text) = (remote.name(), &remote.text);
    let content = format!("# {name}\n{text}");
    if let Err(failure) = private_at(&last_good(output), content.as_bytes()) {
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
        Some(set) => Remote::of(place, &set)?.text,
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
    let remote = Remote::of(&place, &fetch(&place)?)?;
    write!(context.out, "# {}\n{}", remote.name(), remote.text)?;
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
    let secret = args.secret;
    if parts.has_webhook() && !secret {
        let what = "`notify.url` is a secret, and would be stored in plain text";
        return Err(Failure::new(Exit::Usage, what).hint(
            "--secret encrypts the parameters; `notify.url_file` keeps the address elsewhere",
        ));
    }
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

/// Tells whenever another version than that of `taken` counts; never, if the configuration is of a
/// file.
pub(crate) fn watched(taken: Option<Remote>) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    let Some(Remote { place, version, .. }) = taken else {
        return receiver;
    };
    let jitter = Duration::from_millis(u64::from(std::process::id() % 20) * 1000);
    tokio::spawn(async move {
        let mut known = version;
        loop {
            tokio::time::sleep(EVERY + jitter).await;
            let asked = place.clone();
            let read = tokio::task::spawn_blocking(move || {
                away(async |clients| foretide_parameters::current(clients, &asked).await)
            });
            // A reading that fails is repeated, and so is one that finds nothing any more; what
            // was taken goes on.
            let Ok(Ok(Some(version))) = read.await else {
                continue;
            };
            if version != known && sender.send(()).await.is_err() {
                return;
            }
            known = version;
        }
    });
    receiver
}
