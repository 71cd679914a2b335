//! The refusals that routes have in common, put into the API document once instead of beside each route.
//!
//! A route lists what is its own ("the report was withdrawn"); what every route with a body, a session or a database can
//! answer is added here, and every refusal gets its shape: a problem document.
//!
//! Source: api.md, "Conventions".

use serde_json::{Map, Value, json};

/// Completes the refusals of one operation: an address and a method in lower case.
pub(super) fn complete(path: &str, method: &str, operation: &mut Value) {
    let common = common(path, method, operation);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, description) in common {
        responses.entry(status).or_insert_with(|| json!({ "description": description }));
    }
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        shape(response);
    }
    if !responses.keys().any(|status| status.starts_with('4')) {
        // Not ours to shape: see "Conventions".
        let description = "The request did not arrive in time; from the HTTP server itself, without a problem document";
        responses.insert("408".to_owned(), json!({ "description": description }));
    }
    responses.sort_keys();
}

/// What can be refused because of what the operation takes: status and meaning.
fn common(path: &str, method: &str, operation: &Value) -> Vec<(&'static str, &'static str)> {
    let mut common = Vec::new();
    if !path.starts_with("/v1/") {
        return common;
    }
    let body = operation.get("requestBody").is_some();
    if body {
        common.extend([("400", "Not JSON"), ("422", "A field cannot be accepted; the problem names it")]);
    }
    // An act without fields takes no body or an empty one, and says itself that another one is refused.
    if body || (method != "get" && operation.pointer("/responses/422").is_some()) {
        common.extend([("413", "Too large"), ("415", "Not JSON by its media type")]);
    }
    if asks_for(operation, "bearer") {
        let unlock = asks_for(operation, "unlock_key");
        common.push((
            "401",
            if unlock { "No session, or its Unlock-Key is missing" } else { "No session, or one that is over" },
        ));
    }
    common.push(("503", "The database is away; try again, with the same key if there was one"));
    common
}

fn asks_for(operation: &Value, scheme: &str) -> bool {
    let schemes = operation.get("security").and_then(Value::as_array).into_iter().flatten();
    schemes.filter_map(Value::as_object).any(|all| all.contains_key(scheme))
}

/// A refusal is a problem document, unless the route says otherwise.
fn shape(response: &mut Value) {
    let Some(response) = response.as_object_mut().filter(|response| !response.contains_key("$ref")) else { return };
    response.entry("content").or_insert_with(|| {
        let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        Value::Object(Map::from_iter([("application/problem+json".to_owned(), schema)]))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(path: &str, mut operation: Value) -> Value {
        complete(path, "post", &mut operation);
        operation["responses"].take()
    }

    #[test]
    fn a_route_with_a_body_and_a_session_gets_what_these_can_be_refused_for() {
        let operation = json!({
            "requestBody": {}, "security": [{ "bearer": [], "unlock_key": [] }],
            "responses": { "200": { "description": "Done" }, "409": { "description": "Closed" } }
        });
        let responses = completed("/v1/reports/{id}/answer", operation);
        let statuses: Vec<_> = responses.as_object().unwrap().keys().cloned().collect();
        assert_eq!(statuses, ["200", "400", "401", "409", "413", "415", "422", "503"]);
        assert_eq!(responses["409"]["description"], "Closed");
        assert!(responses["409"]["content"]["application/problem+json"].is_object());
        assert!(responses["200"].get("content").is_none());
        assert!(responses["401"]["description"].as_str().unwrap().contains("Unlock-Key"));
    }

    #[test]
    fn a_route_that_refuses_nothing_can_still_be_asked_too_slowly() {
        let responses = completed("/health/live", json!({ "responses": { "200": { "description": "It runs" } } }));
        assert!(responses["408"].get("content").is_none() && responses["408"].is_object());
    }

    #[test]
    fn what_a_route_says_itself_stays() {
        let page = json!({ "responses": { "404": { "description": "A page", "content": { "text/html": {} } } } });
        let responses = completed("/a/{token}", page);
        assert_eq!(responses["404"]["content"], json!({ "text/html": {} }));
        assert!(responses.get("503").is_none());
    }
}
