//! What values have in common, put into the API document once instead of beside each field: ids, keys, texts, tags.
//!
//! A client that keeps to these shapes is refused only for what no shape can say, such as a kind that belongs to another
//! category.
//!
//! Source: api.md, "Conventions"; security.md, "Bad input".

use serde_json::{Value, json};

/// Ids of everything.
const ID: &str = "^[0-9a-f]{32}$";
/// Tokens of links and codes of invitations: 32 bytes in base64url.
const TOKEN: &str = "^[A-Za-z0-9_-]{43}$";
/// Names of problems.
const SLUG: &str = "^[a-z-]{1,40}$";
/// What a caller names an act.
const KEY: &str = "^[0-9A-Fa-f]{32}$";
/// Codes of places, departments and roles.
const CODE: &str = "^[a-z0-9_]{1,32}$";

/// What no text holds, as a part of a class of characters: control characters but tab and line ends, and those that
/// change the direction of writing.
const HIDDEN: &str = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069";
/// What a text on one line does not hold either.
const LINE_ENDS: &str = r"\t\n\r";
/// Texts that are shown on one line.
const ON_ONE_LINE: [&str; 5] = ["name", "shown_as", "hotline", "emergency_number", "make_safe"];

/// Completes one operation: shapes of parameters, and the tag of answers that may be answered 304.
pub(super) fn complete(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let pattern = match parameter.get("name").and_then(Value::as_str) {
            Some("id" | "member") => ID,
            Some("token" | "code") => TOKEN,
            Some("slug") => SLUG,
            Some("Idempotency-Key") => KEY,
            Some(_) | None => continue,
        };
        if let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) {
            schema.entry("pattern").or_insert_with(|| json!(pattern));
        }
    }
    if operation.pointer("/responses/304").is_some() {
        tag(operation);
    }
}

/// What is read again and again carries a tag, and is not sent again to whoever shows it.
///
/// Source: api.md, "Conventions"; RFC 9110, section 13.1.2.
fn tag(operation: &mut Value) {
    let known = json!({
        "name": "If-None-Match", "in": "header", "required": false, "schema": { "type": "string" },
        "description": "The `ETag` that the caller has",
    });
    let header = json!({ "description": "Changes with anything in the answer", "schema": { "type": "string" } });
    let Some(operation) = operation.as_object_mut() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut()
        && parameters.iter().all(|parameter| parameter["name"] != "If-None-Match")
    {
        parameters.push(known);
    }
    for status in ["200", "304"] {
        let response = operation.get_mut("responses").and_then(|responses| responses.get_mut(status));
        if let Some(response) = response.and_then(Value::as_object_mut) {
            let headers = response.entry("headers").or_insert_with(|| json!({}));
            if let Some(headers) = headers.as_object_mut() {
                headers.entry("ETag").or_insert_with(|| header.clone());
            }
        }
    }
}

/// Completes a schema, if it is one of a body that is sent here: those alone refuse fields that they do not know.
pub(super) fn complete_body(schema: &mut Value) {
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return;
    }
    for (name, property) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        shape(name, property);
        if matches!(name.as_str(), "roles" | "departments")
            && let Some(items) = property.get_mut("items")
            && is_text(items)
        {
            items["pattern"] = json!(CODE);
        }
    }
}

/// Says of a text which characters it may hold, and that blanks alone are not a text.
fn shape(name: &str, property: &mut Value) {
    let said = ["pattern", "format", "enum"].iter().any(|key| property.get(key).is_some());
    if said || !is_text(property) {
        return;
    }
    let ends = if ON_ONE_LINE.contains(&name) { LINE_ENDS } else { "" };
    let may_be_empty = property.get("minLength").is_none();
    property["pattern"] = json!(if may_be_empty {
        format!("^[^{HIDDEN}{ends}]*$")
    } else {
        format!(r"^[^{HIDDEN}{ends}]*[^{HIDDEN}\s][^{HIDDEN}{ends}]*$")
    });
}

fn is_text(schema: &Value) -> bool {
    let kind = schema.get("type");
    let kinds = kind.and_then(Value::as_array).into_iter().flatten();
    kind.into_iter().chain(kinds).any(|kind| kind == "string")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keys_and_tags_are_said_once_for_all_routes() {
        let mut operation = json!({
            "parameters": [{ "name": "id", "schema": { "type": "string" } }],
            "responses": { "200": { "description": "It" }, "304": { "description": "As before" } },
        });
        complete(&mut operation);
        assert_eq!(operation["parameters"][0]["schema"]["pattern"], ID);
        assert_eq!(operation["parameters"][1]["name"], "If-None-Match");
        assert!(operation["responses"]["200"]["headers"]["ETag"].is_object());
        let again = operation.clone();
        complete(&mut operation);
        assert_eq!(operation, again);
    }

    #[test]
    fn texts_that_are_sent_say_what_they_may_hold_and_answers_do_not() {
        let body = json!({
            "additionalProperties": false,
            "properties": {
                "text": { "type": "string", "minLength": 1 },
                "name": { "type": ["string", "null"] },
                "at": { "type": "string", "format": "date-time" },
                "roles": { "type": "array", "items": { "type": "string" } },
            },
        });
        let mut sent = body.clone();
        complete_body(&mut sent);
        let of = |name: &str| sent["properties"][name]["pattern"].as_str().unwrap_or_default().to_owned();
        assert!(of("text").contains(r"\s]") && !of("text").contains(r"\n"));
        assert!(of("name").contains(r"\n") && !of("name").contains(r"\s"));
        assert_eq!(of("at"), "");
        assert_eq!(sent["properties"]["roles"]["items"]["pattern"], CODE);
        let mut answered = body;
        answered["additionalProperties"] = Value::Null;
        let before = answered.clone();
        complete_body(&mut answered);
        assert_eq!(answered, before);
    }

    #[test]
    fn the_document_and_the_rule_agree_on_what_is_hidden() {
        let ranges: Vec<(u32, u32)> = HIDDEN
            .split(r"\u")
            .skip(1)
            .collect::<Vec<_>>()
            .iter()
            .fold((Vec::new(), false), |(mut ranges, within), part| {
                let digits = u32::from_str_radix(&part[..4], 16).unwrap();
                match ranges.last_mut() {
                    Some((_, to)) if within => *to = digits,
                    Some(_) | None => ranges.push((digits, digits)),
                }
                (ranges, part.ends_with('-'))
            })
            .0;
        for c in (0..=0x3000).filter_map(char::from_u32) {
            let hidden = ranges.iter().any(|(from, to)| (*from..=*to).contains(&u32::from(c)));
            assert_eq!(hidden, crate::domain::text::is_forbidden(c), "{c:?}");
        }
    }
}
