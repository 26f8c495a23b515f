//! Proxies and certificate authorities of the environment: every outgoing connection honours them,
//! and what goes wrong on the way is said with host and cause.

use std::fs::File;
use std::net::SocketAddr;

use foretide_testing::{Authority, Network, Proxy};

use crate::Room;
use crate::run::{Aws, busy};
use crate::serve::Service;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const CREDENTIALS: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
    Content-Length: 117\r\nConnection: close\r\n\r\n\
    {\"AccessKeyId\":\"id\",\"SecretAccessKey\":\"secret\",\"Token\":\"token\",\
    \"Expiration\":\"2099-01-01T00:00:00Z\",\"RoleArn\":\"arn:r\"}";

/// AWS, a webhook, a prediction service and a provider of credentials, each with a name that only
/// the proxy knows and a certificate that only `ca.pem` vouches for.
struct Away {
    room: Room,
    proxy: Proxy,
    aws: Aws,
    _predictor: Service,
    _network: Network,
}

impl Away {
    fn new() -> Self {
        let (room, network, authority) = (Room::new(), Network::new(), Authority::new());
        room.write("ca.pem", authority.pem());
        room.write("other.pem", Authority::new().pem());
        room.write(
            "foretide.toml",
            "[group.web]\npolicy = \"classifier\"\npredictor = \"https://predictor.example\"\n\
             [notify]\nurl = \"https://hooks.example/T0/s3cr3t\"\n\
             [serve]\nhosts = [\"predictor.example\"]\n",
        );
        let aws = Aws::of(vec![busy("web")]);
        let plain_aws: SocketAddr = aws.endpoint.trim_start_matches("http://").parse().unwrap();
        let predictor = Service::start_as("serve", &room, &[]);
        let tls = |name, behind| (name, network.tls(&authority, name, behind));
        let servers = [
            tls("aws.example", plain_aws),
            tls("predictor.example", predictor.address.parse().unwrap()),
            tls("hooks.example", network.plain(OK)),
            tls("credentials.example", network.plain(CREDENTIALS)),
            ("plain.example", plain_aws),
        ];
        let proxy = network.proxy(&servers);
        Self {
            room,
            proxy,
            aws,
            _predictor: predictor,
            _network: network,
        }
    }

    /// Runs with `variables`: exit code, standard output, standard error.
    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = self.room.command();
        command
            .env("AWS_ENDPOINT_URL", "https://aws.example")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("AWS_ACCESS_KEY_ID", "id")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .args(args);
        for (name, value) in variables {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let output = command.output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }
}

const PULL: [&str; 7] = ["pull", "--group", "web", "--days", "1", "--out", "web.csv"];

#[test]
fn aws_its_credentials_predictor_and_webhook_take_the_proxy_and_trust_the_bundle() {
    let away = Away::new();
    let url = away.proxy.url();
    let both = [("HTTPS_PROXY", url.as_str()), ("AWS_CA_BUNDLE", "ca.pem")];

    let (code, out, error) = away.run(&PULL, &both);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(away.proxy.count("CONNECT aws.example:443 ") > 0);

    let (code, out, error) = away.run(&["notify", "test"], &both);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert_eq!(away.proxy.count("CONNECT hooks.example:443 "), 1);

    let (_, out, error) = away.run(&["doctor", "--group", "web"], &both);
    assert!(
        out.contains("https://predictor.example answers"),
        "{out}{error}"
    );
    assert_eq!(away.proxy.count("CONNECT predictor.example:443 "), 1);

    let of_container = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "https://credentials.example/v1",
        ),
        ("https_proxy", url.as_str()),
        ("AWS_CA_BUNDLE", "ca.pem"),
    ];
    let (code, out, error) = away.run(&PULL, &of_container);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(away.proxy.count("CONNECT credentials.example:443 ") > 0);
}

#[test]
fn an_endpoint_without_tls_takes_the_proxy_for_http_and_exceptions_and_loopback_none() {
    let away = Away::new();
    let url = away.proxy.url();
    let plain = [
        ("AWS_ENDPOINT_URL", "http://plain.example"),
        ("HTTP_PROXY", url.as_str()),
    ];
    let (code, out, error) = away.run(&PULL, &plain);
    assert_eq!((code, error.as_str()), (0, ""), "{out}");
    assert!(away.proxy.count("POST http://plain.example/") > 0);

    let before = away.proxy.heads().len();
    let excepted = [&plain[..], &[("NO_PROXY", "plain.example")]].concat();
    let (code, _, error) = away.run(&PULL, &excepted);
    assert_eq!(code, 69, "{error}");
    assert!(
        error.contains("plain.example cannot be reached: its name"),
        "{error}"
    );
    let here = [
        ("AWS_ENDPOINT_URL", away.aws.endpoint.as_str()),
        ("HTTP_PROXY", url.as_str()),
    ];
    let (code, _, error) = away.run(&PULL, &here);
    assert_eq!(code, 0, "{error}");
    assert_eq!(away.proxy.heads().len(), before, "neither asked the proxy");
}

#[test]
fn what_goes_wrong_on_the_way_is_said_with_host_and_cause() {
    let away = Away::new();
    let url = away.proxy.url();
    let unbundled = "no authority that is trusted here vouches for its certificate";
    let through = format!("aws.example (through the proxy {url}) cannot be reached: ");
    for (variables, said) in [
        (
            vec![],
            "aws.example cannot be reached: its name cannot be resolved".to_owned(),
        ),
        (
            vec![("HTTPS_PROXY", url.as_str())],
            format!("{through}{unbundled}"),
        ),
        (
            vec![("HTTPS_PROXY", &url), ("AWS_CA_BUNDLE", "other.pem")],
            format!("{through}{unbundled}"),
        ),
        (
            vec![
                ("HTTPS_PROXY", &url),
                ("AWS_CA_BUNDLE", "ca.pem"),
                ("AWS_ENDPOINT_URL", "https://nowhere.example"),
            ],
            "the proxy refused to connect".to_owned(),
        ),
        (
            vec![("HTTPS_PROXY", "http://127.0.0.1:1")],
            "the proxy: Connection refused".to_owned(),
        ),
    ] {
        let (code, _, error) = away.run(&PULL, &variables);
        assert_eq!(code, 69, "{error}");
        assert!(error.contains(&said), "{said:?} is not in\n{error}");
        assert!(error.contains("hint: "), "{error}");
    }
    let (code, _, error) = away.run(&PULL, &[("AWS_ENDPOINT_URL", "localhost:4566")]);
    assert_eq!(code, 78, "{error}");
    assert!(error.contains("`localhost:4566` is no address"), "{error}");
    assert!(error.contains("http://localhost:4566"), "{error}");
    let (code, _, error) = away.run(&["notify", "test"], &[]);
    assert_eq!(code, 69, "{error}");
    assert!(error.contains("https://hooks.example: "), "{error}");
    assert!(error.contains("its name cannot be resolved"), "{error}");
    assert!(!error.contains("s3cr3t"), "{error}");
}

/// As a wrong endpoint or the page of a proxy answers.
#[test]
fn an_answer_of_another_server_is_said_to_be_one() {
    const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\
        Content-Length: 9\r\nConnection: close\r\n\r\n<p>no</p>";
    let (away, network) = (Away::new(), Network::new());
    let endpoint = format!("http://{}", network.plain(NOT_FOUND));
    let (code, _, error) = away.run(&PULL, &[("AWS_ENDPOINT_URL", &endpoint)]);
    assert_eq!(code, 69, "{error}");
    for said in [
        "DescribeAutoScalingGroups: HTTP 404, and the answer is not one of AWS: another server \
         answers at the endpoint, or a proxy on the way",
        "hint: endpoint_url below [aws], AWS_ENDPOINT_URL and HTTPS_PROXY say where calls go",
    ] {
        assert!(error.contains(said), "{said:?} is not in\n{error}");
    }
}

#[test]
fn authorities_that_cannot_be_used_are_refused_at_the_start() {
    let away = Away::new();
    away.room.write("empty.pem", "nothing\n");
    let long = File::create(away.room.path("long.pem")).unwrap();
    long.set_len((16 << 20) + 1).unwrap();
    let commands = [
        &PULL[..],
        &["run", "--no-page"],
        &["doctor"],
        &["notify", "test"],
    ];
    for (variable, value, code, said) in [
        (
            "AWS_CA_BUNDLE",
            "missing.pem",
            66,
            "AWS_CA_BUNDLE: cannot read missing.pem",
        ),
        ("AWS_CA_BUNDLE", "empty.pem", 78, "it holds no certificate"),
        ("AWS_CA_BUNDLE", "long.pem", 78, "over 16 MiB"),
        (
            "HTTPS_PROXY",
            "socks5://me:secret@p:1",
            78,
            "HTTPS_PROXY names a proxy that",
        ),
        (
            "http_proxy",
            "http://",
            78,
            "http_proxy is set to something",
        ),
    ] {
        for command in commands {
            let (found, out, error) = away.run(command, &[(variable, value)]);
            assert_eq!((found, out.as_str()), (code, ""), "{error}");
            assert!(
                error.starts_with("error: ") && error.contains(said),
                "{error}"
            );
            assert!(
                error.contains("hint: ") && !error.contains("secret"),
                "{error}"
            );
        }
    }
    assert!(away.proxy.heads().is_empty());
}

#[test]
fn a_machine_without_authorities_is_told_what_to_install_and_plain_http_needs_none() {
    let room = Room::new();
    room.write("empty.pem", "");
    let aws = Aws::of(vec![busy("web")]);
    let listed = |endpoint: &str| {
        let mut command = room.process();
        command
            .args(["discover"])
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "id")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("SSL_CERT_FILE", "empty.pem");
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let (code, said) = listed("https://autoscaling.example");
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("no certificate authorities"), "{said}");
    let (code, said) = listed(&aws.endpoint);
    assert_eq!(code, Some(0), "{said}");
}
