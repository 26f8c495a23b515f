//! Why a call never arrived, in words: the errors of HTTP clients are nested, and the outer ones
//! say nothing that a person could act on.

use std::error::Error;
use std::io;

use rustls::{CertificateError, Error as TlsError};

/// What the proxy's tunnel failed with, by the text of hyper-util's error, which has no public
/// type.
const TUNNEL: &str = "tunnel error: ";
/// What hyper-util says before the system's own words about a name.
const NAME: &str = "dns error";

/// Why a call never arrived, for a sentence after `HOST cannot be reached: `.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    let chain = chain(error);
    if let Some(tls) = chain.iter().find_map(|it| it.downcast_ref::<TlsError>()) {
        return of_tls(tls);
    }
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let innermost = texts.last().map_or("", String::as_str);
    let resolved = texts.iter().any(|text| text == NAME);
    let of_name = format!("its name cannot be resolved ({innermost})");
    let Some(tunnel) = texts.iter().find_map(|text| text.strip_prefix(TUNNEL)) else {
        return if resolved {
            of_name
        } else {
            innermost.to_owned()
        };
    };
    match tunnel {
        "proxy authorization required" => {
            "the proxy wants a name and a password (status 407)".to_owned()
        }
        "unsuccessful" => "the proxy refused to connect".to_owned(),
        "unexpected end of file" => "the proxy closed the connection".to_owned(),
        _ if resolved => format!("the proxy: {of_name}"),
        _ if texts.last().is_some_and(|text| text.starts_with(TUNNEL)) => {
            format!("the proxy: {tunnel}")
        }
        _ => format!("the proxy: {innermost}"),
    }
}

fn of_tls(error: &TlsError) -> String {
    let untrusted = matches!(
        error,
        TlsError::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature
        )
    );
    if untrusted {
        return "no authority that is trusted here vouches for its certificate (AWS_CA_BUNDLE \
                names a file of others to trust)"
            .to_owned();
    }
    format!("TLS failed ({error})")
}

/// `error` and its causes, with those that the system's errors carry inside.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut chain: Vec<&'e (dyn Error + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        chain.push(error);
        let carried = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match carried {
            Some(carried) => Some(carried),
            None => error.source(),
        };
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Says(&'static str, #[source] Option<Box<dyn Error + Send + Sync>>);

    fn nested(outer: &'static str, inner: impl Error + Send + Sync + 'static) -> Says {
        Says(outer, Some(Box::new(inner)))
    }

    #[test]
    fn the_cause_that_a_person_can_act_on_is_said_and_no_wrapping() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let tls = || TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
        let expired = || TlsError::InvalidCertificate(CertificateError::Expired);
        let client = |inner| nested("client error (Connect)", inner);
        let unknown = || Says("Name or service not known", None);
        for (error, said) in [
            (
                client(nested("tcp connect error", refused())),
                "connection refused",
            ),
            (
                client(nested("dns error", unknown())),
                "its name cannot be resolved (Name or service not known)",
            ),
            (
                client(nested("x", io::Error::other(io::Error::other(tls())))),
                "no authority that is trusted here vouches for its certificate (AWS_CA_BUNDLE \
                 names a file of others to trust)",
            ),
            (
                client(nested("x", io::Error::other(expired()))),
                "TLS failed (invalid peer certificate: Expired)",
            ),
            (
                client(Says("tunnel error: unsuccessful", None)),
                "the proxy refused to connect",
            ),
            (
                client(Says("tunnel error: proxy authorization required", None)),
                "the proxy wants a name and a password (status 407)",
            ),
            (
                client(nested(
                    "tunnel error: failed to create underlying connection",
                    nested("tcp connect error", refused()),
                )),
                "the proxy: connection refused",
            ),
            (
                client(nested(
                    "tunnel error: failed to create underlying connection",
                    nested("dns error", unknown()),
                )),
                "the proxy: its name cannot be resolved (Name or service not known)",
            ),
        ] {
            assert_eq!(cause(&error), said);
        }
    }
}
