//! Once against moto, an AWS that others wrote. Its CloudWatch speaks JSON and no CBOR: a
//! translator stands between.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use ciborium::Value as Cbor;
use serde_json::{Value as Json, json};

use crate::Room;

use super::rig::{Running, quick};

/// The Python environment with moto and the AWS CLI. Without it the test fails where `CI` is set,
/// and elsewhere says that it did not run.
pub(super) fn python() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python");
    let env = std::env::var_os("TEST_PYTHON_ENV").map_or_else(default, PathBuf::from);
    let found = env.join("bin/aws").exists() && env.join("bin/moto_server").exists();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "no AWS CLI and moto in {}",
        env.display()
    );
    if !found {
        drop(writeln!(
            std::io::stderr(),
            "skipped: no moto in {}",
            env.display()
        ));
    }
    found.then_some(env)
}

/// moto's server, ended with the value.
pub(super) struct Moto {
    child: Child,
    /// Host and port.
    address: String,
    python: PathBuf,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Moto {
    pub(super) fn start(python: PathBuf) -> Self {
        let mut child = Command::new(python.join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, url)) = line.split_once("Running on http://") {
                break url.split_whitespace().next().unwrap().to_owned();
            }
        };
        thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address,
            python,
        }
    }

    /// Its endpoint.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs the AWS CLI against it; its output.
    fn aws(&self, command: &str) -> String {
        let output = Command::new(self.python.join("bin/aws"))
            .args(command.split_whitespace())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .output()
            .unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        assert!(output.status.success(), "{command}: {error}");
        out
    }

    /// A group of two at 90 % CPU in the last minutes.
    fn prepare(&self) {
        let template = "ec2 create-launch-template --launch-template-name tmpl \
             --launch-template-data {\"ImageId\":\"ami-12345678\",\"InstanceType\":\"t3.small\"}";
        self.aws(template);
        self.aws(
            "autoscaling create-auto-scaling-group --auto-scaling-group-name web --min-size 1 \
             --max-size 5 --desired-capacity 2 --launch-template LaunchTemplateName=tmpl \
             --availability-zones eu-west-1a",
        );
        let now = super::rig::now().as_seconds();
        let newest = now - now.rem_euclid(60);
        let dimension = "Dimensions=[{Name=AutoScalingGroupName,Value=web}]";
        for minute in 1..=5 {
            let at = newest - 60 * minute;
            for metric in [
                format!(
                    "MetricName=CPUUtilization,{dimension},Timestamp={at},Values=[90],Counts=[2]"
                ),
                format!(
                    "MetricName=NetworkIn,{dimension},Timestamp={at},Values=[4000000],Counts=[2]"
                ),
                format!(
                    "MetricName=NetworkOut,{dimension},Timestamp={at},Values=[4000000],Counts=[2]"
                ),
            ] {
                self.aws(&format!(
                    "cloudwatch put-metric-data --namespace AWS/EC2 --metric-data {metric}"
                ));
            }
        }
    }
}

#[test]
fn moto_is_scaled_out_too() {
    let Some(python) = python() else { return };
    let moto = Moto::start(python);
    moto.prepare();
    let endpoint = translator(&moto.address);
    let room = Room::new();
    room.write("foretide.toml", quick("web", "enforce", "1d"));
    let mut run = Running::start_at(&room, &endpoint, &[]);
    run.until("SCALING UP: 2 -> 3 instances");
    let (status, printed) = run.stop("TERM");
    assert_eq!(status.code(), Some(0), "{printed}");
    let group = moto.aws("autoscaling describe-auto-scaling-groups --output json");
    let group: Json = serde_json::from_str(&group).unwrap();
    assert_eq!(group["AutoScalingGroups"][0]["DesiredCapacity"], 3);
}

/// A server that hands everything on to moto, CBOR as JSON and back; its URL.
fn translator(moto: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let moto = moto.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let moto = moto.clone();
            // A client that goes away ends its own thread only.
            thread::spawn(move || hand_on(stream.unwrap(), &moto));
        }
    });
    url
}

/// moto does not know the call, and without its answer nothing is written.
const NO_REFRESHES: &str = "\
    <DescribeInstanceRefreshesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">\
    <DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult>\
    <ResponseMetadata><RequestId>0</RequestId></ResponseMetadata>\
    </DescribeInstanceRefreshesResponse>";

struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// One request a connection.
fn hand_on(mut client: TcpStream, moto: &str) -> Option<()> {
    let request = read(&mut BufReader::new(client.try_clone().ok()?))?;
    let operation = request.line.split_once("/operation/").map(|(_, rest)| {
        let name = rest.split_whitespace().next().unwrap_or_default();
        name.to_owned()
    });
    let refreshes = b"Action=DescribeInstanceRefreshes";
    let unknown_to_moto = request
        .body
        .windows(refreshes.len())
        .any(|part| part == refreshes);
    let (answer, kind) = match operation {
        None if unknown_to_moto => (("200 OK".to_owned(), NO_REFRESHES.into()), "text/xml"),
        None => (post(moto, &request, &request.body, &[]), "text/xml"),
        Some(operation) => {
            let asked: Cbor = ciborium::from_reader(request.body.as_slice()).ok()?;
            let target = format!("GraniteServiceVersion20100801.{operation}");
            let headers = [
                ("content-type", "application/x-amz-json-1.0"),
                ("x-amz-target", target.as_str()),
            ];
            let json = serde_json::to_vec(&to_json(&asked)).ok()?;
            let (status, body) = post(moto, &request, &json, &headers);
            let json: Json = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
            let mut cbor = Vec::new();
            ciborium::into_writer(&to_cbor("", &json), &mut cbor).ok()?;
            ((status, cbor), "application/cbor")
        }
    };
    let (status, body) = answer;
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nsmithy-protocol: rpc-v2-cbor\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).ok()?;
    client.write_all(&body).ok()
}

fn read(from: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        from.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    from.read_exact(&mut body).ok()?;
    Some(Request {
        line: line.trim().to_owned(),
        headers,
        body,
    })
}

/// Asks moto; its status line's end and body.
fn post(moto: &str, request: &Request, body: &[u8], headers: &[(&str, &str)]) -> (String, Vec<u8>) {
    let mut sent = request.headers.clone();
    sent.extend(
        headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    sent.insert("content-length".to_owned(), body.len().to_string());
    sent.insert("connection".to_owned(), "close".to_owned());
    sent.remove("accept-encoding");
    let lines: Vec<String> = sent
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let text = format!("POST / HTTP/1.1\r\n{}\r\n", lines.concat());
    let mut server = TcpStream::connect(moto).unwrap();
    server.write_all(text.as_bytes()).unwrap();
    server.write_all(body).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head
        .lines()
        .next()
        .unwrap()
        .split_once(' ')
        .unwrap()
        .1
        .to_owned();
    (status, answer[end + 4..].to_vec())
}

fn to_json(value: &Cbor) -> Json {
    match value {
        Cbor::Integer(number) => json!(i64::try_from(*number).unwrap()),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(answer) => json!(answer),
        Cbor::Array(items) => items.iter().map(to_json).collect(),
        Cbor::Map(entries) => {
            let entry = |(key, value): &(Cbor, Cbor)| {
                (key.as_text().unwrap_or_default().to_owned(), to_json(value))
            };
            Json::Object(entries.iter().map(entry).collect())
        }
        // A time: the epoch in seconds.
        Cbor::Tag(1, inner) => to_json(inner),
        _ => Json::Null,
    }
}

/// Numbers below `Timestamps` are times, those below `Values` floats.
fn to_cbor(key: &str, value: &Json) -> Cbor {
    match value {
        Json::Number(number) if key.starts_with("Timestamp") => {
            Cbor::Tag(1, Box::new(Cbor::Float(number.as_f64().unwrap())))
        }
        Json::Number(number) => Cbor::Float(number.as_f64().unwrap()),
        Json::String(text) => Cbor::Text(text.clone()),
        Json::Bool(answer) => Cbor::Bool(*answer),
        Json::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(key, item)).collect()),
        Json::Object(entries) => {
            let entry =
                |(key, value): (&String, &Json)| (Cbor::Text(key.clone()), to_cbor(key, value));
            Cbor::Map(entries.iter().map(entry).collect())
        }
        Json::Null => Cbor::Null,
    }
}
