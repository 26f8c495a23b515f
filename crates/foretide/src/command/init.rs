//! `foretide init`: a first configuration for the groups of an account. It asks at most five
//! questions; each has a flag, and without a terminal the flags and defaults stand.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;

use foretide_aws::FoundGroup;
use foretide_config::{Config, DiscoverSettings, Percentage, Price, Starter, StarterGroup};
use foretide_connect::{Found, list_groups};
use foretide_files::outbound_of_process;
use foretide_report::TraceFigures;
use foretide_terminal::shell::visible;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;

use super::args::InitArgs;
use super::output::{prepare, whole_at};
use super::{Context, backtest, input};

/// The permissions of docs/iam.json.
const IAM: &str = include_str!("../../../../docs/iam.json");
/// Name of the file with the permissions, beside the configuration.
const IAM_FILE: &str = "foretide-iam.json";

/// Runs it.
pub(crate) fn run(
    args: &InitArgs,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let iam = args.out.with_file_name(IAM_FILE);
    for path in [args.out.as_path(), iam.as_path()] {
        refuse_existing(path)?;
    }
    if let Some(folder) = args.out.parent() {
        prepare(folder)?;
    }
    let config = input::load(&input::sources(flags)?.0)?;
    let groups = groups(&config)?;
    let ask = Ask::new();
    let names = chosen(args, &groups, &ask, context)?;
    let budget = ask.setting(
        args.budget.clone(),
        "share of the time that a group may be above 80 % CPU",
        Some("0.5%"),
        context,
    )?;
    let price = ask.setting(args.price.clone(), PRICE, None, context)?;
    check(budget.as_deref(), price.as_deref())?;
    let webhook_file = args.webhook_file.as_ref();
    let webhook_file = ask.setting(
        webhook_file.map(|path| path.display().to_string()),
        "file with the address of a webhook for notifications, such as Slack's",
        None,
        context,
    )?;
    let question = format!(
        "pull two weeks of CloudWatch for {} groups and try policies on them (cents at most)",
        names.len()
    );
    let tries = match (args.backtest, args.no_backtest) {
        (true, _) => true,
        (_, true) => false,
        _ => ask.yes(&question, context)?,
    };
    let mut starters = Vec::new();
    for name in names {
        let remarks = if tries {
            tried(&name, budget.as_deref(), flags, context)
        } else {
            Vec::new()
        };
        starters.push(StarterGroup { name, remarks });
    }
    let starter = Starter {
        region: config.defaults.live.reach.region.clone(),
        budget: budget.filter(|it| it != "0.5%"),
        price,
        webhook_file,
        groups: starters,
    };
    whole_at(&args.out, starter.text().as_bytes())?;
    whole_at(&iam, IAM.as_bytes())?;
    writeln!(
        context.out,
        "wrote {} and {}",
        args.out.display(),
        iam.display()
    )?;
    writeln!(
        context.out,
        "next: foretide doctor      what is missing, such as a permission"
    )?;
    writeln!(
        context.out,
        "then: foretide run         observes; it never sets desired capacity"
    )?;
    Ok(())
}

const PRICE: &str = "price of an instance-hour, such as 0.096 USD/h";

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        let what = format!("{} is there already, and is left as it is", path.display());
        return Err(Failure::new(Exit::CannotCreate, what).hint("--out FILE names another"));
    }
    Ok(())
}

/// All groups of the configured region.
fn groups(config: &Config) -> Result<Vec<FoundGroup>, Failure> {
    let mut config = config.clone();
    config.aws.outbound = outbound_of_process()?;
    // The file that is written names one region.
    config.discover = DiscoverSettings::default();
    let Found {
        groups, failures, ..
    } = list_groups(&config)?;
    if let Some((label, why)) = failures.into_iter().next() {
        let what = format!("the groups of {label} cannot be listed: {why}");
        return Err(Failure::new(Exit::Unavailable, what).hint(
            "set AWS_REGION and credentials that may call autoscaling:DescribeAutoScalingGroups; \
             `foretide emulator` is a local AWS that takes any",
        ));
    }
    let groups: Vec<FoundGroup> = groups.into_values().flatten().collect();
    if groups.is_empty() {
        return Err(Failure::new(
            Exit::Data,
            "this account and region has no Auto Scaling group",
        )
        .hint("AWS_REGION or --set defaults.region=eu-west-1 names another region"));
    }
    Ok(groups)
}

/// The groups that the person wants.
fn chosen(
    args: &InitArgs,
    groups: &[FoundGroup],
    ask: &Ask,
    context: &mut Context<'_>,
) -> Result<Vec<String>, Failure> {
    let all = || groups.iter().map(|group| group.name.clone());
    let known = |name: &String| all().any(|it| it == *name);
    let named = if args.group.is_empty() {
        for (index, group) in groups.iter().enumerate() {
            let FoundGroup {
                name,
                desired,
                min,
                max,
                ..
            } = group;
            let name = visible(name);
            writeln!(
                context.out,
                "{:>3}  {name}  desired {desired}, bounds {min}..{max}",
                index + 1
            )?;
        }
        let question = "groups to look after, by number or name, with commas";
        let answer = ask.setting(None, question, Some("all"), context)?;
        let answer = answer.unwrap_or_else(|| "all".to_owned());
        if answer == "all" {
            return Ok(all().collect());
        }
        let one = |word: &str| {
            let index = word.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
            let by_number = index.and_then(|index| groups.get(index));
            by_number.map_or_else(|| word.to_owned(), |group| group.name.clone())
        };
        answer.split(',').map(|word| one(word.trim())).collect()
    } else {
        args.group.clone()
    };
    match named.iter().find(|name| !known(name)) {
        None => Ok(named),
        Some(unknown) => {
            let what = format!("no Auto Scaling group `{}`", visible(unknown));
            let names: Vec<String> = all().map(|name| visible(&name)).collect();
            let hint = format!("there are: {}", names.join(", "));
            Err(Failure::new(Exit::Usage, what).hint(hint))
        }
    }
}

/// Refuses values before anything is pulled.
fn check(budget: Option<&str>, price: Option<&str>) -> Result<(), Failure> {
    let wrong = |what: &str, why: String| Failure::new(Exit::Usage, format!("{what}: {why}"));
    if let Some(text) = budget {
        let parsed: Result<Percentage, _> = text.parse();
        parsed.map_err(|why| wrong("budget", why.to_string()))?;
    }
    if let Some(text) = price {
        let parsed: Result<Price, _> = text.parse();
        parsed.map_err(|why| wrong("price", why.to_string()))?;
    }
    Ok(())
}

/// What two weeks of the group's history show; a sentence if they cannot be tried.
fn tried(
    name: &str,
    budget: Option<&str>,
    flags: &ConfigFlags,
    context: &mut Context<'_>,
) -> Vec<String> {
    let mut flags = flags.clone();
    let budget = budget.map(|it| format!("defaults.forecast.budget={it}"));
    flags.set.extend(budget);
    match backtest::of_group(name, &flags, context) {
        Ok(traces) => traces.iter().flat_map(TraceFigures::said).collect(),
        Err(failure) => vec![format!(
            "two weeks of history could not be tried: {}",
            failure.in_one_line()
        )],
    }
}

/// Questions to the person at the terminal. Without one, no question is asked.
struct Ask {
    interactive: bool,
}

impl Ask {
    fn new() -> Self {
        Self {
            interactive: io::stdin().is_terminal(),
        }
    }

    /// The value of a flag, or the answer to `question`; none where there is neither.
    fn setting(
        &self,
        given: Option<String>,
        question: &str,
        default: Option<&str>,
        context: &mut Context<'_>,
    ) -> Result<Option<String>, Failure> {
        if given.is_some() || !self.interactive {
            return Ok(given.or_else(|| default.map(str::to_owned)));
        }
        let shown = default.unwrap_or("none");
        write!(context.out, "{question} [{shown}]: ")?;
        context.out.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            writeln!(context.out)?;
            return Err(Failure::new(Exit::Usage, "nothing was written")
                .hint("an empty line takes what stands in brackets; each question has a flag"));
        }
        let answer = line.trim();
        Ok(match answer {
            "" => default.map(str::to_owned),
            "none" => None,
            answer => Some(answer.to_owned()),
        })
    }

    fn yes(&self, question: &str, context: &mut Context<'_>) -> Result<bool, Failure> {
        if !self.interactive {
            return Ok(false);
        }
        let answer = self.setting(None, question, Some("yes"), context)?;
        Ok(answer.is_some_and(|it| it.to_lowercase().starts_with('y')))
    }
}
