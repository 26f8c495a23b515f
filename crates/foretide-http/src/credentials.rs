//! With which secret a call out shows who calls: a bearer token, or a name with a password.

use std::fmt;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use foretide_domain::{CallFailure, FailureKind};
use thiserror::Error;

use crate::auth::Token;

/// Longest name and longest password, in bytes. Servers take heads of some 8 KiB.
const BYTES_MAX: usize = 1024;
/// What stands in place of a secret.
const HIDDEN: &str = "(secret)";
/// Shorter secrets are not looked for in texts: they would be found in any word.
const HIDDEN_FROM: usize = 4;

/// Name and password (RFC 7617).
#[derive(Clone)]
pub struct BasicAuth {
    user: String,
    password: String,
}

/// Why a name and a password cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidBasicAuth {
    /// The name is empty, too long, or holds a colon or a control character.
    #[error("a user has 1 to {BYTES_MAX} bytes, without a colon or a control character")]
    User,
    /// The password is empty, too long, or holds a control character.
    #[error("a password has 1 to {BYTES_MAX} bytes, without a control character")]
    Password,
}

impl BasicAuth {
    /// A name and its password.
    ///
    /// # Errors
    /// One of them cannot be sent.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, InvalidBasicAuth> {
        let (user, password) = (user.into(), password.into());
        let sendable = |text: &str| {
            (1..=BYTES_MAX).contains(&text.len()) && !text.contains(|c: char| c.is_control())
        };
        if !sendable(&user) || user.contains(':') {
            return Err(InvalidBasicAuth::User);
        }
        if !sendable(&password) {
            return Err(InvalidBasicAuth::Password);
        }
        Ok(Self { user, password })
    }

    fn encoded(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.user, self.password))
    }
}

/// Shows no password.
impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicAuth({}, redacted)", self.user)
    }
}

/// What a call out carries to show who calls.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// Nothing.
    #[default]
    None,
    /// A bearer token.
    Bearer(Token),
    /// A name and a password.
    Basic(BasicAuth),
}

impl Credentials {
    /// Whether a call carries no secret.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The value of the `Authorization` header; none where a call has none.
    ///
    /// # Errors
    /// The secret is not fit for a header.
    pub(crate) fn header(&self) -> Result<Option<HeaderValue>, CallFailure> {
        let value = match self {
            Self::None => return Ok(None),
            Self::Bearer(token) => token.header(),
            Self::Basic(basic) => {
                let value = HeaderValue::from_str(&format!("Basic {}", basic.encoded()));
                value.ok().map(|mut value| {
                    value.set_sensitive(true);
                    value
                })
            }
        };
        value.map(Some).ok_or_else(|| CallFailure {
            kind: FailureKind::Rejected,
            detail: "the credentials cannot be sent".to_owned(),
        })
    }

    /// `text` with every copy of the secret taken out. A server or proxy may quote the request that
    /// it refuses.
    pub fn hidden_in(&self, text: &str) -> String {
        let secrets = match self {
            Self::None => Vec::new(),
            Self::Bearer(token) => vec![token.secret().to_owned()],
            Self::Basic(basic) => vec![basic.encoded(), basic.password.clone()],
        };
        let long = secrets
            .into_iter()
            .filter(|secret| secret.len() >= HIDDEN_FROM);
        long.fold(text.to_owned(), |text, secret| {
            text.replace(&secret, HIDDEN)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_password_are_sent_as_rfc_7617_says() {
        let basic = BasicAuth::new("Aladdin", "open sesame").unwrap();
        let value = Credentials::Basic(basic).header().unwrap().unwrap();
        assert_eq!(value.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(value.is_sensitive());
        assert_eq!(Credentials::None.header(), Ok(None));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let long = "a".repeat(BYTES_MAX + 1);
        for user in ["", "a:b", "a\nb", &long] {
            let error = BasicAuth::new(user, "secret").unwrap_err();
            assert_eq!(error, InvalidBasicAuth::User, "{user}");
        }
        for password in ["", "a\r\nHost: b", &long] {
            let error = BasicAuth::new("user", password).unwrap_err();
            assert_eq!(error, InvalidBasicAuth::Password, "{password}");
        }
    }

    #[test]
    fn a_secret_shows_neither_in_debug_nor_in_a_text_that_quotes_it() {
        let basic = BasicAuth::new("Aladdin", "open sesame").unwrap();
        assert_eq!(format!("{basic:?}"), "BasicAuth(Aladdin, redacted)");
        let basic = Credentials::Basic(basic);
        assert_eq!(
            basic.hidden_in("no QWxhZGRpbjpvcGVuIHNlc2FtZQ== and no open sesame"),
            "no (secret) and no (secret)"
        );
        let bearer = Credentials::Bearer(Token::new("correct-horse-battery").unwrap());
        assert_eq!(
            bearer.hidden_in("wrong: correct-horse-battery!"),
            "wrong: (secret)!"
        );
        assert_eq!(format!("{bearer:?}"), "Bearer(Token(redacted))");
    }
}
