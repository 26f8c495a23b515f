//! Throughput, latency and memory of `POST /predict` with the built-in model, over real
//! connections on loopback: the service in a process of its own, the load generator in this one.
//!
//! The service is this same program, started again with [`SERVE`] set, so that its memory is its
//! own.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use foretide_classifier::Model;
use foretide_http::ServeConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Set in the process that is the service.
const SERVE: &str = "FORETIDE_BENCH_SERVE";

/// Two cores are shared with the load generator; more threads than cores only take turns.
const WORKERS: usize = 2;

const CONNECTIONS: usize = 16;
const REQUESTS: usize = 200_000;
const REQUESTS_ONE_CONNECTION: usize = 20_000;
const WARM_UP: usize = 2_000;

const BODY: &str =
    r#"{"features": [45.5, 60.2, 122.1, 35.6, 1200000000, 0.8, 0.92, "compute", "high"]}"#;

fn main() -> Result<()> {
    if env::var_os(SERVE).is_some() {
        return serve();
    }
    let (service, port) = Service::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(connection(port, WARM_UP))?;
    let alone = runtime.block_on(connection(port, REQUESTS_ONE_CONNECTION))?;
    let started = now();
    runtime.block_on(connections(port, REQUESTS))?;
    let per_second = REQUESTS as f64 / started.elapsed().as_secs_f64();
    let micros = |share| quantile(&alone, share).as_secs_f64() * 1e6;
    let resident = service.memory_mib("VmRSS")?;
    let peak = service.memory_mib("VmHWM")?;
    let trees = Model::built_in()?.facts().trees;
    println!("BENCH\tpredict_http/{CONNECTIONS}-connections\t{per_second:.0}\treq/s\t>= 18000");
    println!(
        "BENCH\tpredict_http/p50-1-connection\t{:.0}\tµs\t-",
        micros(0.5)
    );
    println!(
        "BENCH\tpredict_http/p99-1-connection\t{:.0}\tµs\t< 1000",
        micros(0.99)
    );
    println!("BENCH\tpredict_http/rss\t{resident:.1}\tMiB\t< 40");
    println!("BENCH\tpredict_http/peak-rss\t{peak:.1}\tMiB\t-");
    println!("BENCH\tpredict_http/trees\t{trees}\t-\t-");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// The service: says its port, then answers until the process is killed.
fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let config = ServeConfig {
            listen: "127.0.0.1:0".parse()?,
            ..ServeConfig::default()
        };
        let server = foretide_predict::bind(config, Model::built_in()?).await?;
        println!("{}", server.local_addr().port());
        server.run(std::future::pending()).await;
        Ok(())
    })
}

/// The process of the service; ends with this value.
struct Service {
    process: Child,
    _stdout: BufReader<ChildStdout>,
}

impl Service {
    fn start() -> Result<(Self, u16)> {
        let mut process = Command::new(env::current_exe()?)
            .env(SERVE, "1")
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("the service has no output")?;
        let mut stdout = BufReader::new(stdout);
        let mut port = String::new();
        stdout.read_line(&mut port)?;
        let service = Self {
            process,
            _stdout: stdout,
        };
        Ok((service, port.trim().parse()?))
    }

    /// A line of the process's status, such as `VmRSS: 12345 kB`.
    fn memory_mib(&self, key: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find(|line| line.starts_with(key));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(kib.ok_or("no such line in the status")?.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself, which its missing answers have told already.
        self.process.kill().and_then(|()| self.process.wait()).ok();
    }
}

async fn connections(port: u16, requests: usize) -> Result<()> {
    let mut each = JoinSet::new();
    for _ in 0..CONNECTIONS {
        each.spawn(connection(port, requests / CONNECTIONS));
    }
    while let Some(done) = each.join_next().await {
        done??;
    }
    Ok(())
}

/// The latencies of `requests` requests, one after the other on one connection, in rising order.
async fn connection(port: u16, requests: usize) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "POST /predict HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut latencies = Vec::with_capacity(requests);
    let mut buffer = [0; 4096];
    for _ in 0..requests {
        let sent = now();
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut buffer).await?;
        latencies.push(sent.elapsed());
    }
    latencies.sort_unstable();
    Ok(latencies)
}

/// Reads one answer and checks that it is a prediction.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        filled += read;
        if buffer[..filled].ends_with(b"}}") {
            break;
        }
    }
    let is_prediction = buffer.starts_with(b"HTTP/1.1 200 ")
        && buffer[..filled]
            .windows(13)
            .any(|part| part == b"{\"prediction\"");
    if is_prediction {
        Ok(())
    } else {
        Err(format!("unexpected answer: {}", buffer[..filled].escape_ascii()).into())
    }
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 0 to 1 of a length is an index"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    sorted[index.min(sorted.len() - 1)]
}
