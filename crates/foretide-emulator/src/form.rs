//! Input of the Query protocol: a flat form with lists as `Name.member.N`.

use crate::error::ApiError;

/// Most parameters of one request. The largest real request names a hundred groups.
const PARAMETERS_MAX: usize = 1000;

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(body).take(PARAMETERS_MAX + 1);
        let pairs: Vec<_> = pairs
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        if pairs.len() > PARAMETERS_MAX {
            return Err(ApiError::validation("too many parameters"));
        }
        Ok(Self(pairs))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .ok_or_else(|| ApiError::validation(format!("the parameter {name} is required")))
    }

    /// The members of the list `name`, in the order sent.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let is_member = |key: &str| {
            let rest = key
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(".member."));
            rest.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let members = self.0.iter().filter(|(key, _)| is_member(key));
        members.map(|(_, value)| value.as_str()).collect()
    }

    /// A whole number; none if the parameter is missing.
    ///
    /// # Errors
    /// The value is no whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let not_a_number = |_| ApiError::validation(format!("{name} is not a whole number"));
        self.get(name)
            .map(|text| text.parse().map_err(not_a_number))
            .transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The page to return: its start (from `NextToken`) and its length (`MaxRecords`, at most
    /// `longest`).
    pub(crate) fn page(&self, default: usize, longest: usize) -> Result<Page, ApiError> {
        let length = match self.number("MaxRecords")? {
            None => default,
            Some(number) => usize::try_from(number)
                .ok()
                .filter(|number| (1..=longest).contains(number))
                .ok_or_else(|| {
                    ApiError::validation(format!("MaxRecords is not within 1..{longest}"))
                })?,
        };
        let start = match self.get("NextToken") {
            None => 0,
            Some(token) => token
                .parse()
                .map_err(|_| ApiError::new(400, "InvalidNextToken", "the token is not valid"))?,
        };
        Ok(Page { start, length })
    }
}

/// A part of a longer list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl Page {
    /// The items of this page and the token of the next one.
    pub(crate) fn cut<T>(self, items: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.start.saturating_add(self.length);
        let next = (items.len() > end).then(|| end.to_string());
        (
            items
                .into_iter()
                .skip(self.start)
                .take(self.length)
                .collect(),
            next,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_by_member_and_nothing_else() {
        let form = Form::parse(b"Names.member.1=a&Names.member.2=b+c&Names.x=d&Other=1").unwrap();
        assert_eq!(form.list("Names"), ["a", "b c"]);
        assert_eq!(form.number("Other").unwrap(), Some(1));
        assert!(form.required("Missing").is_err());
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let items: Vec<u32> = (0..5).collect();
        let form = Form::parse(b"MaxRecords=2").unwrap();
        let (first, token) = form.page(50, 100).unwrap().cut(items.clone());
        assert_eq!((first, token.as_deref()), (vec![0, 1], Some("2")));
        let form = Form::parse(b"MaxRecords=9&NextToken=2").unwrap();
        let (rest, token) = form.page(50, 100).unwrap().cut(items);
        assert_eq!((rest, token), (vec![2, 3, 4], None));
        assert!(Form::parse(b"MaxRecords=0").unwrap().page(50, 100).is_err());
    }

    #[test]
    fn a_flood_of_parameters_is_refused() {
        assert!(Form::parse(&b"a=1&".repeat(PARAMETERS_MAX + 1)).is_err());
    }
}
