//! Text of others, made fit to be quoted in a sentence.

use foretide_http::Credentials;

/// Quotes what a server answered, without the secret that the server was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quote<'a>(pub(crate) &'a Credentials);

impl Quote<'_> {
    /// `text` on one line, with at most `most` characters. The secret goes first: half of a secret
    /// would not be found any more.
    pub(crate) fn text(self, text: &str, most: usize) -> String {
        quoted(&self.0.hidden_in(text), most)
    }
}

/// `text` on one line, with at most `most` characters.
pub(crate) fn quoted(text: &str, most: usize) -> String {
    let mut short: String = text
        .chars()
        .take(most)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short.trim().to_owned()
}

/// Joins `all` with `between`: at most `most` of them, and how many more there are.
pub(crate) fn listed(all: &[String], most: usize, between: &str) -> String {
    let mut text = all.iter().take(most).cloned().collect::<Vec<_>>();
    if all.len() > most {
        text.push(format!("{} more", all.len() - most));
    }
    text.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotation_has_one_line_and_a_bound() {
        assert_eq!(quoted("a\nb\u{1b}[2J", 10), "a b [2J");
        assert_eq!(quoted(&"ä".repeat(500), 3), "äää…");
        assert_eq!(quoted("abc", 3), "abc");
    }

    #[test]
    fn a_secret_is_not_cut_in_half_but_taken_out() {
        let token = foretide_http::Token::new("correct-horse-battery").unwrap();
        let secrets = Credentials::Bearer(token);
        let text = Quote(&secrets).text("no correct-horse-battery", 12);
        assert_eq!(text, "no (secret)");
    }

    #[test]
    fn a_list_says_how_many_are_left_out() {
        let all: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(listed(&all, 3, ", "), "a, b, c");
        assert_eq!(listed(&all, 1, ", "), "a, 2 more");
    }
}
