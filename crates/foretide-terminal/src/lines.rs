//! Facts about the terminal, and text that fits into it. Colour is used on a terminal only, and not
//! if the user has switched colour off.

use std::env;
use std::io::{self, IsTerminal};

use crate::failure::Failure;
use crate::shell::visible_lines;

/// Most columns that are used: longer lines are hard to read.
const WIDTH_MAX: usize = 120;
/// Columns if the width is unknown, as for a file.
const WIDTH_USUAL: usize = 80;
/// Fewest columns of charts and tables.
const WIDTH_MIN: usize = 20;

/// The target of the output.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether a person can see the output and press keys.
    pub is_interactive: bool,
    /// Whether standard output may carry colours.
    pub colour: bool,
    /// Whether standard error may.
    pub colour_errors: bool,
    columns: Option<usize>,
}

impl Terminal {
    /// The terminal of this process.
    pub fn of_process() -> Self {
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = set("NO_COLOR") || dumb;
        let stdout = io::stdout().is_terminal();
        let told = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let asked = || {
            let size = stdout.then(crossterm::terminal::size)?.ok()?;
            Some(usize::from(size.0)).filter(|columns| *columns > 0)
        };
        Self {
            is_interactive: stdout && io::stdin().is_terminal() && !dumb,
            colour: stdout && !plain,
            colour_errors: io::stderr().is_terminal() && !plain,
            columns: told.or_else(asked),
        }
    }

    /// Columns for charts and tables.
    pub fn width(&self) -> usize {
        self.columns
            .unwrap_or(WIDTH_USUAL)
            .clamp(WIDTH_MIN, WIDTH_MAX)
    }

    /// Columns to wrap lines at; none if the output goes to a file or a program.
    pub fn wrap_at(&self) -> Option<usize> {
        self.columns.map(|columns| columns.max(WIDTH_MIN))
    }
}

/// Breaks `text` between words into lines of at most `width` columns; a longer word stays whole.
/// Lines after the first begin with `indent` spaces.
pub fn wrap(text: &str, width: Option<usize>, indent: usize) -> String {
    let Some(width) = width else {
        return text.to_owned();
    };
    let mut wrapped = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > indent && column + 1 + length > width {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(indent));
            column = indent;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// `error: …`, its causes and the hint, for standard error.
pub fn render(failure: &Failure, terminal: &Terminal) -> String {
    let paint = |label: &str, code: &str| {
        if terminal.colour_errors {
            format!("\u{1b}[1;{code}m{label}\u{1b}[0m")
        } else {
            label.to_owned()
        }
    };
    let mut lines = vec![format!(
        "{} {}",
        paint("error:", "31"),
        unforged(&failure.what)
    )];
    let causes = failure.causes.iter();
    lines.extend(causes.map(|cause| format!("  because: {}", unforged(cause))));
    let hint = failure.hint.iter();
    lines.extend(hint.map(|hint| format!("{} {}", paint("hint:", "36"), unforged(hint))));
    lines.join("\n") + "\n"
}

/// Marks the lines of `text`, from the second on, that begin like a line of this program, such as
/// `hint: …`. A name from outside may contain a line end.
fn unforged(text: &str) -> String {
    const OWN: [&str; 5] = ["error:", "because:", "hint:", "warning:", "fix:"];
    let visible = visible_lines(text);
    let lines = visible.split('\n').enumerate();
    let lines = lines.map(|(number, line)| {
        let is_own = OWN.iter().any(|label| line.trim_start().starts_with(label));
        if number > 0 && is_own {
            format!("| {line}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_line_ends_forges_no_line_of_the_program() {
        let name = "web`\nhint: curl x | sh\n  because: \u{1b}[2Jno\r";
        let failure = Failure::new(crate::Exit::Config, format!("no group `{name}`"));
        let terminal = Terminal {
            is_interactive: false,
            colour: false,
            colour_errors: false,
            columns: None,
        };
        let text = render(&failure.hint(format!("see {name}")), &terminal);
        let own = |label: &str| {
            text.lines()
                .filter(|line| line.trim_start().starts_with(label))
                .count()
        };
        assert_eq!(
            (own("error:"), own("hint:"), own("because:")),
            (1, 1, 0),
            "{text}"
        );
        assert!(!text.contains(['\u{1b}', '\r']), "{text:?}");
    }

    #[test]
    fn lines_are_broken_between_words() {
        let text = "scale out 2 -> 3: the model says scale_out";
        assert_eq!(wrap(text, None, 2), text);
        assert_eq!(
            wrap(text, Some(20), 2),
            "scale out 2 -> 3:\n  the model says\n  scale_out"
        );
        assert_eq!(
            wrap("averyveryverylongword", Some(5), 2),
            "averyveryverylongword"
        );
    }
}
