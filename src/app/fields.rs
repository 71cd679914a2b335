//! What somebody wrote about people and productions, checked: characters, lengths, codes, addresses, zones.
//!
//! Every refusal names the field and says what it has to be; none repeats what was written.
//!
//! Source: security.md, "Bad input".

use super::error::AppError;
use crate::{
    domain::{production::is_code, text::is_forbidden, time::UtcMillis},
    notify::mail::mailbox_of,
};

/// Longest address that SMTP carries. Characters.
///
/// Source: RFC 5321, section 4.5.3.1.3.
const ADDRESS_MAX: usize = 254;

/// A text on one line, without spaces around it, 1..=`max` characters.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn line(field: &str, text: &str, max: usize) -> Result<String, AppError> {
    if text.contains(['\n', '\r', '\t']) {
        return Err(AppError::invalid(field, "has to be on one line"));
    }
    lines(field, text, max)
}

/// As [`line`], but it may have several lines.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn lines(field: &str, text: &str, max: usize) -> Result<String, AppError> {
    let text = text.trim();
    if text.contains(is_forbidden) {
        return Err(AppError::invalid(field, "holds control or direction characters"));
    }
    if !(1..=max).contains(&text.chars().count()) {
        return Err(AppError::invalid(field, format!("has to have 1 to {max} characters")));
    }
    Ok(text.to_owned())
}

/// A code: `[a-z0-9_]{1,32}`.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn code(field: &str, text: &str) -> Result<String, AppError> {
    if is_code(text) {
        return Ok(text.to_owned());
    }
    Err(AppError::invalid(field, "has to be 1 to 32 lower-case letters, digits or underscores"))
}

/// Codes of roles: one to twelve, each once.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn roles(field: &str, roles: &[String]) -> Result<Vec<String>, AppError> {
    if !(1..=12).contains(&roles.len()) {
        return Err(AppError::invalid(field, "has to hold 1 to 12 roles"));
    }
    let mut checked = Vec::with_capacity(roles.len());
    for (at, role) in roles.iter().enumerate() {
        let role = code(&format!("{field}[{at}]"), role)?;
        if checked.contains(&role) {
            return Err(AppError::invalid(format!("{field}[{at}]"), "is given twice"));
        }
        checked.push(role);
    }
    Ok(checked)
}

/// A mail address, in lower case: two spellings must not make two accounts.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn email(field: &str, text: &str) -> Result<String, AppError> {
    let text = text.trim();
    // The mail library takes quoted names and bare addresses in brackets, which people do not have.
    let odd =
        |c: char| !c.is_ascii() || c.is_ascii_control() || matches!(c, ' ' | '"' | '<' | '>' | '(' | ')' | '[' | ']');
    if text.len() > ADDRESS_MAX || text.contains(odd) || mailbox_of("", text).is_err() {
        return Err(AppError::invalid(field, "has to be a mail address such as ana@example.org"));
    }
    Ok(text.to_ascii_lowercase())
}

/// A short name in addresses and commands: 1 to 40 lower-case letters, digits and hyphens, no hyphen at an end.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn slug(field: &str, text: &str) -> Result<String, AppError> {
    let ours = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if (1..=40).contains(&text.len()) && text.bytes().all(ours) && !text.starts_with('-') && !text.ends_with('-') {
        return Ok(text.to_owned());
    }
    Err(AppError::invalid(field, "has to be 1 to 40 lower-case letters, digits or hyphens"))
}

/// The IANA name of a time zone, as the zone database spells it.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn time_zone(field: &str, text: &str) -> Result<String, AppError> {
    let unknown = || AppError::invalid(field, "has to be the name of a time zone, such as America/Denver");
    let zone = jiff::tz::TimeZone::get(text).map_err(|_| unknown())?;
    zone.iana_name().map(str::to_owned).ok_or_else(unknown)
}

/// An instant as RFC 3339 writes it.
///
/// # Errors
/// [`AppError::Invalid`].
pub(super) fn moment(field: &str, text: &str) -> Result<UtcMillis, AppError> {
    let wrong = || AppError::invalid(field, "has to be a time such as 2026-11-21T18:00:00Z");
    // The library takes more than RFC 3339 does; a zone in brackets would be one more way to say the same.
    if text.contains('[') {
        return Err(wrong());
    }
    let at = text.parse::<jiff::Timestamp>().map_err(|_| wrong())?;
    Ok(UtcMillis::new(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_in_lower_case_and_has_one_plain_form() {
        assert_eq!(email("email", " Ana@Example.org ").unwrap(), "ana@example.org");
        for wrong in ["", "ana", "ana@", "@b", "Ana <ana@b.org>", "a b@c.org", "a@b.org\r\nBcc: c@d.org", "\"a\"@b.org"]
        {
            assert!(email("email", wrong).is_err(), "{wrong}");
        }
        assert!(email("email", &format!("{}@example.org", "a".repeat(250))).is_err());
    }

    #[test]
    fn a_zone_is_one_that_the_zone_database_knows() {
        assert_eq!(time_zone("time_zone", "america/denver").unwrap(), "America/Denver");
        assert_eq!(time_zone("time_zone", "UTC").unwrap(), "UTC");
        assert!(time_zone("time_zone", "America/Western").is_err());
        assert!(time_zone("time_zone", "").is_err());
    }

    #[test]
    fn a_refusal_names_the_field_and_never_the_value() {
        for refusal in [
            line("name", "hunter2\nx", 80).unwrap_err(),
            line("name", "hunter2\u{202e}", 80).unwrap_err(),
            code("roles[1]", "Hunter2").unwrap_err(),
            email("email", "hunter2").unwrap_err(),
            slug("slug", "-hunter2").unwrap_err(),
            time_zone("time_zone", "hunter2").unwrap_err(),
        ] {
            let told = refusal.to_string();
            assert!(matches!(refusal, AppError::Invalid { .. }) && !told.contains("unter2"), "{told}");
        }
    }

    #[test]
    fn roles_are_one_to_twelve_codes_each_once() {
        let of = |roles: &[&str]| self::roles("roles", &roles.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["1st_ad", "safety_contact"]).unwrap().len(), 2);
        assert!(of(&[]).is_err());
        assert!(of(&["upm", "upm"]).unwrap_err().to_string().starts_with("`roles[1]`"));
        assert!(of(&["upm"; 13]).is_err());
    }

    #[test]
    fn a_date_is_an_instant_with_its_offset() {
        assert_eq!(moment("done_by", "2026-11-21T11:00:00-07:00").unwrap(), UtcMillis::new(1_795_284_000_000));
        for wrong in ["tomorrow", "2026-11-21", "2026-11-21T18:00:00", "2026-11-21T18:00:00Z[UTC]", ""] {
            assert!(moment("done_by", wrong).is_err(), "{wrong}");
        }
    }
}
