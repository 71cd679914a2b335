//! From a parser's complaint to the name of a field and what it has to be, without ever repeating what was sent.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::problem::Problem;
use crate::domain::text::is_forbidden;

/// Name used for the body as a whole.
pub(super) const WHOLE: &str = "body";

/// The problem for a value that does not fit. `said` holds every text that was sent: a message of our own types is shown
/// only if it repeats none of them.
pub(super) fn explain(path: &Path, message: &str, said: &[&str]) -> Problem {
    let message = message.rfind(" at line ").map_or(message, |end| &message[..end]);
    let at = spelled(path);
    if let Some(name) = quoted(message, "missing field `") {
        return Problem::invalid(join(&at, name), "is required");
    }
    if let Some(name) = quoted(message, "duplicate field `") {
        return Problem::invalid(join(&at, name), "is given twice");
    }
    if message.starts_with("unknown field `") {
        return Problem::invalid(whole_if_empty(at), "is not a field of this request");
    }
    Problem::invalid(whole_if_empty(at), &complaint(message, said))
}

fn complaint(message: &str, said: &[&str]) -> String {
    let standard = ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `"];
    if standard.iter().any(|begin| message.starts_with(begin)) {
        // What was sent stands before the last "expected"; what stands after it is ours.
        return match message.rsplit_once(", expected ") {
            Some((_, expected)) => format!("has to be {}", plain(expected)),
            None => "does not have the form it has to have".to_owned(),
        };
    }
    if let Some((_, in_words)) = RAW.iter().find(|(raw, _)| message.starts_with(raw)) {
        return (*in_words).to_owned();
    }
    if said.iter().any(|text| !text.is_empty() && message.contains(text)) {
        return "does not have the form it has to have".to_owned();
    }
    format!("cannot be accepted: {message}")
}

/// How libraries complain of a text that is no number, no truth value, or not of the kind of value that was expected.
const RAW: [(&str, &str); 5] = [
    ("invalid digit found in string", "has to be a whole number, written in digits"),
    ("cannot parse integer from empty string", "has to be a whole number, written in digits"),
    ("number too ", "is beyond what it can be"),
    ("provided string was not", "has to be true or false"),
    ("expected value", "does not have the form it has to have"),
];

/// The parser's words for types, in words for people.
fn plain(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" | "a borrowed string" | "a character" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.starts_with("enum ") || other == "variant identifier" => "one of the listed codes".to_owned(),
        other => other.to_owned(),
    }
}

fn quoted<'m>(message: &'m str, begin: &str) -> Option<&'m str> {
    message.strip_prefix(begin)?.strip_suffix('`')
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

fn whole_if_empty(at: String) -> String {
    if at.is_empty() { WHOLE.to_owned() } else { at }
}

fn spelled(path: &Path) -> String {
    path.iter().fold(String::new(), |at, segment| match segment {
        Segment::Seq { index } => format!("{at}[{index}]"),
        Segment::Map { key } => join(&at, name(key)),
        Segment::Enum { variant } => join(&at, name(variant)),
        Segment::Unknown => at,
    })
}

/// A field's name as it may be shown. A name that no field of ours could have might be part of what somebody says.
fn name(key: &str) -> &str {
    let ours = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.len() <= 40 && key.chars().all(ours) { key } else { "(unknown)" }
}

/// The path of the first text, or name of a field, that holds a character which no text may hold.
pub(super) fn forbidden(value: &Value) -> Option<String> {
    search(value, String::new()).map(whole_if_empty)
}

fn search(value: &Value, at: String) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) => text.contains(is_forbidden).then_some(at),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| search(item, format!("{at}[{i}]"))),
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let at = join(&at, name(key));
            if key.contains(is_forbidden) { Some(at) } else { search(value, at) }
        }),
    }
}

/// Every text and number in a document, names of fields among them.
pub(super) fn said(value: &Value) -> Vec<String> {
    match value {
        Value::Null | Value::Bool(_) => Vec::new(),
        Value::Number(number) => vec![number.to_string()],
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(said).collect(),
        Value::Object(fields) => fields.values().flat_map(said).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hidden_character_is_found_wherever_it_is() {
        assert_eq!(forbidden(&json!({"a": [{"b": "x\u{202e}"}]})).as_deref(), Some("a[0].b"));
        assert_eq!(forbidden(&json!({"a\u{0}": 1})).as_deref(), Some("(unknown)"));
        assert_eq!(forbidden(&json!({"a": "two\nlines\tand a tab"})), None);
    }

    #[test]
    fn a_message_that_repeats_what_was_sent_is_not_shown() {
        assert!(!complaint("hunter2 is too short", &["hunter2"]).contains("hunter2"));
        assert_eq!(complaint("an id is 32 digits", &["hunter2"]), "cannot be accepted: an id is 32 digits");
        assert_eq!(
            complaint("invalid type: string \"a, expected b\", expected u8", &[]),
            "has to be a whole number from 0 to 255"
        );
    }
}
