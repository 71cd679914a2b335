//! The API document (OpenAPI 3.1): what stands in it besides the routes.

use serde_json::Value;
use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi, Server,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::refusals;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Last Looks",
        description = "Anonymous safety reports for film and television crews, with deadlines that cannot go quiet. Every refusal is a problem document whose `type` explains itself.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact()
    ),
    components(schemas(super::problem::Document)),
    tags(
        (name = "crew", description = "Nobody is signed in: a crew code to file, a receipt to follow up"),
        (name = "members", description = "People at desks"),
        (name = "administration", description = "Productions, desks, invitations, policy"),
        (name = "everybody", description = "Health and explanations"),
        (name = "ledger", description = "The public ledger, as static files that any mirror can carry"),
    )
)]
struct Frame;

/// The document without routes: title, version, credentials, the shape of problems.
pub fn frame() -> OpenApi {
    let mut document = Frame::openapi();
    document.info.contact = None;
    // The host that serves the document, wherever that is.
    document.servers = Some(vec![Server::new("/")]);
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    let components = document.components.get_or_insert_default();
    for (name, scheme) in schemes() {
        components.security_schemes.insert(name.to_owned(), scheme.into());
    }
    document
}

fn schemes() -> [(&'static str, SecurityScheme); 4] {
    let header = |name: &str, description: &str| {
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, description)))
    };
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("Access token of a session, ten minutes"));
    [
        ("crew_code", header("Crew-Code", "The code on poster and call sheet, 8 characters")),
        ("receipt", header("Authorization", "`Receipt` and the 32 hex digits behind the twelve words")),
        ("bearer", SecurityScheme::Http(bearer.build())),
        (
            "unlock_key",
            header(
                "Unlock-Key",
                "Key of this session, given once at sign-in, base64url; where sealed text is read or written",
            ),
        ),
    ]
}

/// The document as phones and libraries need it: with the refusals that routes have in common, and without parameters
/// that may be `null`, because neither an address nor a header can say so, and generated clients would send the word.
///
/// # Errors
/// If the document cannot be written as JSON and read again, which would be a fault of ours.
pub fn tidied(document: &OpenApi) -> Result<OpenApi, serde_json::Error> {
    let mut value = serde_json::to_value(document)?;
    for (path, item) in value.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            refusals::complete(path, method, operation);
            open_to_everybody(operation);
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(schema) = parameter.get_mut("schema") {
                    never_null(schema);
                }
            }
        }
    }
    serde_json::from_value(value)
}

/// An operation that asks for no credentials says so: else a reader cannot tell it from one where they were forgotten.
fn open_to_everybody(operation: &mut Value) {
    if let Some(operation) = operation.as_object_mut() {
        operation.entry("security").or_insert_with(|| Value::Array(Vec::new()));
    }
}

fn never_null(schema: &mut Value) {
    if let Some(kind) = schema.get_mut("type") {
        let kinds: Vec<_> = kind.as_array().into_iter().flatten().filter(|kind| *kind != "null").cloned().collect();
        if let [only] = kinds.as_slice() {
            *kind = only.clone();
        }
    }
    let choices = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    let named = choices.and_then(|choices| {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = choices.as_slice() { Some(only.clone()) } else { None }
    });
    if let Some(named) = named {
        *schema = named;
    }
}

/// The document as YAML: what `api-spec/openapi.yaml` holds.
///
/// # Errors
/// If it cannot be written as YAML, which would be a fault of ours.
pub fn yaml(document: &OpenApi) -> Result<String, serde_norway::Error> {
    let text = serde_norway::to_string(document)?;
    Ok(text.lines().map(quoted).collect::<Vec<_>>().join("\n") + "\n")
}

/// Words that readers of YAML 1.1 take for true and false are quoted, or a generated client would send `true` for `yes`.
fn quoted(line: &str) -> String {
    let (start, word) = line.rsplit_once(' ').unwrap_or(("", line));
    if matches!(word, "yes" | "no" | "on" | "off" | "y" | "n") && (start.ends_with('-') || start.ends_with(':')) {
        return format!("{start} '{word}'");
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_is_never_null() {
        for (before, after) in [
            (json!({"type": ["string", "null"], "maxLength": 3}), json!({"type": "string", "maxLength": 3})),
            (json!({"oneOf": [{"type": "null"}, {"$ref": "#/x"}]}), json!({"$ref": "#/x"})),
            (json!({"type": "integer"}), json!({"type": "integer"})),
        ] {
            let mut schema = before;
            never_null(&mut schema);
            assert_eq!(schema, after);
        }
    }

    #[test]
    fn words_that_yaml_1_1_reads_as_truth_are_quoted() {
        assert_eq!(quoted("      - yes"), "      - 'yes'");
        assert_eq!(quoted("  example: no"), "  example: 'no'");
        assert_eq!(quoted("  description: yes or no"), "  description: yes or no");
    }

    #[test]
    fn the_document_is_openapi_3_1_and_knows_all_credentials() {
        let document = serde_json::to_value(frame()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["components"]["securitySchemes"].as_object().unwrap().len(), 4);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
