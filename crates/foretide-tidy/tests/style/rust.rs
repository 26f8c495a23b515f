//! Checks on Rust sources, over their tokens: what stands in a string or a comment is no code.
//!
//! Left to others: layout (rustfmt), the length of functions and a marker macro that reaches the
//! compiler (clippy, whose thresholds are in clippy.toml).

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use crate::Finding;

/// Above this, a file has more than one thing to say.
const LINES_MAX: usize = 500;
/// The width rustfmt keeps where it can; it gives up on comments.
const WIDTH_MAX: usize = 100;

/// Whether the file at `path` only tests, and may so be as long as its cases need.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/benches/") || path.ends_with("/tests.rs")
}

pub(crate) fn findings(text: &str, is_test: bool) -> Vec<Finding> {
    let tokens = match TokenStream::from_str(text) {
        Ok(tokens) => tokens,
        Err(error) => return vec![Finding::new(1, format!("not Rust: {error}"))],
    };
    let mut found = Vec::new();
    if !text.starts_with("//!") {
        found.push(Finding::new(
            1,
            "the file does not begin with `//!`: what is it for?",
        ));
    }
    let lines = production_lines(text, tokens.clone());
    if !is_test && lines > LINES_MAX {
        let what = format!("{lines} lines before the tests, more than {LINES_MAX}");
        found.push(Finding::new(LINES_MAX + 1, what));
    }
    let mut literals = Vec::new();
    walk(tokens, &mut |siblings| {
        found.extend(attributes(siblings));
        found.extend(macros(siblings));
        found.extend(glob_reexports(siblings));
        literals.extend(string_literals(siblings, text));
        if !is_test {
            found.extend(printed_commands(siblings));
        }
    });
    found.extend(wide_lines(text, &literals));
    found
}

/// Hands every sequence of sibling tokens in `stream`, outer ones first, to `visit`.
fn walk(stream: TokenStream, visit: &mut impl FnMut(&[TokenTree])) {
    let siblings: Vec<TokenTree> = stream.into_iter().collect();
    visit(&siblings);
    for token in siblings {
        if let TokenTree::Group(group) = token {
            walk(group.stream(), visit);
        }
    }
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// The body of an attribute that begins at `at`, be it `#[…]` or `#![…]`.
fn attribute(siblings: &[TokenTree], at: usize) -> Option<&Group> {
    if !is_punct(siblings.get(at), '#') {
        return None;
    }
    let inner = usize::from(is_punct(siblings.get(at + 1), '!'));
    group(siblings.get(at + 1 + inner), Delimiter::Bracket)
}

/// Silenced lints without a reason, and tests that do not run.
fn attributes(siblings: &[TokenTree]) -> Vec<Finding> {
    let mut found = Vec::new();
    for at in 0..siblings.len() {
        if let Some(body) = attribute(siblings, at) {
            let body: Vec<TokenTree> = body.stream().into_iter().collect();
            let conditional = is_ident(body.first(), "cfg_attr");
            let says = |finding: &str| Finding::new(line(&siblings[at]), finding);
            if is_ident(body.first(), "ignore") {
                found.push(says("a test that is ignored protects nothing"));
            }
            let inside = match group(body.get(1), Delimiter::Parenthesis) {
                Some(group) if conditional => group.stream().into_iter().collect(),
                _ => body,
            };
            for (index, token) in inside.iter().enumerate() {
                let arguments = group(inside.get(index + 1), Delimiter::Parenthesis);
                if is_ident(Some(token), "allow") && arguments.is_some() {
                    found.push(says(
                        "`allow` outlives its cause: `expect` it, with a reason",
                    ));
                }
                let reasoned = arguments.is_none_or(has_reason);
                if is_ident(Some(token), "expect") && !reasoned {
                    found.push(says("`expect` without a reason"));
                }
                if conditional && is_ident(Some(token), "ignore") {
                    found.push(says("a test that is ignored protects nothing"));
                }
            }
        }
    }
    found
}

fn has_reason(arguments: &Group) -> bool {
    arguments
        .stream()
        .into_iter()
        .any(|token| is_ident(Some(&token), "reason"))
}

/// Calls of macros that stand for code still to be written or an output to be removed.
fn macros(siblings: &[TokenTree]) -> Vec<Finding> {
    let mut found = Vec::new();
    for pair in siblings.windows(2) {
        for name in ["dbg", "todo", "unimplemented"] {
            let called = matches!(&pair[1], TokenTree::Punct(punct)
                if punct.as_char() == '!' && punct.spacing() == Spacing::Alone);
            if is_ident(Some(&pair[0]), name) && called {
                found.push(Finding::new(
                    line(&pair[0]),
                    format!("`{name}!` is left over"),
                ));
            }
        }
    }
    found
}

/// `pub use a::*`, which hides what a crate offers.
fn glob_reexports(siblings: &[TokenTree]) -> Vec<Finding> {
    let mut found = Vec::new();
    for at in 0..siblings.len() {
        let scope = group(siblings.get(at + 1), Delimiter::Parenthesis).is_some();
        let rest = &siblings[at + 1..];
        let rest = if scope { &rest[1..] } else { rest };
        if !is_ident(siblings.get(at), "pub") || !is_ident(rest.first(), "use") {
            continue;
        }
        let end = rest
            .iter()
            .position(|token| is_punct(Some(token), ';'))
            .unwrap_or(rest.len());
        let mut star = false;
        walk(rest[..end].iter().cloned().collect(), &mut |tokens| {
            star |= tokens.iter().any(|token| is_punct(Some(token), '*'));
        });
        if star {
            found.push(Finding::new(
                line(&siblings[at]),
                "a re-export names what it exports",
            ));
        }
    }
    found
}

/// Programs that are named in commands to paste.
const PROGRAMS: [&str; 5] = ["aws ", "chmod ", "foretide ", "kill ", "openssl "];

/// Commands with a value put into their text: to a shell, a name from outside is text of the
/// command as well.
fn printed_commands(siblings: &[TokenTree]) -> Vec<Finding> {
    let literals = siblings.iter().filter_map(|token| match token {
        TokenTree::Literal(literal) => Some((line(token), literal.to_string())),
        _ => None,
    });
    let found = literals.filter(|(_, text)| PROGRAMS.iter().any(|it| fills_in(text, it)));
    found
        .map(|(line, _)| Finding::new(line, "a printed command is built by `shell::Command`"))
        .collect()
}

/// Whether the literal `text` puts a value behind options of `program`, or at once behind the name
/// of one that needs no option.
fn fills_in(text: &str, program: &str) -> bool {
    let text = text.replace("{{", "");
    let commands = text.match_indices(program).filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        text.starts_with(['"', 'r']) && before.is_some_and(|it| !it.is_alphanumeric())
    });
    let rests = commands.map(|(at, _)| text[at + program.len()..].split(['`', '\n']).next());
    rests.flatten().any(|rest| {
        let value = rest.find('{');
        value.is_some_and(|at| {
            let bare = at == 0 && matches!(program, "chmod " | "kill ");
            bare || [" -", " > "]
                .iter()
                .any(|it| rest[..at].trim_end_matches(" - ").contains(it))
        })
    })
}

/// The lines of the file up to its `#[cfg(test)] mod`, or all of them.
fn production_lines(text: &str, tokens: TokenStream) -> usize {
    let siblings: Vec<TokenTree> = tokens.into_iter().collect();
    let tests = (0..siblings.len()).find(|&at| {
        let body = attribute(&siblings, at).map(|body| body.stream().to_string());
        let for_tests = body.is_some_and(|body| body.replace(' ', "") == "cfg(test)");
        for_tests
            && is_ident(siblings.get(at + 2), "mod")
            && group(siblings.get(at + 4), Delimiter::Brace).is_some()
    });
    tests.map_or_else(|| text.lines().count(), |at| line(&siblings[at]) - 1)
}

/// The bytes of `text` that lie in string literals. A doc comment is a literal to the lexer, but
/// it can be broken into lines.
fn string_literals(siblings: &[TokenTree], text: &str) -> Vec<Range<usize>> {
    siblings
        .iter()
        .filter(|token| matches!(token, TokenTree::Literal(_)))
        .map(|token| token.span().byte_range())
        .filter(|range| !text[range.start..].starts_with('/'))
        .collect()
}

/// Lines that are too wide, unless a string or a link is what cannot be broken. The last line of a
/// string may be followed by what closes the expression, and a row of a table is one line.
fn wide_lines(text: &str, literals: &[Range<usize>]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let line_start = start;
        start += line.len();
        let content = line.trim_end();
        let Some((overflow, _)) = content.char_indices().nth(WIDTH_MAX) else {
            continue;
        };
        let (overflow, line_end) = (line_start + overflow, line_start + content.len());
        let unbreakable = literals.iter().any(|literal| {
            let began_before = literal.start < line_start && literal.end > line_start;
            let only_closed = began_before && text[literal.end.min(line_end)..line_end].len() <= 4;
            literal.contains(&overflow) || only_closed
        });
        let comment = content.trim_start().strip_prefix("//").unwrap_or_default();
        let is_row = comment.trim_start_matches(['/', '!', ' ']).starts_with('|');
        if !(unbreakable || is_row || content.contains("://")) {
            let width = content.chars().count();
            found.push(Finding::new(
                number,
                format!("{width} columns, more than {WIDTH_MAX}"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the findings in a file that begins as it should, counted from its line 1.
    #[track_caller]
    fn lines(code: &str) -> Vec<usize> {
        let found = findings(&format!("//! A file.\n{code}"), false);
        found.iter().map(|finding| finding.line - 1).collect()
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(findings("fn f() {}\n", false).len(), 1);
        assert_eq!(findings("//! A file.\nfn f() {}\n", false), []);
    }

    #[test]
    fn a_file_that_is_not_rust_is_a_finding() {
        assert_eq!(findings("//! A file.\nfn f( {\n", false).len(), 1);
    }

    #[test]
    fn an_ignored_test_is_found() {
        assert_eq!(lines("#[test]\n#[ignore]\nfn f() {}"), [2]);
        assert_eq!(lines("#[ignore = \"slow\"]\nfn f() {}"), [1]);
        assert_eq!(lines("#[cfg_attr(unix, ignore)]\nfn f() {}"), [1]);
        assert_eq!(lines("proptest! {\n#[ignore]\nfn f() {}\n}"), [2]);
    }

    #[test]
    fn a_silenced_lint_is_expected_with_a_reason() {
        assert_eq!(lines("#[allow(dead_code)]\nfn f() {}"), [1]);
        assert_eq!(lines("#![allow(dead_code)]"), [1]);
        assert_eq!(lines("#[cfg_attr(test, allow(dead_code))]\nfn f() {}"), [1]);
        assert_eq!(lines("#[expect(dead_code)]\nfn f() {}"), [1]);
        assert_eq!(
            lines("#[expect(dead_code, reason = \"kept\")]\nfn f() {}"),
            []
        );
        assert_eq!(lines("fn f() { a.expect(\"not an attribute\"); }"), []);
    }

    #[test]
    fn left_over_macros_are_found() {
        assert_eq!(lines("fn f() {\ntodo!()\n}"), [2]);
        assert_eq!(
            lines("fn f() { dbg!(1); }\nfn g() { unimplemented!() }"),
            [1, 2]
        );
        assert_eq!(lines("fn f(todo: u8) -> bool { todo != 3 }"), []);
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        assert_eq!(
            lines("// todo!() and #[allow(x)]\nconst A: &str = \"dbg!(1) #[ignore]\";"),
            []
        );
    }

    #[test]
    fn a_re_export_of_everything_is_found() {
        assert_eq!(lines("pub use a::*;"), [1]);
        assert_eq!(lines("pub(crate) use a::{b, c::*};"), [1]);
        assert_eq!(
            lines("pub use a::{b, c};\nuse a::*;\npub fn f(a: u8) -> u8 { a * a }"),
            []
        );
    }

    #[test]
    fn a_file_is_short_before_its_tests() {
        let code = "const A: u8 = 0;\n".repeat(LINES_MAX - 1);
        let tests = "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
        assert_eq!(lines(&format!("{code}{tests}")), []);
        let longer = format!("{code}// One more.\n{tests}");
        assert_eq!(lines(&longer), [LINES_MAX]);
        assert_eq!(findings(&format!("//! A file.\n{longer}"), true), []);
    }

    #[test]
    fn tests_in_a_file_of_their_own_shorten_nothing() {
        let code = format!(
            "#[cfg(test)]\nmod tests;\n{}",
            "const A: u8 = 0;\n".repeat(LINES_MAX)
        );
        assert_eq!(lines(&code), [LINES_MAX]);
    }

    #[test]
    fn a_wide_line_is_found_unless_it_cannot_be_broken() {
        let wide = "word ".repeat(25);
        assert_eq!(lines(&format!("// {wide}\n")), [1]);
        assert_eq!(lines(&format!("/// {wide}\nfn f() {{}}")), [1]);
        assert_eq!(lines(&format!("const A: &str = \"{wide}\";")), []);
        assert_eq!(lines(&format!("const A: &str = \"\nfirst\n{wide}\";")), []);
        assert_eq!(lines(&format!("/// | {wide} |\nfn f() {{}}")), []);
        let just = "x".repeat(WIDTH_MAX - 1);
        assert_eq!(lines(&format!("const A: &[&str] = &[(\"\n{just}\")];")), []);
        assert_eq!(
            lines(&format!("// https://example.org/{}\n", "x".repeat(100))),
            []
        );
    }

    #[test]
    fn a_printed_command_takes_no_value_into_its_text() {
        for text in [
            r#"format!("aws autoscaling delete-policy --policy-name {by}")"#,
            r#"format!("openssl rand -hex 32 > {}", path.display())"#,
            r#"format!("known: `foretide pull --group {group} --out FILE`")"#,
            r#"format!("`kill {id}` ends it")"#,
        ] {
            assert_eq!(lines(&format!("fn f() {{ {text}; }}")), [1], "{text}");
        }
        for text in [
            r#"Command::of("aws autoscaling delete-policy --policy-name")"#,
            r#"format!("{listen} is free for the page of `foretide run`: {error}")"#,
            r#"format!("foretide run --listen 127.0.0.1:0, or --no-page")"#,
            r#"format!("{what} and skill {level}")"#,
            r#"format!("foretide demo - {title}")"#,
        ] {
            assert_eq!(lines(&format!("fn f() {{ {text}; }}")), [], "{text}");
        }
    }

    #[test]
    fn files_of_tests_are_known_by_their_place() {
        assert!(is_test("crates/a/tests/b.rs") && is_test("crates/a/src/b/tests.rs"));
        assert!(!is_test("crates/a/src/lib.rs"));
    }
}
