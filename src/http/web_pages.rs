//! The pages for people: plain files of `src/web`, in the binary.
//!
//! Source: experience.md, "Desks: `/desk`".

use actix_web::{HttpResponse, ResponseError as _, http::header, web};
use rust_embed::RustEmbed;

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "src/web"]
struct Files;

/// The page that checks proofs: one file, which works just as well from a disk.
const VERIFY: &str = include_str!("../../docs/verify.html");

/// Adds the pages. They are not part of the API.
pub(super) fn serve(config: &mut web::ServiceConfig) {
    config.route("/desk", web::get().to(desk)).route("/desk/{file}", web::get().to(desk_file));
    config.route("/verify", web::get().to(verify));
}

/// Its policy stands in the file: nothing but its own script and style, and nothing from anywhere.
async fn verify() -> HttpResponse {
    let policy = policy_in(VERIFY).map(|policy| format!("{policy}; frame-ancestors 'none'"));
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy.unwrap_or_else(|| "default-src 'none'".to_owned())))
        .content_type(content_type("verify.html"))
        .body(VERIFY)
}

fn policy_in(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"")?;
    rest.split('"').next()
}

async fn desk() -> HttpResponse {
    answer("desk/index.html")
}

async fn desk_file(file: web::Path<String>) -> HttpResponse {
    answer(&format!("desk/{file}"))
}

fn answer(path: &str) -> HttpResponse {
    let Some(file) = Files::get(path) else { return Problem::not_found().error_response() };
    // Asked anew each time: a page and its script must be of one version.
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(content_type(path))
        .body(file.data.into_owned())
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn every_file_has_a_media_type_and_nothing_is_inline() {
        let paths: Vec<_> = Files::iter().collect();
        assert!(paths.iter().any(|path| path == "desk/index.html"), "{paths:?}");
        for path in paths {
            assert_ne!(content_type(&path), "application/octet-stream", "{path}");
            let file = String::from_utf8(Files::get(&path).unwrap().data.into_owned()).unwrap();
            assert!(
                !file.contains("style=\"") && !file.contains("innerHTML") && !file.contains("onclick=\""),
                "{path}"
            );
        }
    }

    /// Source: Content Security Policy Level 3, "hash-source".
    #[test]
    fn the_page_that_checks_proofs_allows_its_own_script_and_style_and_nothing_else() {
        let between = |open: &str, close: &str| VERIFY.split_once(open).unwrap().1.split_once(close).unwrap().0;
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        let (script, style) = (hash(between("<script>", "</script>")), hash(between("<style>", "</style>")));
        let policy = policy_in(VERIFY).unwrap();
        let expected =
            format!("default-src 'none'; script-src {script}; style-src {style}; base-uri 'none'; form-action 'none'");
        assert_eq!(policy, expected, "write the hashes of script and style into docs/verify.html");
        assert!(!VERIFY.contains("http://") && !VERIFY.contains("https://"), "nothing is fetched from anywhere");
    }
}
