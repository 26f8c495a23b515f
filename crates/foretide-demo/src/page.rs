//! The page of a demo: fills the page's read model in virtual time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use foretide_console::{Board, GroupFacts, Limits, Page};
use foretide_domain::{Bounds, GroupState, LifecycleCounts, Percent, Record, Timestamp};
use foretide_http::{ServeConfig, ServeError};
use foretide_sim::{STEP_S, Step};
use foretide_terminal::Failure;

use crate::hosted::{Hosted, NoPage};
use crate::plan::Plan;
use crate::process::Wanted;

/// Default address of the page.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Decisions in memory. A policy decides at most every ten seconds: the newest three days fit.
const DECISIONS: usize = 26_000;

/// Time between two updates of the page: 30 a second look smooth.
pub(crate) const PICTURE: Duration = Duration::from_millis(33);

/// An entry for the page's read model.
pub(crate) struct Feed {
    board: Arc<Board>,
    now: Arc<AtomicI64>,
    group: String,
    start: Timestamp,
    bounds: Bounds,
    hosted: Hosted,
}

/// The page, or the reason why there is none.
pub(crate) enum Shown {
    /// The page is served.
    Page(Box<Feed>),
    /// There is no page, for this reason.
    None(Option<String>),
}

impl Shown {
    /// Opens the page if `--listen` is set. On a terminal, also tries the default address.
    pub(crate) fn open(wanted: &Wanted, plan: &Plan, live: bool) -> Result<Self, Failure> {
        if wanted.no_page || (wanted.listen.is_none() && !live) {
            return Ok(Self::None(None));
        }
        match Feed::open(wanted.listen.unwrap_or(LISTEN), plan) {
            Ok(feed) => Ok(Self::Page(Box::new(feed))),
            Err(NoPage::Refused(ServeError::AddressInUse { listen }))
                if wanted.listen.is_none() =>
            {
                Ok(Self::None(Some(format!("no page: {listen} is in use"))))
            }
            Err(why) => Err(why.into()),
        }
    }

    /// The listener that fills the page's read model.
    pub(crate) fn feed(&mut self) -> Option<&mut Feed> {
        match self {
            Self::Page(feed) => Some(feed),
            Self::None(_) => None,
        }
    }

    /// The address of the page, or the reason why there is none, as text.
    pub(crate) fn says(&self) -> Option<String> {
        match self {
            Self::Page(feed) => Some(format!("page: {}", feed.url())),
            Self::None(why) => why.clone(),
        }
    }
}

impl Feed {
    fn open(listen: SocketAddr, plan: &Plan) -> Result<Self, NoPage> {
        let case = &plan.load.case;
        let start = case.trace().start();
        let now = Arc::new(AtomicI64::new(case.scored_from().as_millis()));
        let clock = Arc::clone(&now);
        let hours = u32::try_from(case.scored_s() / 3600 + 1).unwrap_or(u32::MAX);
        let limits = Limits {
            hours: hours.min(31 * 24),
            decisions: DECISIONS,
            ..Limits::for_groups(1)
        };
        let clock = move || Timestamp::from_millis(clock.load(Ordering::Relaxed));
        let board = Arc::new(Board::new(Arc::new(clock), limits));
        board.set_groups(vec![facts(plan)]);
        let page = Page {
            board: Arc::clone(&board),
            history: None,
            controls: None,
            legacy_names: false,
        };
        let config = ServeConfig {
            listen,
            // A demo has nothing to finish: who stops it wants its end.
            shutdown_grace: Duration::from_millis(200),
            ..ServeConfig::default()
        };
        let hosted = Hosted::start(config, page)?;
        Ok(Self {
            hosted,
            board,
            now,
            group: plan.group.clone(),
            start,
            bounds: case.setup().bounds,
        })
    }

    /// A record of the controller.
    pub(crate) fn note(&self, at: Timestamp, record: &Record) {
        self.board.record(&self.group, at, record);
    }

    /// A step of the simulated world.
    pub(crate) fn observe(&mut self, step: &Step) {
        let at = self.time(step.at_s);
        self.now
            .store(self.time(step.at_s + STEP_S).as_millis(), Ordering::Relaxed);
        let counts = LifecycleCounts {
            in_service: step.in_service,
            pending: step.pending,
            ..LifecycleCounts::default()
        };
        let group = GroupState {
            counts,
            ..GroupState::at_rest(self.bounds, step.desired)
        };
        self.board.read(&self.group, at, &group);
    }

    fn time(&self, at_s: i64) -> Timestamp {
        let passed = Duration::from_secs(u64::try_from(at_s).unwrap_or(0));
        self.start.plus(passed)
    }

    /// Waits for `span`. Returns false if the page has ended.
    pub(crate) fn wait(&self, span: Duration) -> bool {
        self.hosted.wait(span)
    }

    /// The address of the page.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.hosted.address())
    }
}

fn facts(plan: &Plan) -> GroupFacts {
    let config = &plan.config;
    GroupFacts {
        id: plan.group.clone(),
        account: None,
        name: plan.group.clone(),
        mode: config.mode,
        policy: config.policy,
        interval: config.interval,
        objective: Percent::new(plan.load.case.setup().slo_utilisation * 100.0).unwrap_or_default(),
        budget: config.forecast.budget,
        price: plan.price.clone(),
        dry_run: false,
    }
}
