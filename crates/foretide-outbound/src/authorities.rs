//! Certificate authorities from a file of PEM certificates.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use thiserror::Error;

/// Why a file holds no certificate authorities.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidAuthorities {
    /// The text between the markers cannot be read.
    #[error("it is no PEM file: certificate {0} cannot be read")]
    NoPem(usize),
    /// There is no `BEGIN CERTIFICATE`.
    #[error("it holds no certificate: no line says `-----BEGIN CERTIFICATE-----`")]
    Empty,
    /// A certificate that no client could use.
    #[error("certificate {number} in it cannot be used as an authority: {why}")]
    Unusable {
        /// Counted from 1.
        number: usize,
        /// What is wrong with the certificate.
        why: String,
    },
}

/// Certificate authorities to trust in place of the system's.
#[derive(Clone)]
pub struct Authorities {
    pem: Arc<[u8]>,
    roots: Arc<RootCertStore>,
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        self.pem == other.pem
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({})", self.roots.len())
    }
}

impl Authorities {
    /// The authorities of a PEM file with the content `pem`. Text around the certificates and
    /// other sections are ignored.
    ///
    /// # Errors
    /// There is no certificate, or one of them cannot be used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidAuthorities> {
        let mut roots = RootCertStore::empty();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
            let certificate = certificate.map_err(|_| InvalidAuthorities::NoPem(number))?;
            roots
                .add(certificate)
                .map_err(|error| InvalidAuthorities::Unusable {
                    number,
                    why: error.to_string(),
                })?;
        }
        if roots.is_empty() {
            return Err(InvalidAuthorities::Empty);
        }
        Ok(Self {
            pem: pem.into(),
            roots: Arc::new(roots),
        })
    }

    /// The content of the file. Every certificate in it can be used.
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }

    /// The authorities for a client made with rustls.
    pub fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn every_certificate_of_the_file_counts_and_text_around_them_does_not() {
        let text = format!("# Corporate\n{}\nmore\n{}", authority(), authority());
        let authorities = Authorities::from_pem(text.as_bytes()).unwrap();
        assert_eq!(authorities.roots().len(), 2);
        assert_eq!(authorities.pem(), text.as_bytes());
        assert_ne!(
            authorities,
            Authorities::from_pem(authority().as_bytes()).unwrap()
        );
    }

    #[test]
    fn what_holds_no_certificate_is_refused_and_never_panics() {
        let refused = |text: &str| Authorities::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(refused(""), InvalidAuthorities::Empty);
        assert_eq!(refused("hello\n"), InvalidAuthorities::Empty);
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let end = "-----END CERTIFICATE-----\n";
        assert_eq!(refused(begin), InvalidAuthorities::NoPem(1));
        let second = format!("{}{begin}*\n{end}", authority());
        assert_eq!(refused(&second), InvalidAuthorities::NoPem(2));
        let garbage = format!("{}{begin}aGVsbG8=\n{end}", authority());
        assert!(matches!(
            refused(&garbage),
            InvalidAuthorities::Unusable { number: 2, .. }
        ));
    }
}
