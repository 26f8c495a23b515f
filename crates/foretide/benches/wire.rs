//! The running service on 1,000 groups of a local AWS, over the wire: how long a look takes, what a
//! cycle costs in CPU time and calls, memory, how that grows with the number of groups, and whether
//! an account that never answers slows the others.
//!
//! The local AWS is a process of its own, so the figures are those of the service alone: runtime,
//! controllers and the adapter to AWS, with a journal that forgets.
//!
//! `cargo bench -p foretide --bench wire`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run fails")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use foretide_aws::{
    AwsClients, AwsConfig, CollectSettings, Collector, MetricOptions, Ready, StaticCredentials,
};
use foretide_control::ControllerConfig;
use foretide_domain::{CallFailure, Features, PolicyKind, Prediction, Timestamp};
use foretide_runtime::{
    AnchoredClock, BoxFuture, Cloud, Fleet, GroupKey, GroupSetup, Predictor, Runtime,
    RuntimeSettings, WritePermit,
};

#[path = "../../foretide-runtime/benches/shared/mod.rs"]
mod shared;

use shared::{Forgets, used};

/// Looks of each group that are measured, every [`INTERVAL`]: the five minutes in which each slow
/// fact is read once.
const CYCLES: u32 = 30;
/// The same beside a dead account: two minutes, in which new periods show twice.
const CYCLES_BESIDE: u32 = 12;
const INTERVAL: Duration = Duration::from_secs(10);

/// A local AWS of its own process, ended with the value.
struct LocalAws {
    child: Child,
    endpoint: String,
}

impl LocalAws {
    fn start(scenario: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local.toml");
        std::fs::write(&file, scenario).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_foretide"))
            .args(["emulator", "--listen", "127.0.0.1:0", "--scenario"])
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let endpoint = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { child, endpoint }
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct NeverAsked;

impl Predictor for NeverAsked {
    fn predict<'a>(
        &'a self,
        _features: &'a Features,
    ) -> BoxFuture<'a, Result<Prediction, CallFailure>> {
        Box::pin(std::future::pending())
    }
}

/// One account of `groups` groups behind `endpoint`.
async fn account(endpoint: &str, groups: usize) -> (Arc<AwsClients>, Arc<dyn Cloud>) {
    let config = AwsConfig {
        region: Some("eu-west-1".into()),
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(StaticCredentials {
            access_key_id: "emulator".into(),
            secret_access_key: "emulator".into(),
            session_token: None,
        }),
        ..AwsConfig::default()
    };
    let clients = Arc::new(AwsClients::connect(&config).await.unwrap());
    let settings = (1..=groups).map(|number| CollectSettings {
        group: name(groups, number),
        metrics: MetricOptions::default(),
        warm_up: Some(Duration::ZERO),
        ready: Ready::default(),
    });
    let collector = Collector::new(Arc::clone(&clients), settings.collect());
    (clients, Arc::new(collector))
}

fn name(groups: usize, number: usize) -> String {
    if groups == 1 {
        "web".into()
    } else {
        format!("web-{number:04}")
    }
}

fn setups(account: &str, groups: usize) -> Vec<GroupSetup> {
    let predictor: Arc<dyn Predictor> = Arc::new(NeverAsked);
    let permit = Arc::new(WritePermit::default());
    let setup = |number| GroupSetup {
        key: GroupKey::new(account, &name(groups, number)),
        controller: ControllerConfig {
            interval: INTERVAL,
            policy: PolicyKind::TargetTracking,
            ..ControllerConfig::default()
        },
        permit: Arc::clone(&permit),
        predictor: Arc::clone(&predictor),
        history_from: None,
        settings: "".into(),
    };
    (1..=groups).map(setup).collect()
}

/// What one fleet costs.
struct Cost {
    /// Longest look of a cycle: the median cycle's.
    longest_look: Duration,
    overruns: u64,
    calls_a_cycle: f64,
    cpu_ms_a_cycle: f64,
    kib_a_group: f64,
    /// Until everything of every group was read once.
    start_s: f64,
}

/// Looks after `groups` groups of `account`, beside those that `others` add.
async fn measure(
    groups: usize,
    clients: &AwsClients,
    accounts: BTreeMap<String, Arc<dyn Cloud>>,
    others: Vec<GroupSetup>,
    cycles: u32,
) -> Cost {
    let (memory_before, _) = used();
    let mut all = setups("a", groups);
    all.extend(others);
    let fleet = Fleet {
        accounts,
        groups: all,
    };
    let clock = Arc::new(AnchoredClock::at(now()));
    let runtime = Runtime::start(RuntimeSettings::default(), fleet, Arc::new(Forgets), clock)
        .await
        .unwrap();
    // The first looks also read the launches of a day, and who else writes, of every group; it is
    // not what a cycle costs.
    let began = now();
    loop {
        tokio::time::sleep(INTERVAL).await;
        let calls = clients.bill().snapshot().calls;
        let read = |operation| calls.get(operation).is_some_and(|of| *of >= groups as u64);
        if read("DescribeScalingActivities") && read("DescribeInstanceRefreshes") {
            break;
        }
    }
    let start_s = now().since(began).as_secs_f64();
    let calls_before = clients.bill().snapshot().total_calls();
    let (_, cpu_before) = used();
    let mut longest = Vec::new();
    for _ in 0..cycles {
        tokio::time::sleep(INTERVAL).await;
        let ours = runtime
            .status()
            .into_iter()
            .filter(|one| one.key.account() == "a");
        longest.push(ours.map(|one| one.cycle_took).max().unwrap());
    }
    let (memory, cpu) = used();
    let calls = clients.bill().snapshot().total_calls() - calls_before;
    let ours = runtime
        .status()
        .into_iter()
        .filter(|one| one.key.account() == "a");
    let overruns = ours.map(|one| one.overruns).sum();
    runtime.stop().await;
    longest.sort_unstable();
    Cost {
        longest_look: longest[longest.len() / 2],
        overruns,
        calls_a_cycle: calls as f64 / f64::from(cycles),
        cpu_ms_a_cycle: (cpu - cpu_before) * 10.0 / f64::from(cycles),
        kib_a_group: (memory - memory_before) / groups as f64,
        start_s,
    }
}

fn now() -> Timestamp {
    let passed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp::default().plus(passed)
}

fn scenario(groups: usize) -> String {
    format!("[[groups]]\nname = 'web'\ncount = {groups}\nhistory_s = 1800\n")
}

async fn of(groups: usize) -> Cost {
    let aws = LocalAws::start(&scenario(groups));
    let (clients, cloud) = account(&aws.endpoint, groups).await;
    let accounts = BTreeMap::from([("a".to_owned(), cloud)]);
    let cost = measure(groups, &clients, accounts, Vec::new(), CYCLES).await;
    println!(
        "BENCH\twire/all-read-of-{groups}\t{:.0}\ts\t-",
        cost.start_s
    );
    let look = cost.longest_look.as_secs_f64() * 1e3;
    println!("BENCH\twire/look-longest-of-{groups}\t{look:.1}\tms\t<= 2000");
    println!(
        "BENCH\twire/overruns-of-{groups}\t{}\tlooks\t<= 0",
        cost.overruns
    );
    println!(
        "BENCH\twire/calls-a-cycle-of-{groups}\t{:.1}\tcalls\t-",
        cost.calls_a_cycle
    );
    println!(
        "BENCH\twire/cpu-a-cycle-of-{groups}\t{:.1}\tms\t<= 2500",
        cost.cpu_ms_a_cycle
    );
    println!(
        "BENCH\twire/memory-a-group-of-{groups}\t{:.1}\tKiB\t-",
        cost.kib_a_group
    );
    cost
}

/// A hundred groups beside a hundred of an account that never answers.
async fn beside_a_dead_account() -> Cost {
    let aws = LocalAws::start(&scenario(100));
    let dead = LocalAws::start(&format!("{}[[faults]]\nkind = 'hang'\n", scenario(100)));
    let (clients, cloud) = account(&aws.endpoint, 100).await;
    let (_, dead_cloud) = account(&dead.endpoint, 100).await;
    let accounts = BTreeMap::from([("a".to_owned(), cloud), ("b".to_owned(), dead_cloud)]);
    measure(100, &clients, accounts, setups("b", 100), CYCLES_BESIDE).await
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let hundred = of(100).await;
        let thousand = of(1000).await;
        let times = thousand.cpu_ms_a_cycle / hundred.cpu_ms_a_cycle;
        println!("BENCH\twire/cpu-of-1000-in-those-of-100\t{times:.1}\ttimes\t<= 12");
        let times = thousand.calls_a_cycle / hundred.calls_a_cycle;
        println!("BENCH\twire/calls-of-1000-in-those-of-100\t{times:.1}\ttimes\t<= 12");
        let beside = beside_a_dead_account().await;
        let look = beside.longest_look.as_secs_f64() * 1e3;
        println!("BENCH\twire/look-longest-beside-a-dead-account\t{look:.1}\tms\t<= 2000");
        println!(
            "BENCH\twire/overruns-beside-a-dead-account\t{}\tlooks\t<= 0",
            beside.overruns
        );
    });
}
