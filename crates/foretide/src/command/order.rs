//! `foretide pause`, `resume`, `pin`, `unpin` and `mode`: orders to the run on this machine.

use foretide_config::Span;
use foretide_domain::{Mode, Order, Timestamp};
use foretide_socket::{Answer, FILE, Request, SendError, person, send};
use foretide_terminal::shell::visible;
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;
use crate::clock;

use super::args::{ModeArgs, OrderFlags, OrderedMode, PauseArgs, PinArgs, PlainOrderArgs};
use super::{Context, input};

impl PauseArgs {
    /// Runs it.
    pub(crate) fn run(
        &self,
        flags: &ConfigFlags,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let until = self.span.map(|Span(span)| clock::now().plus(span));
        self.flags.give(Order::Pause { until }, flags, context)
    }
}

impl PlainOrderArgs {
    /// Gives `order`.
    pub(crate) fn run(
        &self,
        order: Order,
        flags: &ConfigFlags,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        self.flags.give(order, flags, context)
    }
}

impl PinArgs {
    /// Runs it.
    pub(crate) fn run(
        &self,
        flags: &ConfigFlags,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let Span(span) = self.span;
        let order = Order::Pin {
            capacity: self.capacity,
            until: clock::now().plus(span),
        };
        self.flags.give(order, flags, context)
    }
}

impl ModeArgs {
    /// Runs it.
    pub(crate) fn run(
        &self,
        flags: &ConfigFlags,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let mode = match self.mode {
            OrderedMode::Observe => Some(Mode::Observe),
            OrderedMode::ScaleOutOnly => Some(Mode::ScaleOutOnly),
            OrderedMode::Enforce => Some(Mode::Enforce),
            OrderedMode::Configured => None,
        };
        self.flags.give(Order::Mode { mode }, flags, context)
    }
}

impl OrderFlags {
    fn give(
        &self,
        order: Order,
        flags: &ConfigFlags,
        context: &mut Context<'_>,
    ) -> Result<(), Failure> {
        let check = order.check(clock::now());
        check.map_err(|why| Failure::new(Exit::Usage, why).hint("--for 2h, at most 720h"))?;
        let folder = match &self.output {
            Some(folder) => folder.clone(),
            None => input::load(&input::sources(flags)?.0)?.run.output,
        };
        let request = Request {
            group: input::asg_of_table(&self.group, flags).unwrap_or_else(|| self.group.clone()),
            order,
            by: self.person(),
        };
        match send(&folder.join(FILE), &request).map_err(|error| unsent(&error))? {
            Answer::Taken { group, next_cycle } => {
                let group = visible(&group);
                writeln!(
                    context.out,
                    "{group}: {}; next cycle {next_cycle}",
                    words(order)
                )?;
                Ok(())
            }
            Answer::Refused { why } => {
                let what = format!("the order is not in force: {}", visible(&why));
                Err(Failure::new(Exit::Data, what)
                    .hint("`foretide status` lists groups and orders"))
            }
        }
    }

    /// Who gives the order, and why.
    fn person(&self) -> String {
        let known = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
        let by = self.by.clone().or_else(|| known("SUDO_USER"));
        person(by.or_else(|| known("USER")), self.why.as_deref())
    }
}

/// What holds from now on.
fn words(order: Order) -> String {
    let until = |at: Option<Timestamp>| match at {
        Some(at) => format!("until {at}"),
        None => "until `foretide resume`".to_owned(),
    };
    match order {
        Order::Pause { until: at } => format!("paused {}", until(at)),
        Order::Resume => "no longer paused".to_owned(),
        Order::Pin {
            capacity,
            until: at,
        } => format!("pinned to {capacity} {}", until(Some(at))),
        Order::Unpin => "no longer pinned".to_owned(),
        Order::Mode { mode: Some(mode) } => format!("mode {mode}"),
        Order::Mode { mode: None } => "mode as configured".to_owned(),
    }
}

fn unsent(error: &SendError) -> Failure {
    let failure = Failure::of(Exit::Unavailable, error);
    match error {
        SendError::NotRunning { .. } => {
            failure.hint("orders go to the run on this machine; --output DIR names its folder")
        }
        SendError::Denied { .. } => failure.hint("run the command as that user, or with sudo"),
        SendError::Broken { .. } => failure.hint("`foretide status` shows the orders that stand"),
        SendError::Malformed { .. } => failure,
    }
}
