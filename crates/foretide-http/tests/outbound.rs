//! Calls out through a proxy and by authorities of the environment, with the control of each.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

use foretide_http::Webhook;
use foretide_outbound::{Authorities, Outbound, Proxies};
use foretide_testing::{Authority, Network, Proxy};

/// A name that no resolver knows.
const HOST: &str = "hooks.example";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A webhook behind a proxy, and the authority that vouches for the webhook.
struct Rig {
    _network: Network,
    authority: Authority,
    proxy: Proxy,
}

impl Rig {
    fn new() -> Self {
        let network = Network::new();
        let authority = Authority::new();
        let server = network.tls(&authority, HOST, network.plain(OK));
        let proxy = network.proxy(&[(HOST, server)]);
        Self {
            _network: network,
            authority,
            proxy,
        }
    }

    fn outbound(&self, variables: &[(&str, &str)]) -> Outbound {
        let proxies = Proxies::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|&(_, value)| value.to_owned())
        });
        Outbound {
            proxies: proxies.unwrap(),
            authorities: Some(Authorities::from_pem(self.authority.pem().as_bytes()).unwrap()),
        }
    }
}

/// Posts to the webhook. Returns the HTTP status, or the error message.
fn post(outbound: &Outbound) -> Result<u16, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let url = format!("https://{HOST}/T0/s3cr3t").parse().unwrap();
        let webhook = Webhook::new(url, outbound).unwrap();
        let posted = webhook.post(b"{}".to_vec()).await;
        posted.map_err(|failure| failure.to_string())
    })
}

#[test]
fn a_call_takes_the_proxy_and_trusts_the_authorities_of_the_environment() {
    let rig = Rig::new();
    let url = rig.proxy.url();
    let connect = format!("CONNECT {HOST}:443 ");
    for name in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        let before = rig.proxy.count(&connect);
        assert_eq!(post(&rig.outbound(&[(name, &url)])), Ok(200), "{name}");
        assert_eq!(rig.proxy.count(&connect), before + 1, "{name}");
    }
    let with_password = url.replace("http://", "http://me:secret@");
    post(&rig.outbound(&[("https_proxy", &with_password)])).unwrap();
    let heads = rig.proxy.heads();
    let last = heads.last().unwrap().to_ascii_lowercase();
    assert!(
        last.contains("proxy-authorization: basic bwu6c2vjcmv0"),
        "{last}"
    );
}

#[test]
fn without_proxy_or_authority_or_for_an_exception_the_call_fails_and_says_why() {
    let rig = Rig::new();
    let url = rig.proxy.url();
    let through = format!("(through the proxy {url})");
    let told = |outbound: &Outbound| post(outbound).unwrap_err();

    let direct = told(&rig.outbound(&[]));
    assert!(direct.contains("its name cannot be resolved"), "{direct}");
    let excepted = told(&rig.outbound(&[("HTTPS_PROXY", &url), ("NO_PROXY", HOST)]));
    assert!(
        excepted.contains("its name cannot be resolved"),
        "{excepted}"
    );
    let other_scheme = told(&rig.outbound(&[("HTTP_PROXY", &url)]));
    assert!(
        other_scheme.contains("cannot be resolved"),
        "{other_scheme}"
    );
    assert_eq!(rig.proxy.heads(), Vec::<String>::new());

    let mut untrusted = rig.outbound(&[("HTTPS_PROXY", &url)]);
    let another = Authority::new().pem();
    untrusted.authorities = Some(Authorities::from_pem(another.as_bytes()).unwrap());
    let told_of_trust = told(&untrusted);
    assert!(
        told_of_trust.contains("no authority that is trusted"),
        "{told_of_trust}"
    );
    assert!(told_of_trust.contains(&through), "{told_of_trust}");
    assert_eq!(rig.proxy.count("CONNECT "), 1);
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_said() {
    let rig = Rig::new();
    let network = Network::new();
    let knows_nobody = network.proxy(&[]);
    let refused = post(&rig.outbound(&[("HTTPS_PROXY", &knows_nobody.url())])).unwrap_err();
    assert!(
        refused.contains("the proxy refused to connect"),
        "{refused}"
    );
    let wants = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let wants = format!("http://{}", network.plain(wants));
    let wanted = post(&rig.outbound(&[("HTTPS_PROXY", &wants)])).unwrap_err();
    assert!(wanted.contains("wants a name and a password"), "{wanted}");
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let gone = post(&rig.outbound(&[("HTTPS_PROXY", &gone)])).unwrap_err();
    assert!(gone.contains("the proxy: Connection refused"), "{gone}");
    let unknown = post(&rig.outbound(&[("HTTPS_PROXY", "proxy.invalid:1")])).unwrap_err();
    assert!(
        unknown.contains("the proxy: its name cannot be"),
        "{unknown}"
    );
}
