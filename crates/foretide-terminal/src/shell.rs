//! Printed commands that a person pastes into a shell, and printing of names from outside.
//!
//! Other people choose the names of policies and groups. A name may contain quotes, `;`, line ends
//! and escape sequences. A [`Command`] therefore takes fixed text of the program and values
//! separately. In any POSIX shell, a pasted value becomes exactly one argument, and nothing else
//! runs.
//!
//! The crate `shlex` puts a value of visible characters into single quotes. Control characters and
//! invisible characters are never printed: a value with them becomes `"$(printf %b '…')"` with
//! octal escapes, which every POSIX shell supports. (dash does not support `$'…'`.) If a value
//! cannot be an argument, the whole line becomes a comment.

use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Prefixes at which the AWS CLI reads a file or a server instead of the value itself.
const TAKEN_FOR_FILES: [&str; 4] = ["file://", "fileb://", "http://", "https://"];

/// A printed command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Command {
    line: String,
    /// Whether every value can be an argument.
    can_run: bool,
}

impl Command {
    /// A command that begins with `text`, unquoted.
    pub fn of(text: &'static str) -> Self {
        Self {
            line: text.to_owned(),
            can_run: true,
        }
    }

    /// Adds `text`, unquoted.
    pub fn then(mut self, text: &'static str) -> Self {
        self.line.push(' ');
        self.line.push_str(text);
        self
    }

    /// Adds a positional argument.
    pub fn arg(mut self, value: &str) -> Self {
        // After a program's options it would be one itself.
        self.can_run &= !value.starts_with('-');
        self.line.push(' ');
        self.quote(value.as_bytes());
        self
    }

    /// Adds an option with its value.
    pub fn option(mut self, name: &'static str, value: &str) -> Self {
        self.can_run &= !TAKEN_FOR_FILES.iter().any(|it| value.starts_with(it));
        self.line.push(' ');
        self.line.push_str(name);
        // Alone it would be the next option.
        self.line
            .push(if value.starts_with('-') { '=' } else { ' ' });
        self.quote(value.as_bytes());
        self
    }

    /// Adds `NAME=VALUE`, for `export`.
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.line.push(' ');
        self.line.push_str(name);
        self.line.push('=');
        self.quote(value.as_bytes());
        self
    }

    /// Adds a path as an argument.
    pub fn path(mut self, path: &Path) -> Self {
        self.line.push(' ');
        self.quote_path(path);
        self
    }

    /// Redirects the output into a file.
    pub fn into_file(self, path: &Path) -> Self {
        self.then(">").path(path)
    }

    fn quote_path(&mut self, path: &Path) {
        let bytes = path.as_os_str().as_bytes();
        if bytes.starts_with(b"-") {
            self.line.push_str("./");
        }
        self.quote(bytes);
    }

    fn quote(&mut self, value: &[u8]) {
        // A substitution loses the line ends at its end, and nothing carries a zero byte.
        self.can_run &= !value.contains(&0) && !value.ends_with(b"\n");
        let visible = std::str::from_utf8(value).ok();
        let visible = visible.filter(|text| !text.contains(is_hidden));
        match visible.map(shlex::try_quote) {
            Some(Ok(quoted)) => self.line.push_str(&quoted),
            _ => self.line.push_str(&printed(value)),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comment = if self.can_run {
            ""
        } else {
            "# not for a shell, a name in it is no argument: "
        };
        write!(f, "{comment}{}", self.line)
    }
}

/// `value` as a substitution that prints it.
fn printed(value: &[u8]) -> String {
    let mut text = String::from("\"$(printf %b '");
    for &byte in value {
        // Within double quotes some shells still act on `!`, so all but the plainest is escaped.
        if byte.is_ascii_alphanumeric() || b" ._-/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            write!(text, "\\0{byte:03o}").ok();
        }
    }
    text + "')\""
}

/// Whether `c` is a control character, a line end, a change of text direction, or invisible.
fn is_hidden(c: char) -> bool {
    !matches!(c, '\'' | '"' | '\\') && c.escape_debug().len() > 1
}

/// `text` on one line, with control characters and invisible characters as escapes.
pub fn visible(text: &str) -> String {
    escaped(text, &[])
}

/// As [`visible`], for text of several lines.
pub fn visible_lines(text: &str) -> String {
    escaped(text, &['\n', '\t'])
}

fn escaped(text: &str, allowed: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && !allowed.contains(&c) {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// `text` as a string of TOML, for a setting to paste into the configuration.
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if is_hidden(c) {
            // Writing to a string cannot fail.
            write!(quoted, "\\U{:08X}", u32::from(c)).ok();
        } else {
            if matches!(c, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use proptest::prelude::*;

    use super::*;

    /// The arguments that a shell passes to `aws` for `line`; none for a comment. Tests of the
    /// program use a real shell. Here, a child process would inherit locked files of parallel
    /// tests.
    fn arguments(line: &str) -> Vec<Vec<u8>> {
        let words = shlex::split(line).unwrap();
        let arguments = words.iter().skip(1);
        arguments.map(|word| substituted(word)).collect()
    }

    /// `word` with what its `$(printf %b '…')` prints.
    fn substituted(word: &str) -> Vec<u8> {
        let Some((before, rest)) = word.split_once("$(printf %b '") else {
            return word.into();
        };
        let mut bytes = rest.strip_suffix("')").unwrap().bytes();
        let mut printed = before.as_bytes().to_vec();
        while let Some(byte) = bytes.next() {
            if byte == b'\\' {
                let octal: Vec<u8> = bytes.by_ref().take(4).collect();
                let octal = String::from_utf8(octal).unwrap();
                printed.push(u8::from_str_radix(&octal, 8).unwrap());
            } else {
                printed.push(byte);
            }
        }
        printed
    }

    #[track_caller]
    fn check(value: &str) {
        let line = Command::of("aws").option("--name", value).to_string();
        assert!(!line.contains(is_hidden), "{line:?}");
        let found = arguments(&line);
        if value.starts_with('-') {
            assert_eq!(found, [format!("--name={value}").into_bytes()], "{line}");
        } else {
            assert_eq!(found, [b"--name".to_vec(), value.into()], "{line}");
        }
    }

    #[test]
    fn a_value_arrives_whole_and_nothing_else_runs() {
        for value in [
            "web",
            "",
            "cpu & mem; echo PWNED #",
            "night $(date)",
            "`date`",
            "it's",
            "a\"b\\c",
            "!! !x",
            "*",
            "~",
            "a\nb",
            "\n",
            "tab\there",
            "\u{1b}[31mred",
            "\u{9b}31m",
            "\u{202e}txt.exe",
            "100% %s %b",
            "a\\0012",
            "-rf",
            "--version",
            "näme",
            "日本",
        ] {
            if !value.ends_with('\n') {
                check(value);
            }
        }
    }

    #[test]
    fn what_cannot_be_an_argument_runs_nothing() {
        for value in [
            "a\0b",
            "a\n",
            "\n",
            "file:///etc/passwd",
            "https://example.org/x",
        ] {
            let line = Command::of("aws").option("--name", value).to_string();
            assert!(line.starts_with("# "), "{line}");
            assert!(!line.contains(is_hidden), "{line:?}");
            assert!(arguments(&line).is_empty(), "{line}");
        }
        assert!(Command::of("aws").arg("-x").to_string().starts_with("# "));
    }

    #[test]
    fn a_path_with_spaces_or_of_bytes_arrives_whole() {
        for path in [&b"my dir/foretide.toml"[..], b"-x", b"a\xffb", b"$HOME"] {
            let line = Command::of("aws")
                .path(Path::new(OsStr::from_bytes(path)))
                .to_string();
            let found = arguments(&line);
            let expected = if path == b"-x" { b"./-x" } else { path };
            assert_eq!(found, [expected.to_vec()], "{line}");
        }
    }

    #[test]
    fn text_for_a_person_shows_what_a_terminal_would_obey() {
        assert_eq!(visible("a\u{1b}[2J\r\nb"), "a\\u{1b}[2J\\r\\nb");
        assert_eq!(visible_lines("a\n\tb\u{7}"), "a\n\tb\\u{7}");
        assert_eq!(visible("it's \"50 %\" → \\ ü"), "it's \"50 %\" → \\ ü");
    }

    #[test]
    fn a_setting_reads_back_as_the_name() {
        for name in [
            "cpu",
            "a\"]\nmode = \"enforce\"",
            "\\",
            "\u{1b}\u{202e}ü\u{1f600}",
        ] {
            let line = format!("allow_policies = [{}]", toml_string(name));
            assert!(!line.contains(is_hidden), "{line:?}");
            let read: toml::Table = toml::from_str(&line).unwrap();
            assert_eq!(read["allow_policies"][0].as_str(), Some(name), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_value_arrives_whole_or_not_at_all(value in "\\PC{0,12}|[\\x01-\\x7f]{0,12}|.{0,6}") {
            let line = Command::of("aws").option("--name", &value).to_string();
            prop_assert!(!line.contains(is_hidden), "{:?}", line);
            if !line.starts_with('#') {
                check(&value);
            }
        }
    }
}
