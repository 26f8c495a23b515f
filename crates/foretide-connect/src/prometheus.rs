//! Prometheus servers as the configuration names them.

use foretide_config::{PrometheusLogin, PrometheusSettings};
use foretide_files::{authorities, basic_auth, token};
use foretide_http::Credentials;
use foretide_outbound::Outbound;
use foretide_prometheus::{Prometheus, ServerSettings};
use foretide_terminal::{Exit, Failure};

/// The server of `[prometheus.NAME]`, called as `outbound` says. Reads the files of its secret and
/// of its authorities; calls nothing.
///
/// # Errors
/// A file cannot be used, or the settings contradict `outbound`.
pub fn prometheus(
    name: &str,
    settings: &PrometheusSettings,
    outbound: &Outbound,
) -> Result<Prometheus, Failure> {
    let of_table = |key: &'static str| {
        move |mut failure: Failure| {
            failure.what = format!("prometheus.{name}.{key}: {}", failure.what);
            failure
        }
    };
    let credentials = match &settings.login {
        PrometheusLogin::None => Credentials::None,
        PrometheusLogin::Token(file) => {
            Credentials::Bearer(token(file).map_err(of_table("token_file"))?)
        }
        PrometheusLogin::Password { user, file } => {
            let basic = basic_auth(user, file).map_err(of_table("password_file"))?;
            Credentials::Basic(basic)
        }
    };
    let hint = "ca_file names a file of PEM certificates, which are trusted for this server";
    let ca_file = settings.ca_file.as_deref();
    let authorities = ca_file.map(|file| authorities(file, hint).map_err(of_table("ca_file")));
    let server = ServerSettings {
        url: settings.url.clone(),
        credentials,
        authorities: authorities.transpose()?,
        timeout: settings.timeout,
    };
    Prometheus::new(server, outbound)
        .map_err(|error| of_table("url")(Failure::of(Exit::Config, &error)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_key() {
        let gone = PathBuf::from("/gone");
        let with = |login, ca_file| PrometheusSettings {
            url: "https://prometheus.example".parse().unwrap(),
            login,
            ca_file,
            timeout: Duration::from_secs(10),
        };
        let password = PrometheusLogin::Password {
            user: "a".to_owned(),
            file: gone.clone(),
        };
        for (settings, key) in [
            (
                with(PrometheusLogin::Token(gone.clone()), None),
                "token_file",
            ),
            (with(password, None), "password_file"),
            (with(PrometheusLogin::None, Some(gone)), "ca_file"),
        ] {
            let failure = prometheus("main", &settings, &Outbound::default()).unwrap_err();
            let said = format!("prometheus.main.{key}: ");
            assert!(failure.what.starts_with(&said), "{failure:?}");
        }
        let settings = with(PrometheusLogin::None, None);
        let server = prometheus("main", &settings, &Outbound::default()).unwrap();
        assert_eq!(server.origin(), "https://prometheus.example");
    }
}
