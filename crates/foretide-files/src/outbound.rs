//! Proxies and certificate authorities of this process: variables, and the file that one names.

use std::env::{self, VarError};
use std::path::{Path, PathBuf};

use foretide_outbound::{Authorities, CA_VARIABLE, Outbound, Proxies, VARIABLES};
use foretide_terminal::{Exit, Failure};

use crate::open::{AUTHORITIES, bytes};

/// Hint for a variable that names no proxy.
const PROXY_HINT: &str = "for example HTTPS_PROXY=http://proxy.example:3128; \
                          NO_PROXY=host,.domain,10.0.0.0/8 lists what is reached directly";
/// Hint for a file of authorities that cannot be used.
const AUTHORITIES_HINT: &str = "AWS_CA_BUNDLE names a file of PEM certificates, which are trusted \
                                in place of the system's; without it, the system's are";

/// How calls of this process leave the machine.
///
/// # Errors
/// A variable names no proxy, or `AWS_CA_BUNDLE` names no file with certificates.
pub fn outbound_of_process() -> Result<Outbound, Failure> {
    for name in VARIABLES.concat() {
        if matches!(env::var(name), Err(VarError::NotUnicode(_))) {
            let what = format!("environment variable {name} is not UTF-8");
            return Err(Failure::new(Exit::Config, what).hint(PROXY_HINT));
        }
    }
    let proxies = Proxies::read(|name| env::var(name).ok());
    Ok(Outbound {
        proxies: proxies.map_err(|error| Failure::of(Exit::Config, &error).hint(PROXY_HINT))?,
        authorities: authorities_of_process()?,
    })
}

fn authorities_of_process() -> Result<Option<Authorities>, Failure> {
    let path = env::var_os(CA_VARIABLE).filter(|path| !path.is_empty());
    let Some(path) = path.map(PathBuf::from) else {
        return Ok(None);
    };
    let authorities = authorities(&path, AUTHORITIES_HINT).map_err(|mut failure| {
        failure.what = format!("{CA_VARIABLE}: {}", failure.what);
        failure
    });
    authorities.map(Some)
}

/// The certificate authorities of the file `path`; `hint` says what the file is for.
///
/// # Errors
/// The file cannot be read, or holds no certificate that can be used.
pub fn authorities(path: &Path, hint: &'static str) -> Result<Authorities, Failure> {
    let read = bytes(path, AUTHORITIES).map_err(|failure| failure.or_hint(hint));
    Authorities::from_pem(&read?).map_err(|error| {
        let what = format!("{} cannot be used", path.display());
        Failure::new(Exit::Config, what).because(&error).hint(hint)
    })
}
