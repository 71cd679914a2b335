//! The API document (OpenAPI 3.1): what stands in it besides the routes.

use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

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
    )
)]
struct Frame;

/// The document without routes: title, version, credentials, the shape of problems.
pub fn frame() -> OpenApi {
    let mut document = Frame::openapi();
    document.info.contact = None;
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

/// The document as YAML: what `api-spec/openapi.yaml` holds.
///
/// # Errors
/// If it cannot be written as YAML, which would be a fault of ours.
pub fn yaml(document: &OpenApi) -> Result<String, serde_norway::Error> {
    serde_norway::to_string(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_and_knows_all_credentials() {
        let document = serde_json::to_value(frame()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["components"]["securitySchemes"].as_object().unwrap().len(), 4);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
