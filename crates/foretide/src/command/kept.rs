//! Code that the commands over the store share: opening the store, finding a group, parsing a time.

use std::path::PathBuf;

use foretide_config::Span;
use foretide_domain::Timestamp;
use foretide_runtime::GroupKey;
use foretide_store::{Reader, StoreError};
use foretide_terminal::{Exit, Failure};

use crate::cli::ConfigFlags;

use super::input;

/// Opens the store at `path` for reading; if none, the store of `foretide run`.
pub(super) fn open(path: Option<&PathBuf>, flags: &ConfigFlags) -> Result<Reader, Failure> {
    let path = match path {
        Some(path) => path.clone(),
        None => input::load(&input::sources(flags)?.0)?.run.store(),
    };
    Reader::open(&path).map_err(|error| match &error {
        StoreError::Io { error: cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
            Failure::new(
                Exit::NoInput,
                format!("there is no store at {}", path.display()),
            )
            .hint("`foretide run` makes a store (`foretide demo` keeps none); --store FILE names another")
        }
        _ => failed(&error),
    })
}

/// Hint for a damaged row.
pub(super) const DAMAGED: &str = "`foretide doctor` lists damaged rows; --store FILE reads a copy \
    of the store from before the damage";

/// The failure for a store that cannot be read.
pub(super) fn failed(error: &StoreError) -> Failure {
    let exit = match error {
        StoreError::Io { .. } | StoreError::Moved { .. } => Exit::NoInput,
        StoreError::InUse { .. } | StoreError::Full { .. } | StoreError::Sqlite { .. } => {
            Exit::Unavailable
        }
        StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Row { .. } => Exit::Data,
    };
    let failure = Failure::of(exit, error);
    match error {
        StoreError::Row { .. } => failure.hint(DAMAGED),
        _ => failure,
    }
}

/// The group `name`: its name in AWS, that of its table in the configuration, or `account/name`.
pub(super) fn group(reader: &Reader, name: &str, flags: &ConfigFlags) -> Result<GroupKey, Failure> {
    let groups = reader.groups().map_err(|error| failed(&error))?;
    let table = input::asg_of_table(name, flags);
    foretide_status::named(&groups, name, table.as_deref())
}

/// Parses a time: RFC 3339, or a span before `now`, with or without a minus.
pub(super) fn time(flag: &str, text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let span = text.strip_prefix('-').unwrap_or(text).parse::<Span>();
    if let Ok(Span(span)) = span {
        return Ok(now.minus(span));
    }
    text.parse().map_err(|_| {
        let what = format!("{flag} {text}: this is not a time");
        Failure::new(Exit::Usage, what)
            .hint("a time is 2026-11-23T20:15:00Z, or a span before now such as 2d or -90m")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_a_span_before_now() {
        let now = Timestamp::from_seconds(1_795_392_000);
        let at = |text: &str| time("--at", text, now).map(Timestamp::as_seconds);
        assert_eq!(at("2d"), Ok(1_795_392_000 - 2 * 86_400));
        assert_eq!(at("-2h"), Ok(1_795_392_000 - 7200));
        assert_eq!(at("1970-01-01T00:00:10Z"), Ok(10));
        let refused = at("yesterday").unwrap_err();
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.what.contains("yesterday"), "{refused:?}");
    }
}
