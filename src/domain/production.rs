//! What a production tells about itself: places, departments, roles, zone, emergency text.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;

/// A code and the name that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// `[a-z0-9_]{1,32}`.
    pub code: String,
    /// What the screen shows, 1..=80 characters.
    pub name: String,
}

/// Settings of a production, as stored.
///
/// Source: api.md, "Operator and desk administration".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProductionSettings {
    /// The name on screens and in mails' subjects, if it differs from the production's own.
    pub shown_as: Option<String>,
    /// People on the crew, 1 to 100,000: sizes the hourly budget of filings.
    pub crew_size: u32,
    /// ISO 3166 code of the country, upper case: labels roles, picks the emergency number.
    pub country: String,
    /// BCP 47 tags of the languages offered, the first is the default.
    pub languages: Vec<String>,
    /// IANA name of the time zone that times are shown in.
    pub time_zone: String,
    /// A telephone number for people who would rather talk.
    pub hotline: Option<String>,
    /// The emergency number.
    pub emergency_number: String,
    /// What to do when somebody is in danger now.
    pub emergency_text: String,
    /// Places where a hazard can be.
    pub places: Vec<Named>,
    /// Departments.
    pub departments: Vec<Named>,
    /// Roles.
    pub roles: Vec<Named>,
    /// Categories and kinds, if they are not the shipped ones.
    pub catalogue: Option<Catalogue>,
}

impl Default for ProductionSettings {
    fn default() -> Self {
        Self {
            shown_as: None,
            crew_size: 100,
            country: "US".into(),
            languages: vec!["en".into()],
            time_zone: "UTC".into(),
            hotline: None,
            emergency_number: "911".into(),
            emergency_text: "If somebody is in danger now: shout stop, and call the emergency number.".into(),
            places: Vec::new(),
            departments: Vec::new(),
            roles: Vec::new(),
            catalogue: None,
        }
    }
}

/// Whether a text is a code: `[a-z0-9_]{1,32}`.
///
/// Source: domain.md, "The form".
pub fn is_code(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

impl ProductionSettings {
    /// The catalogue in force.
    pub fn catalogue(&self) -> Catalogue {
        self.catalogue.clone().unwrap_or_else(Catalogue::shipped)
    }

    /// Filings an hour that nobody calls a flood: 20 for each 100 of the crew, at least 20.
    ///
    /// Source: security.md, "Being crew without saying who".
    pub const fn hourly_budget(&self) -> u32 {
        let for_crew = self.crew_size / 5;
        if for_crew < 20 { 20 } else { for_crew }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hourly_budget_grows_with_the_crew_and_is_at_least_twenty() {
        let budget = |crew_size| ProductionSettings { crew_size, ..ProductionSettings::default() }.hourly_budget();
        assert_eq!([budget(1), budget(100), budget(250), budget(100_000)], [20, 20, 50, 20_000]);
    }

    #[test]
    fn a_code_is_lower_case_letters_digits_and_underscores_up_to_32() {
        assert!(is_code("stage_2"));
        assert!(!is_code(""));
        assert!(!is_code("Stage"));
        assert!(!is_code(&"a".repeat(33)));
    }
}
