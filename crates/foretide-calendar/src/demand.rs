//! What an event does: load relative to the usual one, and a least capacity.

use foretide_control::Uplift;

/// The demand of an event: `x2.5 min 8`, `learned`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// What load it brings.
    pub uplift: Option<Uplift>,
    /// Capacity that it needs at least.
    pub minimum: Option<u32>,
}

impl Demand {
    /// Parses words. Two words that contradict each other are refused.
    ///
    /// # Errors
    /// A sentence with the word that means nothing, or says a second time how much.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut demand = Self::default();
        let mut rest = words;
        while let [word, after @ ..] = rest {
            rest = after;
            let again = if *word == "min"
                && let [count, after @ ..] = rest
            {
                rest = after;
                demand.minimum.replace(capacity(count)?).is_some()
            } else {
                demand.uplift.replace(lifted(word)?).is_some()
            };
            if again {
                return Err(format!("`{word}` says a second time how much"));
            }
        }
        Ok(demand)
    }

    /// Whether it asks for nothing.
    pub const fn is_empty(&self) -> bool {
        self.uplift.is_none() && self.minimum.is_none()
    }
}

fn capacity(count: &str) -> Result<u32, String> {
    match count.parse() {
        Ok(0) => Err("`min 0` asks for nothing".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{count}` is no capacity")),
    }
}

fn lifted(word: &str) -> Result<Uplift, String> {
    if word == "learned" {
        return Ok(Uplift::Learned);
    }
    let factor = word.strip_prefix('x');
    let factor = factor.ok_or_else(|| format!("`{word}` means nothing here"))?;
    let factor: f64 = factor
        .parse()
        .map_err(|_| format!("`{word}` is no factor"))?;
    if factor.is_finite() && factor >= 1.0 {
        Ok(Uplift::Factor(factor))
    } else {
        Err(format!("`{word}` would lower the forecast or is no number"))
    }
}
