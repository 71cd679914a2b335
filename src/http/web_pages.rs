//! The pages for people: plain files of `src/web`, in the binary.
//!
//! Source: experience.md, "Desks: `/desk`".

use actix_web::{HttpResponse, ResponseError as _, http::header, web};
use rust_embed::RustEmbed;

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "src/web"]
struct Files;

/// Adds the pages. They are not part of the API.
pub(super) fn serve(config: &mut web::ServiceConfig) {
    config.route("/desk", web::get().to(desk)).route("/desk/{file}", web::get().to(desk_file));
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
}
