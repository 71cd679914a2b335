//! A change of a production's settings, checked field by field.

use crate::{
    app::{error::AppError, fields},
    domain::production::{Named, ProductionSettings},
};

/// Entries of one list at most.
const LIST_MAX: usize = 100;

/// What is to change; what is `None` stays.
///
/// Source: api.md, "Operator and desk administration".
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// Its name, 1..=80 characters.
    pub name: Option<String>,
    /// The name on screens and in subjects, 1..=40 characters; `Some(None)` for its own.
    pub shown_as: Option<Option<String>>,
    /// People on the crew, 1 to 100,000.
    pub crew_size: Option<u32>,
    /// ISO 3166 code, two upper-case letters.
    pub country: Option<String>,
    /// BCP 47 tags, 1..=10, each once.
    pub languages: Option<Vec<String>>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// A number for people who would rather talk, 1..=60 characters; `Some(None)` for none.
    pub hotline: Option<Option<String>>,
    /// The emergency number, 1..=20 characters.
    pub emergency_number: Option<String>,
    /// What to do when somebody is in danger now, 1..=500 characters.
    pub emergency_text: Option<String>,
    /// Places, at most 100, each code once.
    pub places: Option<Vec<Named>>,
    /// Departments, as places.
    pub departments: Option<Vec<Named>>,
    /// Roles, as places.
    pub roles: Option<Vec<Named>>,
}

impl SettingsChange {
    /// The settings with this change.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the first field that cannot be accepted.
    pub(super) fn applied_to(&self, mut settings: ProductionSettings) -> Result<ProductionSettings, AppError> {
        if let Some(shown_as) = &self.shown_as {
            settings.shown_as = shown_as.as_deref().map(|text| fields::line("shown_as", text, 40)).transpose()?;
        }
        if let Some(size) = self.crew_size {
            settings.crew_size = crew_size(size)?;
        }
        if let Some(country) = &self.country {
            settings.country = self::country(country)?;
        }
        if let Some(tags) = &self.languages {
            settings.languages = languages(tags)?;
        }
        if let Some(zone) = &self.time_zone {
            settings.time_zone = fields::time_zone("time_zone", zone)?;
        }
        self.applied_to_emergency(&mut settings)?;
        self.applied_to_lists(&mut settings)?;
        Ok(settings)
    }

    fn applied_to_emergency(&self, settings: &mut ProductionSettings) -> Result<(), AppError> {
        if let Some(hotline) = &self.hotline {
            settings.hotline = hotline.as_deref().map(|text| fields::line("hotline", text, 60)).transpose()?;
        }
        if let Some(number) = &self.emergency_number {
            settings.emergency_number = fields::line("emergency_number", number, 20)?;
        }
        if let Some(text) = &self.emergency_text {
            settings.emergency_text = fields::lines("emergency_text", text, 500)?;
        }
        Ok(())
    }

    fn applied_to_lists(&self, settings: &mut ProductionSettings) -> Result<(), AppError> {
        if let Some(places) = &self.places {
            settings.places = named("places", places)?;
        }
        if let Some(departments) = &self.departments {
            settings.departments = named("departments", departments)?;
        }
        if let Some(roles) = &self.roles {
            settings.roles = named("roles", roles)?;
        }
        Ok(())
    }
}

fn crew_size(size: u32) -> Result<u32, AppError> {
    if (1..=100_000).contains(&size) {
        return Ok(size);
    }
    Err(AppError::invalid("crew_size", "has to be 1 to 100000"))
}

fn country(text: &str) -> Result<String, AppError> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err(AppError::invalid("country", "has to be two upper-case letters, such as US"))
}

fn languages(tags: &[String]) -> Result<Vec<String>, AppError> {
    if !(1..=10).contains(&tags.len()) {
        return Err(AppError::invalid("languages", "has to hold 1 to 10 languages"));
    }
    for (at, tag) in tags.iter().enumerate() {
        if !is_language(tag) || tags[..at].contains(tag) {
            let detail = "has to be a language such as en or es-MX, each once";
            return Err(AppError::invalid(format!("languages[{at}]"), detail));
        }
    }
    Ok(tags.to_vec())
}

/// The shape of a language tag: a language of two or three letters, then parts of two to eight letters and digits.
///
/// Source: RFC 5646, section 2.1.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let is_part = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(is_part)
}

fn named(field: &str, list: &[Named]) -> Result<Vec<Named>, AppError> {
    if list.len() > LIST_MAX {
        return Err(AppError::invalid(field, format!("can hold {LIST_MAX} entries at most")));
    }
    let mut checked: Vec<Named> = Vec::with_capacity(list.len());
    for (at, entry) in list.iter().enumerate() {
        let code = fields::code(&format!("{field}[{at}].code"), &entry.code)?;
        if checked.iter().any(|before| before.code == code) {
            return Err(AppError::invalid(format!("{field}[{at}].code"), "is given twice"));
        }
        checked.push(Named { code, name: fields::line(&format!("{field}[{at}].name"), &entry.name, 80)? });
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: &SettingsChange) -> String {
        match change.applied_to(ProductionSettings::default()).unwrap_err() {
            AppError::Invalid { field, .. } => field,
            other => panic!("{other}"),
        }
    }

    fn entry(code: &str, name: &str) -> Named {
        Named { code: code.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn each_setting_out_of_range_is_refused_by_its_name() {
        let none = SettingsChange::default;
        assert_eq!(refused(&SettingsChange { crew_size: Some(0), ..none() }), "crew_size");
        assert_eq!(refused(&SettingsChange { crew_size: Some(100_001), ..none() }), "crew_size");
        assert_eq!(refused(&SettingsChange { country: Some("usa".into()), ..none() }), "country");
        assert_eq!(refused(&SettingsChange { languages: Some(vec![]), ..none() }), "languages");
        let twice = Some(vec!["en".into(), "en".into()]);
        assert_eq!(refused(&SettingsChange { languages: twice, ..none() }), "languages[1]");
        assert_eq!(refused(&SettingsChange { time_zone: Some("Mars/Olympus".into()), ..none() }), "time_zone");
        assert_eq!(refused(&SettingsChange { hotline: Some(Some("a\nb".into())), ..none() }), "hotline");
        assert_eq!(refused(&SettingsChange { shown_as: Some(Some("x\u{202e}".into())), ..none() }), "shown_as");
        let places = Some(vec![entry("stage_1", "Stage 1"), entry("Stage 2", "Stage 2")]);
        assert_eq!(refused(&SettingsChange { places, ..none() }), "places[1].code");
        let roles = Some(vec![entry("upm", "")]);
        assert_eq!(refused(&SettingsChange { roles, ..none() }), "roles[0].name");
    }

    #[test]
    fn what_is_not_given_stays_and_a_null_takes_away() {
        let before = ProductionSettings { hotline: Some("1".into()), crew_size: 7, ..ProductionSettings::default() };
        let after = SettingsChange::default().applied_to(before.clone()).unwrap();
        assert_eq!(after, before);
        let after = SettingsChange { hotline: Some(None), ..SettingsChange::default() }.applied_to(before).unwrap();
        assert_eq!((after.hotline, after.crew_size), (None, 7));
    }
}
