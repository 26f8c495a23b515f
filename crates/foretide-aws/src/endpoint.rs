//! The endpoints of AWS that a person named, in place of those of the region.

use std::net::IpAddr;

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use http::Uri;

use crate::config::READS_TARGET_GROUPS;

/// The endpoints that the configuration or the SDK's chain names.
pub(crate) fn configured(sdk: &SdkConfig) -> Vec<String> {
    let load_balancing = READS_TARGET_GROUPS.then_some("Elastic Load Balancing v2");
    let services = ["Auto Scaling", "CloudWatch"].into_iter();
    let by_service = services.chain(load_balancing).map(|service_id| {
        let key = ServiceConfigKey::builder()
            .service_id(service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()?;
        sdk.service_config()?.load_config(key)
    });
    let mut endpoints: Vec<String> = by_service.flatten().collect();
    endpoints.extend(sdk.endpoint_url().map(str::to_owned));
    endpoints.sort();
    endpoints.dedup();
    endpoints
}

/// Whether calls go over https: to one of `endpoints`, or to AWS's own if there are none.
pub(crate) fn any_https(endpoints: &[String]) -> bool {
    let over_https = |url: &String| {
        url.parse::<Uri>()
            .is_ok_and(|it| it.scheme_str() == Some("https"))
    };
    endpoints.is_empty() || endpoints.iter().any(over_https)
}

/// The first of `endpoints` that is no address with scheme and host, without name and password.
pub(crate) fn wrong(endpoints: &[String]) -> Option<String> {
    let is_right = |url: &str| {
        let uri = url.parse::<Uri>().ok();
        let scheme = uri.as_ref().and_then(Uri::scheme_str);
        let host = uri.as_ref().and_then(Uri::host);
        matches!(scheme, Some("http" | "https")) && host.is_some_and(|host| !host.is_empty())
    };
    let wrong = endpoints.iter().find(|url| !is_right(url))?;
    let shown = wrong.rsplit('@').next().unwrap_or_default();
    Some(
        shown
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect(),
    )
}

/// A warning for each of `endpoints` that sends in clear text over a network.
pub(crate) fn warnings(endpoints: &[String]) -> Vec<String> {
    let warned = endpoints.iter().map(|url| plain_http_warning(url));
    warned.flatten().collect()
}

/// A warning if `url` sends requests and session tokens in clear text.
fn plain_http_warning(url: &str) -> Option<String> {
    let rest = url
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("http://"))?;
    let authority = url[rest.len()..].split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => host.split(':').next()?,
    };
    let loopback = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (!loopback).then(|| {
        format!("the AWS endpoint on host {host} is plain http: requests and session tokens are readable on the way")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_scheme_or_host_is_shown_without_a_password() {
        let of = |url: &str| wrong(&["https://a.example".to_owned(), url.to_owned()]);
        for right in [
            "http://localhost:4566",
            "HTTPS://aws.example/base",
            "http://[::1]:1",
        ] {
            assert_eq!(of(right), None, "{right}");
        }
        for bad in [
            "localhost:4566",
            "aws.example",
            "",
            "ftp://a.example",
            "http://",
            "a b",
        ] {
            assert_eq!(of(bad).as_deref(), Some(bad));
        }
        assert_eq!(
            of("u:secret@aws.example:1").as_deref(),
            Some("aws.example:1")
        );
    }

    #[test]
    fn plain_http_is_warned_of_except_on_loopback() {
        for quiet in [
            "https://monitoring.eu-west-1.amazonaws.com",
            "http://127.0.0.1:5000",
            "http://localhost:5000/",
            "HTTP://[::1]:5000",
            "http://127.8.9.1",
        ] {
            assert_eq!(plain_http_warning(quiet), None, "{quiet}");
        }
        for loud in [
            "http://aws.example:80/",
            "http://127.0.0.1.example",
            "http://10.0.0.7:5000",
            "http://localhost@evil.example/",
            "http://",
        ] {
            assert!(plain_http_warning(loud).is_some(), "{loud}");
        }
    }
}
