//! Pages of a longer list.

use crate::error::ApiError;

/// A part of a longer list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    start: usize,
    length: usize,
}

impl Page {
    /// The page that `NextToken` and `MaxRecords` of a request ask for: `default` items if it does
    /// not say how many, `longest` at most. A token is the number of items before the page.
    ///
    /// # Errors
    /// The token or the number is not valid.
    pub(crate) fn of(
        (token, records): &(Option<String>, Option<i64>),
        default: usize,
        longest: usize,
    ) -> Result<Self, ApiError> {
        let out = || ApiError::validation(format!("MaxRecords is not within 1..{longest}"));
        let length = records.map_or(Ok(default), |records| {
            let length = usize::try_from(records).ok();
            length
                .filter(|length| (1..=longest).contains(length))
                .ok_or_else(out)
        })?;
        let start = token.as_ref().map_or(Ok(0), |token| {
            token
                .parse()
                .map_err(|_| ApiError::new(400, "InvalidNextToken", "The token is not valid."))
        })?;
        Ok(Self { start, length })
    }

    /// The items of this page and the token of the next one.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.start.saturating_add(self.length);
        let next = (items.len() > end).then(|| end.to_string());
        let part = items.into_iter().skip(self.start).take(self.length);
        (part.collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let items: Vec<u32> = (0..5).collect();
        let first = Page::of(&(None, Some(2)), 50, 100).unwrap();
        let (first, token) = first.cut(items.clone());
        assert_eq!((first, token.as_deref()), (vec![0, 1], Some("2")));
        let rest = Page::of(&(token, Some(9)), 50, 100).unwrap();
        assert_eq!(rest.cut(items), (vec![2, 3, 4], None));
        assert!(Page::of(&(None, Some(0)), 50, 100).is_err());
        assert!(Page::of(&(Some("x".into()), None), 50, 100).is_err());
    }
}
