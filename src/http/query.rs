//! The part of an address behind the question mark, parsed as strictly as a body.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;

use super::{field, problem::Problem};
use crate::domain::text::is_forbidden;

/// Parameters of this shape. Give `T` `#[serde(deny_unknown_fields)]`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if let Some((name, _)) =
        pairs.iter().find(|(name, value)| name.contains(is_forbidden) || value.contains(is_forbidden))
    {
        let name = if name.contains(is_forbidden) { "(unknown)" } else { name };
        return Err(Problem::invalid(name, "holds control or direction characters"));
    }
    let parser = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(parser).map_err(|error| {
        let said: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
        field::explain(error.path(), &error.inner().to_string(), &said)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::catalogue::Slug;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct List {
        limit: Option<u8>,
        unanswered: Option<bool>,
    }

    #[test]
    fn each_wrong_parameter_is_named_and_its_value_is_not() {
        for (query, field) in [
            ("limit=hunter2", "limit"),
            ("limit=1000", "limit"),
            ("unanswered=hunter2", "unanswered"),
            ("boss=hunter2", "boss"),
            ("limit=1&limit=2", "limit"),
            ("limit=%E2%80%AEhunter2", "limit"),
        ] {
            let problem = parse::<List>(query).unwrap_err();
            assert_eq!((problem.slug(), problem.field()), (Slug::Invalid, Some(field)), "{query}: {problem}");
            assert!(!problem.to_string().contains("hunter2"), "{query}: {problem}");
        }
        for (query, words) in [
            ("limit=hunter2", "has to be a whole number, written in digits"),
            ("limit=-1", "has to be a whole number, written in digits"),
            ("limit=", "has to be a whole number, written in digits"),
            ("limit=1000", "is beyond what it can be"),
            ("unanswered=hunter2", "has to be true or false"),
        ] {
            let problem = parse::<List>(query).unwrap_err().to_string();
            assert!(problem.contains(words), "{query}: {problem}");
        }
    }

    #[test]
    fn what_fits_is_accepted() {
        assert_eq!(parse::<List>("limit=7&unanswered=true").unwrap(), List { limit: Some(7), unanswered: Some(true) });
        assert_eq!(parse::<List>("").unwrap(), List { limit: None, unanswered: None });
    }
}
