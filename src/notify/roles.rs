//! Role codes in plain words.

use std::borrow::Cow;

/// The codes that are known, and what each is called.
///
/// Source: api.md, "Role codes".
const KNOWN: [(&str, &str); 18] = [
    ("safety_contact", "designated safety contact"),
    ("safety_advisor", "safety advisor"),
    ("1st_ad", "1st AD"),
    ("2nd_ad", "2nd AD"),
    ("upm", "unit production manager"),
    ("line_producer", "line producer"),
    ("producer", "producer"),
    ("studio_safety", "studio safety"),
    ("labor_relations", "labor relations"),
    ("financier", "financier"),
    ("insurer", "insurer"),
    ("guarantor", "completion guarantor"),
    ("steward", "shop steward"),
    ("business_rep", "business representative"),
    ("international_rep", "international representative"),
    ("counsel", "union counsel"),
    ("armorer", "armorer"),
    ("props_master", "props master"),
];

/// What a role is called in a sentence: "Sent to you as unit production manager". A code that is not known is shown as it was
/// written, with spaces: productions add their own.
pub fn role_label(code: &str) -> Cow<'_, str> {
    match KNOWN.iter().find(|(known, _)| *known == code) {
        Some((_, label)) => Cow::Borrowed(label),
        None => Cow::Owned(code.replace('_', " ")),
    }
}

/// What to say to whoever gives a role that is not known: it may be one of the production's own, or misspelt, and then nobody
/// is kept out by it. `None` for a known one.
pub fn doubt_about(code: &str) -> Option<String> {
    if KNOWN.iter().any(|(known, _)| *known == code) {
        return None;
    }
    let known = KNOWN.map(|(known, _)| known).join(", ");
    Some(format!(
        "\u{201c}{code}\u{201d} is taken as a role of your own. If it was meant to be one of the usual ones, it is misspelt: {known}. To mend it, invite this person again."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_shown_in_words_and_an_unknown_one_as_written() {
        assert_eq!(role_label("upm"), "unit production manager");
        assert_eq!(role_label("key_grip"), "key grip");
    }

    #[test]
    fn a_role_that_is_not_known_is_doubted() {
        assert_eq!(doubt_about("steward"), None);
        let said = doubt_about("stewart").unwrap();
        assert!(said.contains("\u{201c}stewart\u{201d}") && said.contains(", steward,"), "{said}");
    }
}
