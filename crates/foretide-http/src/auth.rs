//! The bearer token: who may ask. Refuses tokens that an HTTP header cannot carry, and never
//! shows one, neither in `Debug` nor in an error.

use std::fmt;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::problem::Problem;

/// Below this a token can be guessed by trying: 16 characters of base64 are 96 bits.
const MIN_LENGTH: usize = 16;

/// A secret that callers send as `Authorization: Bearer <token>`.
#[derive(Clone)]
pub struct Token(String);

/// Why a text cannot be a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Guessable.
    #[error("the token has {length} characters, at least {MIN_LENGTH} are needed")]
    TooShort {
        /// Its length in bytes.
        length: usize,
    },
    /// Not sendable in a header without loss.
    #[error("the token holds a space, a control or a non-ASCII character at position {position}")]
    Unsendable {
        /// Byte index of the character.
        position: usize,
    },
}

impl Token {
    /// Takes a secret of at least 16 visible ASCII characters.
    pub fn new(secret: impl Into<String>) -> Result<Self, InvalidToken> {
        let secret = secret.into();
        if let Some(position) = secret.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(InvalidToken::Unsendable { position });
        }
        if secret.len() < MIN_LENGTH {
            return Err(InvalidToken::TooShort {
                length: secret.len(),
            });
        }
        Ok(Self(secret))
    }

    /// The secret itself. Never to be shown.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }

    /// The token as a request carries it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether the request carries this token; [`one_at_most`] has to be asked before. Takes the
    /// same time for every wrong token of the right length; the length itself is no secret.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let given = headers
            .get(AUTHORIZATION)
            .ok_or_else(|| Problem::unauthorized("the Authorization header is missing"))?;
        let bearer = bearer(given.as_bytes())
            .ok_or_else(|| Problem::unauthorized("the Authorization header is not Bearer"))?;
        if bool::from(bearer.ct_eq(self.0.as_bytes())) {
            Ok(())
        } else {
            Err(Problem::unauthorized("the bearer token is wrong"))
        }
    }
}

/// Refuses two `Authorization` headers: a proxy in front might check the one and pass on both.
pub fn one_at_most(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return Err(Problem::bad_request("more than one Authorization header"));
    }
    Ok(())
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// The credentials after the scheme, whose name is case-insensitive (RFC 9110, 11.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(6)?;
    let rest = rest.strip_prefix(b" ")?;
    scheme
        .eq_ignore_ascii_case(b"bearer")
        .then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, StatusCode};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "correct-horse-battery";

    fn check(authorization: &[u8]) -> Result<(), Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_bytes(authorization).unwrap(),
        );
        Token::new(SECRET).unwrap().check(&headers)
    }

    #[test]
    fn only_the_exact_token_passes() {
        assert!(check(b"Bearer correct-horse-battery").is_ok());
        assert!(check(b"bearer  correct-horse-battery").is_ok());
        for wrong in [
            "Bearer correct-horse-batterz",
            "Bearer correct-horse-batter",
            "Bearer correct-horse-battery-staple",
            "Basic correct-horse-battery",
            "Bearer",
            "Bearer ",
            "correct-horse-battery",
        ] {
            let problem = check(wrong.as_bytes()).unwrap_err();
            assert_eq!(problem.status(), StatusCode::UNAUTHORIZED, "{wrong}");
        }
    }

    #[test]
    fn a_token_never_shows_itself() {
        let token = Token::new(SECRET).unwrap();
        assert_eq!(format!("{token:?}"), "Token(redacted)");
    }

    #[test]
    fn a_token_that_is_short_or_unsendable_is_refused() {
        assert_eq!(
            Token::new("short").unwrap_err(),
            InvalidToken::TooShort { length: 5 }
        );
        assert_eq!(
            Token::new("a token with spaces in it").unwrap_err(),
            InvalidToken::Unsendable { position: 1 }
        );
    }

    proptest! {
        #[test]
        fn no_other_header_passes(header in "[ -~]{0,40}") {
            prop_assume!(!header.ends_with(SECRET));
            prop_assert!(check(header.as_bytes()).is_err());
        }
    }
}
