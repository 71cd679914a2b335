//! Role codes in plain words.

use std::borrow::Cow;

/// What a role is called in a sentence: "Sent to you as unit production manager". A code that is not known is shown as it was
/// written, with spaces: productions add their own.
///
/// Source: api.md, "Role codes".
pub fn role_label(code: &str) -> Cow<'_, str> {
    let known = match code {
        "safety_contact" => "designated safety contact",
        "safety_advisor" => "safety advisor",
        "1st_ad" => "1st AD",
        "2nd_ad" => "2nd AD",
        "upm" => "unit production manager",
        "line_producer" => "line producer",
        "producer" => "producer",
        "studio_safety" => "studio safety",
        "labor_relations" => "labor relations",
        "financier" => "financier",
        "insurer" => "insurer",
        "guarantor" => "completion guarantor",
        "steward" => "shop steward",
        "business_rep" => "business representative",
        "international_rep" => "international representative",
        "counsel" => "union counsel",
        "armorer" => "armorer",
        "props_master" => "props master",
        _ => return Cow::Owned(code.replace('_', " ")),
    };
    Cow::Borrowed(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_shown_in_words_and_an_unknown_one_as_written() {
        assert_eq!(role_label("upm"), "unit production manager");
        assert_eq!(role_label("key_grip"), "key grip");
    }
}
